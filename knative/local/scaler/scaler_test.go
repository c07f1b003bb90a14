package scaler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/knative/local/kafka"
	"onex.io/onex/knative/local/scaler"
)

// world is a Kafka with a scaler and one stream that counts what it consumes.
type world struct {
	t       *testing.T
	dir     string
	addr    string
	produce *kgo.Client

	mu       sync.Mutex
	consumed int
	running  int
	failures int   // runs that are to fail first
	scales   []int // every replica count that was told
}

func newWorld(t *testing.T, file string) *world {
	t.Helper()
	k, err := kafka.Start(t.Context(), kafka.Options{Dir: t.TempDir(), Topics: []kafka.Topic{{Name: "audit", Partitions: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	w := &world{t: t, dir: t.TempDir(), addr: k.Addr()}
	w.write(file)
	if w.produce, err = kgo.NewClient(kgo.SeedBrokers(w.addr), kgo.ProducerLinger(0), kgo.DefaultProduceTopic("audit")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.produce.Close)
	return w
}

func (w *world) start() {
	w.t.Helper()
	s, err := scaler.New(scaler.Options{
		Dirs: []string{w.dir}, Namespace: "onex", Brokers: []string{w.addr}, Poll: time.Millisecond,
		Streams: map[string]scaler.Stream{"audit-store": w.stream},
		Changed: func(name string, n int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.scales = append(w.scales, n)
		},
		Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		if w.count(&w.running) != 0 {
			w.t.Error("the stream outlives the scaler")
		}
	})
}

func (w *world) write(content string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "scale.yaml")
	if err := os.WriteFile(path+".next", []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		w.t.Fatal(err)
	}
}

// stream consumes until it is told to stop.
func (w *world) stream(ctx context.Context, _ string) error {
	w.add(&w.running, 1)
	defer w.add(&w.running, -1)
	if w.count(&w.failures) > 0 {
		w.add(&w.failures, -1)
		return errors.New("not today")
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(w.addr), kgo.ConsumerGroup("audit"), kgo.ConsumeTopics("audit"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.CommitRecords(context.WithoutCancel(ctx), fetches.Records()...); err != nil { // what is committed is counted
			return err
		}
		w.add(&w.consumed, fetches.NumRecords())
	}
}

func (w *world) add(n *int, d int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n += d
}

func (w *world) count(n *int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *n
}

func (w *world) send(n int) {
	w.t.Helper()
	for range n {
		if err := w.produce.ProduceSync(w.t.Context(), &kgo.Record{Value: []byte("x")}).FirstErr(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) until(what string, n *int, want int) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for w.count(n) != want {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s is %d, want %d", what, w.count(n), want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const file = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: audit-store}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: audit-store}
  pollingInterval: 0
  cooldownPeriod: 1
  minReplicaCount: 0
  maxReplicaCount: 4
  triggers:
  - type: kafka
    metadata: {bootstrapServers: "kafka.onex.svc:9092", consumerGroup: audit, topic: audit, lagThreshold: "10", offsetResetPolicy: earliest}
`

func TestLagWakesAndSilencePutsToSleep(t *testing.T) {
	w := newWorld(t, file)
	w.start()
	w.send(3)
	w.until("consumed", &w.consumed, 3)
	w.until("running", &w.running, 0)
	w.send(2)
	w.until("consumed", &w.consumed, 5)
	w.until("running", &w.running, 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := fmt.Sprint(w.scales[:3]); got != "[1 0 1]" {
		t.Errorf("replicas went %s", got)
	}
}

func TestAFailedStreamIsStartedAgain(t *testing.T) {
	w := newWorld(t, file)
	w.failures = 1
	w.send(1)
	w.start()
	w.until("consumed", &w.consumed, 1)
	w.until("failures", &w.failures, 0)
}

func TestMinimumOfOneNeverSleeps(t *testing.T) {
	w := newWorld(t, strings.Replace(file, "minReplicaCount: 0", "minReplicaCount: 1", 1))
	w.start()
	w.until("running", &w.running, 1)
}

func TestFilesAreReadAgain(t *testing.T) {
	w := newWorld(t, strings.Replace(file, "topic: audit", "topic: other", 1))
	w.send(1)
	w.start()
	w.write(file)
	w.until("consumed", &w.consumed, 1)
	w.write(strings.Replace(file, "cooldownPeriod: 1", "cooldownPeriod: 300", 1))
	w.send(1)
	w.until("consumed", &w.consumed, 2)
	w.write("# nothing left\n")
	w.until("running", &w.running, 0)
}
