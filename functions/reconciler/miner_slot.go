package reconciler

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
)

// place is where a Miner stands: at the start of a chain, which is free, or in a slot of a pool.
type place struct {
	genesis bool
	pool    string
	slot    int32
	adopted bool // its name holds no slot; which one it stands in depends on the others
}

// placeOf finds a Miner's place. What a Miner says of its owner counts only if the owner it names is really there:
// whoever may write a Miner may write that too. set and chain are what stands under the owner's name.
func placeOf(m *v1beta1.Miner, owner *metav1.OwnerReference, set *v1beta1.MinerSet, chain *v1beta1.Chain) (place, bool) {
	alone := place{pool: string(m.UID)}
	if owner == nil {
		return alone, true
	}
	switch owner.Kind {
	case v1beta1.KindChain:
		if chain == nil || chain.UID != owner.UID {
			return place{}, false
		}
		if chain.Name != m.Name {
			return alone, true
		}
		return place{genesis: true}, true
	case v1beta1.KindMinerSet:
		if set == nil || set.UID != owner.UID {
			return place{}, false
		}
		slot, named := slotOf(set.Name, m.Name)
		return place{pool: string(set.UID), slot: slot, adopted: !named}, true
	}
	return alone, true
}

// pay buys the Miner's slot, unless it is bought already for just this. What was bought is told before anything is
// built on it: the event of that brings the pass that goes on.
func (l *minerLoop) pay(ctx context.Context, s *minerScope) error {
	status := &s.miner.Status
	if s.place.genesis {
		dropCondition(&status.Conditions, v1beta1.ConditionPaid)
		return nil
	}
	status.Slot = &s.place.slot
	want := v1beta1.SlotPurchase{
		Pool: s.place.pool, Slot: s.place.slot, MinerType: s.kind.Name,
		ChainID: string(s.chain.UID), PublicKey: status.PublicKey,
	}
	if status.Purchase == nil || *status.Purchase != want {
		if err := l.buy(ctx, s.miner.Namespace, want); err != nil {
			return l.unpaid(ctx, s, want, err)
		}
		status.Purchase = &want
		setCondition(&status.Conditions, is(v1beta1.ConditionPaid), s.now)
		l.events.Eventf(s.seen, corev1.EventTypeNormal, "SlotPaid", "Slot %d is paid for %s", want.Slot, want.MinerType)
		s.unfinished = true
		return errWait
	}
	setCondition(&status.Conditions, is(v1beta1.ConditionPaid), s.now)
	return nil
}

// buyPatience bounds one call of the wallet, which may have to wake up first.
const buyPatience = 15 * time.Second

func (l *minerLoop) buy(ctx context.Context, namespace string, want v1beta1.SlotPurchase) error {
	ctx, stop := context.WithTimeout(ctx, buyPatience)
	defer stop()
	acts(ctx)
	return l.buyer.BuySlot(ctx, Slot{
		Namespace: namespace, Pool: want.Pool, Number: want.Slot,
		MinerType: want.MinerType, ChainID: want.ChainID, PublicKey: want.PublicKey,
	})
}

// unpaid tells why the Miner waits. Being short of money is no fault of a pass; it is asked again later. A pod that
// runs goes on if it was paid for in this very slot, for another type. If not, it must go: else one paid slot could
// start Miner after Miner, each of which is then moved to another pool.
func (l *minerLoop) unpaid(ctx context.Context, s *minerScope, want v1beta1.SlotPurchase, err error) error {
	conditions := &s.miner.Status.Conditions
	before := v1beta1.FindCondition(*conditions, v1beta1.ConditionPaid)
	reason := unpaidReason(err)
	if before == nil || before.Reason != reason {
		l.events.Eventf(s.seen, corev1.EventTypeWarning, reason, "Slot %d is not paid: %s", s.place.slot, fault.Of(err).Message)
	}
	setCondition(conditions, isNot(v1beta1.ConditionPaid, v1beta1.SeverityWarning, reason, fault.Of(err).Message), s.now)
	s.wake(retryIn(*conditions, s.now))
	have := s.miner.Status.Purchase
	paidHere := have != nil && have.Pool == want.Pool && have.Slot == want.Slot
	if fault.KindOf(err) == fault.Exhausted && s.pod != nil && s.pod.DeletionTimestamp == nil && !paidHere {
		if err := l.deletePod(ctx, s); err != nil {
			return err
		}
	}
	if fault.KindOf(err) == fault.Broken {
		return fmt.Errorf("buy slot %d of pool %q: %w", s.place.slot, s.place.pool, err)
	}
	return errWait
}

func unpaidReason(err error) string {
	if fault.KindOf(err) != fault.Exhausted {
		return v1beta1.ReasonUnavailable
	}
	if fault.ReasonOf(err) == v1beta1.ReasonInsufficientQuota {
		return v1beta1.ReasonInsufficientQuota
	}
	return v1beta1.ReasonInsufficientFunds
}

// The bounds of how soon an unpaid slot is tried again.
const (
	retryMin = time.Second
	retryMax = 30 * time.Second
)

// retryIn waits as long again as the slot has been unpaid already, so that the pauses double.
func retryIn(conditions []v1beta1.Condition, now time.Time) time.Duration {
	unpaid := v1beta1.FindCondition(conditions, v1beta1.ConditionPaid)
	if unpaid == nil {
		return retryMin
	}
	return min(max(now.Sub(unpaid.LastTransitionTime.Time), retryMin), retryMax)
}
