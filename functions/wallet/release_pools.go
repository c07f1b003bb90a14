package wallet

import (
	"context"
	"log/slog"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// releasePools takes the slots of pools that are gone off their owners' quotas. No money comes back.
type releasePools struct {
	register func(context.Context) (register, error)
	pools    poolReader
	log      *slog.Logger
}

// register is the ledger's list of pools that count.
type register interface {
	OpenPools(ctx context.Context) ([]ledger.OpenPool, error)
	// Release changes nothing for a pool that is not open.
	Release(ctx context.Context, p ledger.OpenPool) (released bool, err error)
}

type poolReader interface {
	// Pools are the uids of all that can be a pool in a namespace.
	Pools(ctx context.Context, namespace string) (map[string]bool, error)
}

func newReleasePools(p *platform.Platform) (op.EventFunc, error) {
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return (&releasePools{
		register: func(ctx context.Context) (register, error) { return p.Ledger(ctx) },
		pools:    kubePools{objects}, log: p.Log,
	}).Handle, nil
}

// Handle compares the register with the objects. The register is read first: what is in it was there when it bought,
// so what is missing among the objects after that is gone.
func (f *releasePools) Handle(ctx context.Context, _ cloudevents.Event) error {
	register, err := f.register(ctx)
	if err != nil {
		return err
	}
	open, err := register.OpenPools(ctx)
	if err != nil {
		return err
	}
	standing := map[string]map[string]bool{}
	for _, p := range open {
		if standing[p.Account] == nil {
			if standing[p.Account], err = f.pools.Pools(ctx, p.Account); err != nil {
				return err
			}
		}
		if standing[p.Account][p.ID] {
			continue
		}
		if _, err := register.Release(ctx, p); err != nil {
			return err
		}
		f.log.InfoContext(ctx, "pool released", "account", p.Account, "pool", p.ID)
	}
	return nil
}

// kubePools reads pools where they stand: a MinerSet is one, and so is a Miner that stands alone, or once did.
type kubePools struct{ objects *kube.Client }

func (k kubePools) Pools(ctx context.Context, namespace string) (map[string]bool, error) {
	sets, err := k.objects.MinerSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	miners, err := k.objects.Miners(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	all := map[string]bool{}
	for _, s := range sets.Items {
		all[string(s.UID)] = true
	}
	for _, m := range miners.Items {
		all[string(m.UID)] = true
	}
	return all, nil
}
