package stream_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/stream"
)

// guarded is a Kafka that lets in one user, over TLS with the certificate that it also gives.
func guarded(t *testing.T, mechanism string) stream.Cluster {
	t.Helper()
	server := httptest.NewTLSServer(nil) // for its certificate alone, which is good for 127.0.0.1
	server.Close()
	certificate := server.TLS.Certificates[0]
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, audit.Topic), kfake.EnableSASL(),
		kfake.Superuser(mechanism, "onex", "secret"), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return stream.Cluster{
		Brokers: cluster.ListenAddrs(), TLS: true, CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})),
		SASL: mechanism, Username: "onex", Password: "secret",
	}
}

// ask lists the topics, as whoever the cluster's fields say.
func ask(t *testing.T, c stream.Cluster) error {
	t.Helper()
	options, err := c.Options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(options, kgo.RequestRetries(0))...)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = kadm.NewClient(client).ListTopics(t.Context())
	return err
}

func TestKafkaLetsInWhoLogsIn(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		cluster := guarded(t, mechanism)
		if err := ask(t, cluster); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		for name, spoil := range map[string]func(*stream.Cluster){
			"another password":       func(c *stream.Cluster) { c.Password = "guess" },
			"without a log-in":       func(c *stream.Cluster) { c.SASL = "" },
			"a certificate unknown":  func(c *stream.Cluster) { c.CA = "" },
			"without encryption":     func(c *stream.Cluster) { c.TLS = false },
			"a way nobody knows":     func(c *stream.Cluster) { c.SASL = "TELEPATHY" },
			"trust that is not text": func(c *stream.Cluster) { c.CA = "nonsense" },
		} {
			bad := cluster
			spoil(&bad)
			if err := ask(t, bad); err == nil {
				t.Errorf("%s, %s: let in", mechanism, name)
			}
		}
	}
}

func TestAConsumerLogsInToo(t *testing.T) {
	cluster := guarded(t, "SCRAM-SHA-512")
	options, err := cluster.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := stream.NewProducer(client, audit.Topic).Send(t.Context(), event("1")); err != nil {
		t.Fatal(err)
	}
	e := &effect{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	finish := sync.OnceValue(func() error { stop(); return <-ended })
	defer func() { _ = finish() }()
	go func() {
		ended <- stream.Consume(ctx, stream.Group{Cluster: cluster, Topic: audit.Topic, Name: "g", Member: "g-0"}, slog.New(slog.DiscardHandler), e.handle)
	}()
	eventually(t, "the event arrives", func() (string, bool) { return strings.Join(e.seen(), " "), len(e.seen()) == 1 })
	if err := finish(); err != nil {
		t.Error(err)
	}
	bad := stream.Group{Cluster: stream.Cluster{SASL: "TELEPATHY"}, Topic: audit.Topic, Name: "g"}
	if err := stream.Consume(t.Context(), bad, slog.New(slog.DiscardHandler), e.handle); err == nil || !strings.Contains(err.Error(), "TELEPATHY") {
		t.Errorf("a way that nobody knows: %v", err)
	}
}
