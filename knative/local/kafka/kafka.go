// Package kafka is a Kafka for one machine: one broker inside this process that keeps its records on disk.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Topic is a topic that exists once the broker has started.
type Topic struct {
	Name       string
	Partitions int32
	// Config holds topic settings such as retention.ms.
	Config map[string]string
}

// Options says where records are kept and which topics there are.
type Options struct {
	// Dir is the broker's folder; it is made if need be. The port is kept there too, for clients outlive a broker.
	Dir    string
	Topics []Topic
}

// Server is a running broker.
type Server struct {
	cluster *kfake.Cluster
}

// Start starts the broker on the port of its last start, if that is free, and makes the topics that are missing.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder %q: %w", o.Dir, err)
	}
	portFile := filepath.Join(o.Dir, "port")
	port, err := lastPort(portFile)
	if err != nil {
		return nil, err
	}
	cluster, err := newCluster(o.Dir, port)
	if err != nil && port != 0 {
		cluster, err = newCluster(o.Dir, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	s := &Server{cluster: cluster}
	if err := s.prepare(ctx, portFile, o.Topics); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Addr is the address for a client's list of seed brokers.
func (s *Server) Addr() string { return s.cluster.ListenAddrs()[0] }

// Close stops the broker when what it holds is on disk.
func (s *Server) Close() { s.cluster.Close() }

func (s *Server) prepare(ctx context.Context, portFile string, topics []Topic) error {
	_, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return fmt.Errorf("read broker address: %w", err)
	}
	if err := os.WriteFile(portFile, []byte(port), 0o600); err != nil {
		return fmt.Errorf("keep broker port: %w", err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(s.Addr()))
	if err != nil {
		return fmt.Errorf("connect to broker: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for _, t := range topics {
		if err := createTopic(ctx, admin, t); err != nil {
			return err
		}
	}
	return nil
}

func createTopic(ctx context.Context, admin *kadm.Client, t Topic) error {
	config := map[string]*string{}
	for k, v := range t.Config {
		config[k] = &v
	}
	_, err := admin.CreateTopic(ctx, max(t.Partitions, 1), 1, config, t.Name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("create topic %q: %w", t.Name, err)
	}
	return nil
}

func newCluster(dir string, port int) (*kfake.Cluster, error) {
	return kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.DataDir(filepath.Join(dir, "data")),
		kfake.SyncWrites(),
	)
}

// lastPort is zero, which stands for any, before the first start.
func lastPort(path string) (int, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read broker port: %w", err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("read broker port: %w", err)
	}
	return port, nil
}
