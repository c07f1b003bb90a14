package apiserver

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/pkg/v3/flags"
	"go.etcd.io/etcd/server/v3/embed"

	"onex.io/onex/knative/local/kube/seat"
)

type etcdOptions struct {
	dir   string
	fsync bool
	log   string
}

// startEtcd starts a one-member etcd and returns when it serves.
func startEtcd(ctx context.Context, o etcdOptions) (*embed.Etcd, error) {
	c, err := etcdConfig(o)
	if err != nil {
		return nil, err
	}
	e, err := embed.StartEtcd(c)
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	select {
	case <-e.Server.ReadyNotify():
		return e, nil
	case err = <-e.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(time.Minute):
		err = errors.New("not ready after a minute")
	}
	e.Close()
	return nil, fmt.Errorf("start etcd: %w", err)
}

func etcdConfig(o etcdOptions) (*embed.Config, error) {
	// The API server is told the client's address, so the port has to be known; nobody ever dials the peer's.
	port, err := seat.FreePort()
	if err != nil {
		return nil, err
	}
	client := url.URL{Scheme: "http", Host: fmt.Sprint("127.0.0.1:", port)}
	c := embed.NewConfig()
	c.Dir = filepath.Join(o.dir, "etcd")
	c.LogLevel = "error"
	c.LogOutputs = []string{o.log}
	c.UnsafeNoFsync = !o.fsync
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	c.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "localhost:0"}}
	c.InitialCluster = c.Name + "=http://localhost:0"
	// Old revisions are of no use to anyone here and would grow for as long as miners mine.
	c.AutoCompactionMode = "periodic"
	c.AutoCompactionRetention = "10m"
	return c, nil
}

// RunEtcd serves as the program etcd would with these flags, until ctx ends.
func RunEtcd(ctx context.Context, args []string) error {
	c := embed.NewConfig()
	fs := flag.NewFlagSet("etcd", flag.ContinueOnError)
	c.AddFlags(fs)
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	c.ListenClientUrls, c.AdvertiseClientUrls = flags.UniqueURLsFromFlag(fs, "listen-client-urls"), flags.UniqueURLsFromFlag(fs, "advertise-client-urls")
	c.ListenPeerUrls, c.AdvertisePeerUrls = flags.UniqueURLsFromFlag(fs, "listen-peer-urls"), flags.UniqueURLsFromFlag(fs, "initial-advertise-peer-urls")
	e, err := embed.StartEtcd(c)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer e.Close()
	select {
	case <-ctx.Done():
		return nil
	case err := <-e.Err():
		return fmt.Errorf("serve: %w", err)
	}
}
