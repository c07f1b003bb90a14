package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"onex.io/onex/eventing"
	"onex.io/onex/knative/local/kafka"
	"onex.io/onex/knative/local/kube"
	"onex.io/onex/knative/local/mongo"
	"onex.io/onex/knative/local/redis"
)

// servers are what the platform stands on. They start at the same time.
type servers struct {
	lock  *os.File
	kube  *kube.Server
	mongo *mongo.Server
	kafka *kafka.Server
	redis *redis.Server
	once  sync.Once
}

func (p *Platform) startServers(ctx context.Context) error {
	p.servers = &servers{}
	if err := p.servers.claim(p.path("lock")); err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() (err error) {
		o := p.o.Kube
		o.State = p.path("kube")
		p.servers.kube, err = kube.Start(ctx, o)
		return err
	})
	g.Go(func() (err error) {
		p.servers.mongo, err = mongo.Start(mongo.Options{Dir: p.path("mongo"), Log: p.o.Log})
		return err
	})
	g.Go(func() (err error) {
		p.servers.redis, err = redis.Start("")
		return err
	})
	g.Go(func() (err error) {
		p.servers.kafka, err = kafka.Start(ctx, kafka.Options{Dir: p.path("kafka"), Topics: topics()})
		return err
	})
	return g.Wait()
}

func topics() []kafka.Topic {
	var all []kafka.Topic
	for _, name := range eventing.Topics() {
		all = append(all, kafka.Topic{Name: name, Partitions: 3})
	}
	return all
}

// claim makes sure that no other platform uses the state. The kernel gives a lock back however its holder ends.
func (s *servers) claim(file string) error {
	f, err := os.OpenFile(filepath.Clean(file), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock %q: %w", file, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another platform runs in %q; give this one a folder of its own (STATE=...)", filepath.Dir(file))
		}
		return fmt.Errorf("lock %q: %w", file, err)
	}
	s.lock = f
	return nil
}

func (s *servers) close() {
	s.once.Do(func() {
		if s.kafka != nil {
			s.kafka.Close()
		}
		if s.redis != nil {
			s.redis.Close()
		}
		if s.mongo != nil {
			s.mongo.Close()
		}
		if s.kube != nil {
			s.kube.Close()
		}
		if s.lock != nil {
			s.lock.Close()
		}
	})
}
