package setup

import (
	"context"
	"log/slog"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/platform"
)

func TestTopicsAreMadeOnceAndLeftAlone(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	p := platform.New(config.Config{Kafka: cluster.ListenAddrs()}, platform.Options{Log: slog.New(slog.DiscardHandler)})
	defer p.Close(context.WithoutCancel(t.Context()))
	for _, attempt := range []string{"first", "second"} {
		if err := makeTopics(t.Context(), p); err != nil {
			t.Fatalf("the %s time: %v", attempt, err)
		}
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range eventing.Topics() {
		if got := len(topics[name].Partitions); got != eventing.Partitions {
			t.Errorf("topic %q has %d partitions, want %d", name, got, eventing.Partitions)
		}
	}
	if len(topics) != len(eventing.Topics()) {
		t.Errorf("topics %v, want %v", topics.Names(), eventing.Topics())
	}
}

func TestWithoutKafkaTheJobFailsSoThatItIsTriedAgain(t *testing.T) {
	p := platform.New(config.Config{Kafka: []string{"127.0.0.1:1"}}, platform.Options{Log: slog.New(slog.DiscardHandler)})
	defer p.Close(context.WithoutCancel(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := makeTopics(ctx, p); err == nil {
		t.Error("no error")
	}
}
