package wallet

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/store"
)

// settleChain pays confirmed blocks. Whatever woke it, it reads the chain itself: an event names at most where to
// look, and a lost one costs no coin, because the clock looks everywhere.
type settleChain struct {
	chains  chainReader
	payroll payroll
	log     *slog.Logger
	// patience bounds what one chain may take of a tick, so that one that hangs takes nothing from the others.
	patience time.Duration
}

// atOnce is how many chains a tick settles at the same time.
const atOnce = 8

type chainReader interface {
	Get(ctx context.Context, namespace, name string) (*v1beta1.Chain, error)
	All(ctx context.Context) ([]v1beta1.Chain, error)
}

func newSettleChain(p *platform.Platform) (op.EventFunc, error) {
	objects, payroll, err := payrollOf(p)
	if err != nil {
		return nil, err
	}
	return (&settleChain{chains: objects, payroll: payroll, log: p.Log, patience: p.Config.RequestTimeout / 2}).Handle, nil
}

func payrollOf(p *platform.Platform) (kubeChains, payroll, error) {
	db, err := p.Mongo()
	if err != nil {
		return kubeChains{}, payroll{}, err
	}
	objects, err := p.Kube()
	if err != nil {
		return kubeChains{}, payroll{}, err
	}
	return kubeChains{objects}, payroll{
		nodes: nodes{chainnode.Nodes{HTTP: p.HTTP, Pattern: p.Config.Nodes}}, book: bookOf(p),
		signers: signersOf(db), cursors: store.In[cursor](db, "settlements"),
		confirmations: p.Config.Confirmations, rate: p.Config.RewardPerGigahash, now: p.Now,
	}, nil
}

// Handle settles the chain that the event's source names, or every chain when the clock ticks.
func (f *settleChain) Handle(ctx context.Context, e cloudevents.Event) error {
	if e.Type() == eventing.Tick {
		return f.settleAll(ctx)
	}
	namespace, name, ok := eventing.ChainOfSource(e.Source())
	if !ok {
		return fault.New(fault.Invalid, "BadSource", "the event's source names no chain")
	}
	chain, err := f.chains.Get(ctx, namespace, name)
	if err != nil {
		return err
	}
	return f.settle(ctx, chain)
}

// settleAll goes on when one chain cannot be read: the next tick will look again.
func (f *settleChain) settleAll(ctx context.Context) error {
	all, err := f.chains.All(ctx)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, i := range rand.Perm(len(all)) { // so that none is always the last
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, f.patience)
			defer cancel()
			if err := f.settle(ctx, &all[i]); err != nil {
				f.log.WarnContext(ctx, "chain not settled", "chain", all[i].Name, "namespace", all[i].Namespace, "error", err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (f *settleChain) settle(ctx context.Context, c *v1beta1.Chain) error {
	paid, sum, err := f.payroll.pay(ctx, c)
	if paid > 0 {
		f.log.InfoContext(ctx, "settled", "chain", c.Name, "namespace", c.Namespace, "blocks", paid, "amount", sum.String())
	}
	return err
}

// kubeChains reads chains where they stand.
type kubeChains struct{ objects *kube.Client }

func (k kubeChains) Get(ctx context.Context, namespace, name string) (*v1beta1.Chain, error) {
	c, err := k.objects.Chains(namespace).Get(ctx, name, metav1.GetOptions{})
	return c, kube.Translate(err)
}

func (k kubeChains) All(ctx context.Context) ([]v1beta1.Chain, error) {
	return k.In(ctx, "")
}

func (k kubeChains) In(ctx context.Context, namespace string) ([]v1beta1.Chain, error) {
	list, err := k.objects.Chains(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return list.Items, nil
}
