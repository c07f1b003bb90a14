package life

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/miner"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/money"
)

// Scale makes the pool larger.
func (l *Life) Scale(ctx context.Context) error {
	_, err := l.Client.ScaleMinerSet(ctx, minerset.ScaleRequest{Name: l.MinerSet.Name, Body: minerset.Scale{Replicas: more}})
	if err == nil {
		l.say("scaled %s from %d to %d miners", l.MinerSet.Name, few, more)
	}
	return err
}

// ByForce deletes a pod without grace: its processes get a SIGKILL.
func ByForce() metav1.DeleteOptions {
	now := int64(0)
	return metav1.DeleteOptions{GracePeriodSeconds: &now}
}

// KillMiner kills the first miner without grace.
func (l *Life) KillMiner(ctx context.Context) error {
	pods, name := l.o.Pods.Pods(l.User.UserID), l.MinerSet.Name+"-0"
	pod, err := pods.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	l.killed = pod.UID
	if err := pods.Delete(ctx, name, ByForce()); err != nil {
		return err
	}
	l.say("killed miner %s: its pod is gone, grace 0", name)
	return nil
}

// SeeItReplaced waits until another pod is ready in the killed one's place, and the wallet has not paid for it.
func (l *Life) SeeItReplaced(ctx context.Context) error {
	pods, name := l.o.Pods.Pods(l.User.UserID), l.MinerSet.Name+"-0"
	err := l.await(ctx, func(ctx context.Context) (bool, error) {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, nil // it is away for a moment
		}
		return pod.UID != l.killed && PodReady(pod), nil
	})
	if err != nil {
		return err
	}
	if err := l.SeeMinersRun(ctx); err != nil {
		return err
	}
	l.say("miner %s is replaced and has caught up, free of charge", name)
	return nil
}

// PodReady says whether a pod's condition is that it is ready.
func PodReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Leave deletes the pool and the chain and waits until nothing is left of them.
func (l *Life) Leave(ctx context.Context) error {
	if err := l.Client.DeleteMinerSet(ctx, minerset.DeleteRequest{Name: l.MinerSet.Name}); err != nil {
		return err
	}
	if err := l.Client.DeleteChain(ctx, chain.DeleteRequest{Name: l.Chain.Name}); err != nil {
		return err
	}
	err := l.await(ctx, func(ctx context.Context) (bool, error) {
		left, err := l.left(ctx)
		return left == 0, err
	})
	if err == nil {
		l.say("deleted %s and %s: no miner, no chain and no pod is left", l.MinerSet.Name, l.Chain.Name)
	}
	return err
}

// left counts what the person still has.
func (l *Life) left(ctx context.Context) (int64, error) {
	sets, err := l.Client.ListMinerSets(ctx, minerset.ListRequest{})
	if err != nil {
		return 0, err
	}
	miners, err := l.Client.ListMiners(ctx, miner.ListRequest{})
	if err != nil {
		return 0, err
	}
	chains, err := l.Client.ListChains(ctx, chain.ListRequest{})
	if err != nil {
		return 0, err
	}
	pods, err := l.o.Pods.Pods(l.User.UserID).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	return sets.TotalCount + miners.TotalCount + chains.TotalCount + int64(len(pods.Items)), nil
}

// CountMoney adds up every entry of the wallet: the gift, less the slots that were bought, and what was mined. Each
// slot was charged once, whatever happened to its miner.
func (l *Life) CountMoney(ctx context.Context) error {
	if _, err := l.look(ctx, func() bool { return true }); err != nil {
		return err
	}
	entries, err := l.Entries(ctx, l.Wallet.Count, 100)
	if err != nil {
		return err
	}
	sum := Add(entries)
	if sum.Slots != int64(*l.MinerSet.Spec.Replicas) || sum.Of["gift"]+sum.Of["slot"]+sum.Of["reward"] != l.Wallet.Balance {
		return fmt.Errorf("the money does not add up: %d slots, %v, wallet %s OX", sum.Slots, sum.Of, l.Wallet.OX)
	}
	l.say("the money adds up: %s gift %s for %d slots + %s mined = %s OX", sum.Of["gift"], sum.Of["slot"], sum.Slots, sum.Of["reward"], l.Wallet.OX)
	return nil
}

// Sums are entries added up.
type Sums struct {
	Of    map[string]money.Amount // kind of entry → sum
	Slots int64                   // how many were bought, or changed their type
}

// Add adds entries up.
func Add(entries []wallet.Entry) Sums {
	s := Sums{Of: map[string]money.Amount{}}
	for _, e := range entries {
		s.Of[e.Kind] += e.Amount
		if e.Kind == "slot" {
			s.Slots++
		}
	}
	return s
}

// Entries reads the first so many entries of the wallet, newest first, page by page.
func (l *Life) Entries(ctx context.Context, count int64, pageSize int) ([]wallet.Entry, error) {
	var all []wallet.Entry
	for before := count + 1; before > 0; {
		page, err := l.Client.ListEntries(ctx, wallet.ListEntriesRequest{Before: before, Limit: pageSize})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		before = page.Before
	}
	return all, nil
}
