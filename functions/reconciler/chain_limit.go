package reconciler

import (
	"context"
	"fmt"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// isFull tells whether a user has as many chains before this one as a user may have. The operation that creates chains
// refuses one too many; this holds for those that came another way. A chain that had its first node once keeps it.
func (l *chainLoop) isFull(ctx context.Context, chain *v1beta1.Chain) (bool, error) {
	if chain.Namespace == v1beta1.ChainNamespace || chain.Status.MinerRef != nil {
		return false, nil
	}
	all, err := l.chains.List(ctx, chain.Namespace)
	if err != nil {
		return false, err
	}
	before := 0
	for _, other := range all {
		if other.UID != chain.UID && other.DeletionTimestamp == nil && comesBefore(other, chain) {
			before++
		}
	}
	return before >= l.limit, nil
}

// comesBefore orders chains: those that have had a node, then by age, then by what is never the same.
func comesBefore(a, b *v1beta1.Chain) bool {
	switch {
	case a.Status.MinerRef != nil:
		return true
	case !a.CreationTimestamp.Time.Equal(b.CreationTimestamp.Time):
		return a.CreationTimestamp.Time.Before(b.CreationTimestamp.Time)
	}
	return a.UID < b.UID
}

// refuse says why the chain gets no node. A chain of the user's that goes brings the pass that looks again.
func (l *chainLoop) refuse(s *chainScope, fault error) error {
	if fault != nil {
		return fault
	}
	setCondition(&s.chain.Status.Conditions, isNot(v1beta1.ConditionMinersCreated, v1beta1.SeverityWarning,
		v1beta1.ReasonInsufficientQuota, fmt.Sprintf("a user may have %d chains, and there are as many before this one", l.limit)), s.now)
	return errWait
}
