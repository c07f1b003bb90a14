package reconciler

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// rollSettle is the least time between two replacements in one set: by then the first of them can be seen.
const rollSettle = 2 * time.Second

// pace remembers when a pod of each set was last replaced though it worked. It need not outlive the process: what is
// being replaced then is seen to be missing.
type pace struct {
	mu   sync.Mutex
	last map[types.UID]time.Time
}

func newPace() *pace { return &pace{last: map[types.UID]time.Time{}} }

// take gives the turn to whoever asks first, once per rollSettle.
func (p *pace) take(set types.UID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for other, at := range p.last {
		if now.Sub(at) >= rollSettle {
			delete(p.last, other)
		}
	}
	if _, busy := p.last[set]; busy {
		return false
	}
	p.last[set] = now
	return true
}

// isTurn tells whether the Miner's pod may be replaced though it works: while all others of its set work that are
// paid for, one after the other. A Miner that stands alone has nobody to wait for.
func (l *minerLoop) isTurn(ctx context.Context, s *minerScope) (bool, error) {
	owner := metav1.GetControllerOf(s.miner)
	if owner == nil || owner.Kind != v1beta1.KindMinerSet {
		return true, nil
	}
	siblings, err := l.siblings(ctx, s.miner)
	if err != nil {
		return false, err
	}
	for _, m := range siblings {
		if m.UID == s.miner.UID || m.DeletionTimestamp != nil || paused(m) || !v1beta1.IsTrue(m.Status.Conditions, v1beta1.ConditionPaid) {
			continue
		}
		pod, err := l.pods.Get(ctx, m.Namespace, m.Name)
		if err != nil || !podReady(pod) {
			return false, err
		}
	}
	return l.pace.take(owner.UID, s.now), nil
}
