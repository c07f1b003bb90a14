package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
)

const (
	maxStreams = 32
	// streamBeat is how often a stream says something, so that a caller who is gone
	// is noticed. streamWrite is how long a caller may take to read one piece.
	streamBeat  = 15 * time.Second
	streamWrite = 15 * time.Second
	streamPiece = 50
	// streamMemory is how far back a stream knows what it has told; it takes back
	// no more than that.
	streamMemory = 200
)

// bell tells whoever waits that the head has moved.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

// wait gives what closes at the next ring.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}

// getStream sends the main chain's blocks as server-sent events, those from a
// height (by default the next one) and then each as it comes:
//
//	id: <height>, event: block, data: the block
//	event: reorg, data: {"height": h}; what was told above h is no longer so
//
// A caller who comes back with Last-Event-ID goes on after that height.
func (n *Node) getStream(w http.ResponseWriter, r *http.Request) error {
	from, err := n.streamFrom(r)
	if err != nil {
		return err
	}
	if n.streams.Add(1) > maxStreams {
		n.streams.Add(-1)
		return fault.New(fault.Busy, "TooManyStreams", "too many follow the chain already")
	}
	defer n.streams.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	s := &stream{node: n, w: w, out: http.NewResponseController(w), next: from, told: map[int64]block.Hash{}}
	if err := s.follow(r.Context()); err != nil {
		n.log.Info("stream ended", "cause", err)
	}
	return nil
}

func (n *Node) streamFrom(r *http.Request) (int64, error) {
	if text := r.Header.Get("Last-Event-ID"); text != "" {
		last, err := strconv.ParseInt(text, 10, 64)
		if err != nil || last < 0 {
			return 0, fault.Field("Last-Event-ID", "must be a height")
		}
		return last + 1, nil
	}
	return queryNumber(r, "from", n.status.Load().Height+1)
}

// stream is one caller's view of the chain.
type stream struct {
	node *Node
	w    http.ResponseWriter
	out  *http.ResponseController
	next int64
	told map[int64]block.Hash // the last streamMemory of them
}

// follow tells what comes until ctx ends or the caller is gone.
func (s *stream) follow(ctx context.Context) error {
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		moved := s.node.heads.wait() // before looking, so that nothing is missed
		if err := s.catchUp(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-moved:
		case <-beat.C:
			if err := s.say(":\n\n"); err != nil {
				return err
			}
		}
	}
}

// catchUp tells everything up to the head.
func (s *stream) catchUp(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.takeBack(); err != nil {
			return err
		}
		part, err := s.node.store.Range(s.next, streamPiece)
		if err != nil {
			return s.node.unreadable(err)
		}
		if len(part) == 0 {
			return s.say("") // the headers, at least
		}
		for _, p := range part {
			if p.Block.PreviousHash != s.told[s.next-1] && s.told[s.next-1] != (block.Hash{}) {
				break // reorganized meanwhile
			}
			if err := s.tell(p.Block); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stream) tell(b block.Block) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	delete(s.told, b.Index-streamMemory)
	s.told[b.Index], s.next = b.Hash, b.Index+1
	return s.say(fmt.Sprintf("id: %d\nevent: block\ndata: %s\n\n", b.Index, raw))
}

// takeBack finds out what was told and is no longer on the main chain.
func (s *stream) takeBack() error {
	stands := s.next - 1
	for hash, known := s.told[stands]; known; hash, known = s.told[stands] {
		height, err := s.node.store.Find(hash)
		if err != nil {
			return s.node.unreadable(err)
		}
		if height == stands {
			break
		}
		delete(s.told, stands)
		stands--
	}
	if stands == s.next-1 {
		return nil
	}
	s.next = stands + 1
	return s.say(fmt.Sprintf("event: reorg\ndata: {\"height\":%d}\n\n", stands))
}

// say writes one piece and sends it off.
func (s *stream) say(text string) error {
	if err := s.out.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.out.Flush()
}
