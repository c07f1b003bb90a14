package broker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The buckets: an event once under its number, and one entry per trigger that has not answered it under number and
// trigger.
const (
	eventsBucket  = "events"
	pendingBucket = "pending"
)

// record is an accepted event.
type record struct {
	Broker ref             `json:"broker"`
	TTL    int32           `json:"ttl"`
	Event  json.RawMessage `json:"event"` // CloudEvents JSON
}

// pending is a delivery that is still owed.
type pending struct {
	seq     uint64
	trigger ref
}

func (p pending) key() []byte {
	return append(seqKey(p.seq), p.trigger.String()...)
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func parsePending(key []byte) (pending, error) {
	if len(key) < 8 {
		return pending{}, errors.New("key of pending delivery is too short")
	}
	namespace, name, ok := bytes.Cut(key[8:], []byte("/"))
	if !ok {
		return pending{}, errors.New("key of pending delivery names no trigger")
	}
	return pending{binary.BigEndian.Uint64(key), ref{string(namespace), string(name)}}, nil
}

// queue keeps what is owed on disk: an event is accepted when it is in the queue.
type queue struct{ db *bolt.DB }

func openQueue(dir string) (*queue, error) {
	path := filepath.Join(dir, "broker.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open queue %q: %w", path, err)
	}
	db.MaxBatchDelay = 2 * time.Millisecond // writers that come together share one trip to the disk
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{eventsBucket, pendingBucket} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open queue %q: %w", path, err)
	}
	return &queue{db}, nil
}

// add keeps the event until each of the triggers is done with it.
func (q *queue) add(r record, triggers []ref) (uint64, error) {
	value, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("encode event: %w", err)
	}
	var seq uint64
	err = q.db.Batch(func(tx *bolt.Tx) error {
		events, open := tx.Bucket([]byte(eventsBucket)), tx.Bucket([]byte(pendingBucket))
		n, err := events.NextSequence()
		if err != nil {
			return err
		}
		seq = n
		for _, t := range triggers {
			if err := open.Put(pending{seq, t}.key(), []byte{}); err != nil {
				return err
			}
		}
		return events.Put(seqKey(seq), value)
	})
	if err != nil {
		return 0, fmt.Errorf("keep event: %w", err)
	}
	return seq, nil
}

// done strikes a delivery, and the event with its last one.
func (q *queue) done(p pending) error {
	err := q.db.Batch(func(tx *bolt.Tx) error {
		events, open := tx.Bucket([]byte(eventsBucket)), tx.Bucket([]byte(pendingBucket))
		if err := open.Delete(p.key()); err != nil {
			return err
		}
		prefix := seqKey(p.seq)
		if k, _ := open.Cursor().Seek(prefix); bytes.HasPrefix(k, prefix) {
			return nil
		}
		return events.Delete(prefix)
	})
	if err != nil {
		return fmt.Errorf("strike delivery: %w", err)
	}
	return nil
}

// get reads an event that is still owed to somebody.
func (q *queue) get(seq uint64) (record, error) {
	var r record
	err := q.db.View(func(tx *bolt.Tx) error {
		value := tx.Bucket([]byte(eventsBucket)).Get(seqKey(seq))
		if value == nil {
			return errors.New("not in the queue")
		}
		return json.Unmarshal(value, &r)
	})
	if err != nil {
		return record{}, fmt.Errorf("read event %d: %w", seq, err)
	}
	return r, nil
}

// all lists what is owed, oldest first.
func (q *queue) all() ([]pending, error) {
	var list []pending
	err := q.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(pendingBucket)).ForEach(func(k, _ []byte) error {
			p, err := parsePending(k)
			list = append(list, p)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list queue: %w", err)
	}
	return list, nil
}

func (q *queue) close() error { return q.db.Close() }
