package life

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/wallet"
)

// What a life buys.
const (
	minerType = "S1.SMALL1"
	few       = 3
	more      = 5
)

// LookAtPrices reads the price list.
func (l *Life) LookAtPrices(ctx context.Context) error {
	list, err := l.Client.ListMinerTypes(ctx)
	if err != nil {
		return err
	}
	for _, t := range list.Items {
		l.say("for sale: %-10s  cpu %-5s  memory %-6s  %s OX, earns about %s OX a day", t.Name, t.CPU, t.Memory, t.Price, t.ExpectedPerDay)
	}
	return nil
}

// CreateChain creates a private chain.
func (l *Life) CreateChain(ctx context.Context) (err error) {
	l.Chain, err = l.Client.CreateChain(ctx, &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: "harbor"},
		Spec:       v1beta1.ChainSpec{DisplayName: "Harbor", MinMineIntervalSeconds: int32(l.o.BlockInterval / time.Second)},
	})
	if err == nil {
		l.say("created chain %s, a block every %s", l.Chain.Name, l.o.BlockInterval)
	}
	return err
}

// GetQuote asks what the miners would cost.
func (l *Life) GetQuote(ctx context.Context) error {
	q, err := l.Client.QuoteMinerSet(ctx, wallet.MinerSetPlan{MinerType: minerType, Replicas: int64(l.o.Miners)})
	if err == nil {
		l.say("quote for %d × %s: %s OX, of %s OX in the wallet; they earn about %s OX a day", l.o.Miners, minerType, q.Price, q.Balance, q.ExpectedPerDay)
	}
	return err
}

// BuyMiners buys a pool of miners.
func (l *Life) BuyMiners(ctx context.Context) (err error) {
	replicas := l.o.Miners
	l.MinerSet, err = l.Client.CreateMinerSet(ctx, &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: "night-shift"},
		Spec: v1beta1.MinerSetSpec{
			Replicas: &replicas,
			Template: v1beta1.MinerTemplateSpec{Spec: v1beta1.MinerSpec{ChainName: l.Chain.Name, MinerType: minerType}},
		},
	})
	if err == nil {
		l.say("ordered MinerSet %s: %d miners of type %s", l.MinerSet.Name, replicas, minerType)
	}
	return err
}

// SeeMinersRun waits until every slot is paid and every miner's pod is ready: it has synced with its peers.
func (l *Life) SeeMinersRun(ctx context.Context) error {
	err := l.await(ctx, func(ctx context.Context) (bool, error) {
		m, err := l.Client.GetMinerSet(ctx, minerset.GetRequest{Name: l.MinerSet.Name})
		if err != nil {
			return false, err
		}
		l.MinerSet = m
		return m.Status.ObservedGeneration == m.Generation && m.Status.ReadyReplicas == *m.Spec.Replicas, nil
	})
	if err != nil {
		return err
	}
	if _, err := l.look(ctx, func() bool { return true }); err != nil {
		return err
	}
	l.say("the miners run: ready %s, wallet %s OX", l.MinerSet.Status.Ready, l.Wallet.OX)
	return nil
}

// SeeThemMeet waits until the chain's first node is connected to all of the miners.
func (l *Life) SeeThemMeet(ctx context.Context) error {
	var status *chain.Status
	err := l.await(ctx, func(ctx context.Context) (ok bool, err error) {
		status, err = l.Client.GetChainStatus(ctx, chain.StatusRequest{Name: l.Chain.Name})
		return err == nil && status.Peers >= int(*l.MinerSet.Spec.Replicas), err
	})
	if err == nil {
		l.say("they have found each other: %d peers, block %d, %.0f hashes a second", status.Peers, status.Height, status.HashRate)
	}
	return err
}

// ReceiveCoin waits for the first reward.
func (l *Life) ReceiveCoin(ctx context.Context) error {
	err := l.await(ctx, func(ctx context.Context) (bool, error) {
		return l.look(ctx, func() bool { return l.reward() != nil })
	})
	if err == nil {
		r := l.reward()
		l.say("block %d pays %s OX: wallet %s OX", r.Height, r.Amount, l.Wallet.OX)
	}
	return err
}

// reward is the newest reward in the wallet, or nil.
func (l *Life) reward() *wallet.Entry {
	for i, e := range l.Wallet.Entries {
		if e.Kind == "reward" {
			return &l.Wallet.Entries[i]
		}
	}
	return nil
}
