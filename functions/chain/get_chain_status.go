package chain

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/toyblc/block"
)

// getChainStatus tells what changes with every block. It asks the chain's first node and keeps nothing.
type getChainStatus struct {
	chains opener
	miners func(namespace string) miners
	nodes  nodes
	now    func() time.Time
}

// miners are those of one namespace.
type miners interface {
	List(ctx context.Context, o metav1.ListOptions) (*v1beta1.MinerList, error)
}

func newGetChainStatus(p *platform.Platform) (op.RequestFunc[chain.StatusRequest, chain.Status], error) {
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return (&getChainStatus{
		chains: func(ns string) chains { return objects.Chains(ns) },
		miners: func(ns string) miners { return objects.Miners(ns) },
		nodes:  nodes{chainnode.Nodes{HTTP: p.HTTP, Pattern: p.Config.Nodes}}, now: p.Now,
	}).Handle, nil
}

// Handle shows the chain that the name means in the caller's namespace; only the caller's own miners have names.
func (f *getChainStatus) Handle(ctx context.Context, in *chain.StatusRequest) (*chain.Status, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	c, err := f.chains.find(ctx, namespace, in.Name)
	if err != nil {
		return nil, err
	}
	s, err := f.nodes.status(ctx, c)
	if err != nil {
		return nil, err
	}
	from := max(1, s.Height+1-int64(in.Blocks)) // the genesis block is nobody's
	counted, err := f.nodes.headers(ctx, c, from, in.Blocks)
	if err != nil {
		return nil, err
	}
	list, err := f.miners(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	difficulty, _ := new(big.Float).SetInt(block.ExpectedHashes(s.Target)).Float64()
	return &chain.Status{
		Name: c.Name, Namespace: c.Namespace,
		Height: s.Height, Head: s.Head.String(), Target: s.Target.String(), Difficulty: difficulty,
		Peers: s.Peers, Synced: s.Synced, Waiting: s.Waiting,
		HashRate: hashRate(counted, f.now()), Counted: len(counted), Won: won(counted, list.Items),
	}, nil
}

// hashRate is the work done since the first of the blocks was found, by the time that this took. The time after the
// last one counts too: a chain that stands still becomes slower and slower.
func hashRate(blocks []block.Header, now time.Time) float64 {
	if len(blocks) < 2 {
		return 0
	}
	took := now.Sub(blocks[0].Time()).Seconds()
	if took <= 0 {
		return 0
	}
	work := new(big.Int)
	for _, b := range blocks[1:] {
		work.Add(work, block.ExpectedHashes(b.Target))
	}
	hashes, _ := new(big.Float).SetInt(work).Float64()
	return hashes / took
}

// won counts blocks by the key that signed them, most first, and names the keys that are known.
func won(blocks []block.Header, known []v1beta1.Miner) []chain.Won {
	names := map[string]string{}
	for i := range known {
		names[known[i].Status.PublicKey] = known[i].Name
	}
	count := map[string]*chain.Won{}
	for _, b := range blocks {
		key := b.PublicKey.String()
		if count[key] == nil {
			count[key] = &chain.Won{Miner: names[key], Address: b.Address, PublicKey: key}
		}
		count[key].Blocks++
	}
	list := make([]chain.Won, 0, len(count))
	for _, w := range count {
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b chain.Won) int {
		return cmp.Or(cmp.Compare(b.Blocks, a.Blocks), cmp.Compare(a.PublicKey, b.PublicKey))
	})
	return list
}
