package mongo_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"onex.io/onex/knative/local/mongo"
)

func start(t *testing.T, dir string) *mongo.Server {
	t.Helper()
	s, err := mongo.Start(mongo.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func connect(t *testing.T, s *mongo.Server) *driver.Database {
	t.Helper()
	c, err := driver.Connect(options.Client().ApplyURI(s.URI()).SetMaxPoolSize(60))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
	return c.Database("onex")
}

// wallet is what the races are about.
type wallet struct {
	ID string `bson:"_id"`
	N  int64  `bson:"n"`
}

func balance(t *testing.T, db *driver.Database) int64 {
	t.Helper()
	var w wallet
	if err := db.Collection("wallet").FindOne(t.Context(), bson.M{"_id": "a"}).Decode(&w); err != nil {
		t.Fatal(err)
	}
	return w.N
}

// take takes one coin if there is one.
func take(ctx context.Context, db *driver.Database) error {
	return db.Collection("wallet").FindOneAndUpdate(ctx,
		bson.M{"_id": "a", "n": bson.M{"$gte": int64(1)}}, bson.M{"$inc": bson.M{"n": int64(-1)}}).Err()
}

func TestFiftyClientsTakeEachCoinOnce(t *testing.T) {
	db := connect(t, start(t, t.TempDir()))
	if _, err := db.Collection("wallet").InsertOne(t.Context(), wallet{"a", 1500}); err != nil {
		t.Fatal(err)
	}
	var taken, empty atomic.Int64
	var clients sync.WaitGroup
	for range 50 {
		clients.Go(func() {
			for range 40 {
				switch err := take(t.Context(), db); {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, driver.ErrNoDocuments):
					empty.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	if taken.Load() != 1500 || empty.Load() != 500 || balance(t, db) != 0 {
		t.Errorf("taken %d, refused %d, left %d; want 1500, 500, 0", taken.Load(), empty.Load(), balance(t, db))
	}
}

func TestUniqueKeysAreUnique(t *testing.T) {
	db := connect(t, start(t, t.TempDir()))
	c := db.Collection("ledger")
	if _, err := c.Indexes().CreateOne(t.Context(), driver.IndexModel{
		Keys: bson.D{{Key: "key", Value: 1}}, Options: options.Index().SetUnique(true)}); err != nil {
		t.Fatal(err)
	}
	var inserted, refused atomic.Int64
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			for i := range 25 {
				_, err := c.InsertOne(t.Context(), bson.M{"key": fmt.Sprint(i)})
				switch {
				case err == nil:
					inserted.Add(1)
				case driver.IsDuplicateKeyError(err):
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	if inserted.Load() != 25 || refused.Load() != 475 {
		t.Errorf("inserted %d, refused %d; want 25, 475", inserted.Load(), refused.Load())
	}
}

func TestDocumentsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	s, err := mongo.Start(mongo.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t, s).Collection("wallet").InsertOne(t.Context(), wallet{"a", 7}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if n := balance(t, connect(t, start(t, dir))); n != 7 {
		t.Errorf("balance is %d, want 7", n)
	}
}

func TestTwoServersAtOnce(t *testing.T) {
	a, b := connect(t, start(t, t.TempDir())), connect(t, start(t, t.TempDir()))
	for i, db := range []*driver.Database{a, b} {
		if _, err := db.Collection("wallet").InsertOne(t.Context(), wallet{"a", int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if balance(t, a) != 0 || balance(t, b) != 1 {
		t.Error("the servers share documents")
	}
}

func TestBadClientsHoldUpNobody(t *testing.T) {
	s := start(t, t.TempDir())
	db := connect(t, s)
	if _, err := db.Collection("wallet").InsertOne(t.Context(), wallet{"a", 1000}); err != nil {
		t.Fatal(err)
	}
	addr := strings.Trim(strings.TrimPrefix(s.URI(), "mongodb://"), "/")
	header := func(length uint32) []byte {
		return append(binary.LittleEndian.AppendUint32(nil, length), make([]byte, 12)...)
	}
	for name, bytes := range map[string][]byte{
		"one that says nothing":                nil,
		"one that stops inside the header":     {1, 2, 3},
		"one that stops inside the message":    append(header(1000), 1, 2, 3),
		"one that announces too much":          header(1 << 31),
		"one that announces less than nothing": header(3),
		"one that sends garbage":               append(header(20), 1, 2, 3, 4),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write(bytes); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := take(ctx, db); err != nil {
				t.Errorf("another client's command: %v", err)
			}
		})
	}
}

func TestClientsThatGiveUpHarmNothing(t *testing.T) {
	db := connect(t, start(t, t.TempDir()))
	if _, err := db.Collection("wallet").InsertOne(t.Context(), wallet{"a", 100_000}); err != nil {
		t.Fatal(err)
	}
	before := balance(t, db)
	var sure, unsure atomic.Int64
	var clients sync.WaitGroup
	for i := range 40 {
		clients.Go(func() {
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%4)*time.Millisecond+time.Second*time.Duration(i%2))
				if take(ctx, db) == nil {
					sure.Add(1)
				} else {
					unsure.Add(1) // it may or may not have happened
				}
				cancel()
			}
		})
	}
	clients.Wait()
	// A command that was handed over runs to its end; one more command waits for it.
	if taken := before - balance(t, db); taken < sure.Load() || taken > sure.Load()+unsure.Load() {
		t.Errorf("taken %d, with %d acknowledged and %d uncertain", taken, sure.Load(), unsure.Load())
	}
}

func TestUnacknowledgedWritesDoNotMixAnswersUp(t *testing.T) {
	db := connect(t, start(t, t.TempDir()))
	quiet := db.Collection("wallet", options.Collection().SetWriteConcern(writeconcern.Unacknowledged()))
	for i := range 20 {
		if _, err := quiet.InsertOne(t.Context(), wallet{fmt.Sprint("q", i), int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		n, err := db.Collection("wallet").CountDocuments(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		if n == 20 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d documents, want 20", n)
		}
	}
}

func TestCloseCutsIdleClients(t *testing.T) {
	s, err := mongo.Start(mongo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(s.URI(), "mongodb://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.Close()
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !strings.Contains(fmt.Sprint(err), "reset") {
		t.Errorf("idle client reads %v, want the end", err)
	}
}

func TestWhatIsKeptIsNotLogged(t *testing.T) {
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := mongo.Start(mongo.Options{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	kept := bson.M{"_id": "a", "passwordHash": "$argon2id$hush"}
	if _, err := connect(t, s).Collection("users").InsertOne(t.Context(), kept); err != nil {
		t.Error(err)
	}
	s.Close()
	if strings.Contains(said.String(), "hush") {
		t.Errorf("logged: %s", said.String())
	}
}
