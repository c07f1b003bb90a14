package stream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/shared/stream"
)

func formatted(v any) (string, error) { return types.Format(v) }

// kafka is a broker with the topic "audit" of one partition, and clients of it.
type kafka struct {
	t       *testing.T
	cluster *kfake.Cluster
	client  *kgo.Client
	admin   *kadm.Client
}

func newKafka(t *testing.T, partitions int32) *kafka {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, "audit"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ProducerLinger(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &kafka{t: t, cluster: cluster, client: client, admin: kadm.NewClient(client)}
}

func (k *kafka) send(ids ...string) {
	k.t.Helper()
	producer := stream.NewProducer(k.client, "audit")
	for _, id := range ids {
		if err := producer.Send(k.t.Context(), event(id)); err != nil {
			k.t.Fatal(err)
		}
	}
}

// committed is the sum of the group's committed offsets; 0 when there is none.
func (k *kafka) committed(group string) int64 {
	k.t.Helper()
	offsets, err := k.admin.FetchOffsets(k.t.Context(), group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return 0
	}
	if err != nil {
		k.t.Fatal(err)
	}
	var sum int64
	offsets.Each(func(o kadm.OffsetResponse) { sum += max(o.At, 0) })
	return sum
}

// consume runs a consumer until stop is called; stop returns when it has left.
func (k *kafka) consume(member string, handle stream.Handle) (stop func()) {
	ctx, cancel := context.WithCancel(k.t.Context())
	done := make(chan error, 1)
	group := stream.Group{Cluster: stream.Cluster{Brokers: k.cluster.ListenAddrs()}, Topic: "audit", Name: "store-audit", Member: member}
	go func() { done <- stream.Consume(ctx, group, slog.New(slog.DiscardHandler), handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			k.t.Errorf("consumer %q: %v", member, err)
		}
	})
	k.t.Cleanup(stop)
	return stop
}

// effect is what a handler did: the ids it was given, in order.
type effect struct {
	mu   sync.Mutex
	ids  []string
	fail error // what the handler answers
}

func (e *effect) handle(_ context.Context, batch []cloudevents.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range batch {
		e.ids = append(e.ids, event.ID())
	}
	return e.fail
}

func (e *effect) answer(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

func (e *effect) seen() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.ids)
}

// eventually polls until ok, and tells what was last when it never is.
func eventually(t *testing.T, what string, ok func() (string, bool)) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		state, done := ok()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: never; last seen: %s", what, state)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (k *kafka) awaitCommitted(want int64) {
	k.t.Helper()
	eventually(k.t, fmt.Sprintf("%d records committed", want), func() (string, bool) {
		got := k.committed("store-audit")
		return fmt.Sprint(got), got == want
	})
}

func (e *effect) await(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("events %v", want), func() (string, bool) {
		got := e.seen()
		return fmt.Sprint(got), slices.Equal(got, want)
	})
}
