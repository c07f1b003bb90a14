package reconciler

import (
	"cmp"
	"hash/fnv"
	"slices"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// burst is how many Miners one pass makes or deletes at most, and how many may wait to be paid: a set that wants more
// than its owner can pay for stops there, and goes on when coins arrive.
const burst = 30

// plan is what a pass does to the number of Miners.
type plan struct {
	create []int32
	remove []*v1beta1.Miner
}

// wanted is how many Miners the set wants.
func wanted(set *v1beta1.MinerSet) int {
	if set.Spec.Replicas == nil {
		return 1
	}
	return int(max(*set.Spec.Replicas, 0))
}

// planScale decides which slots to fill and which Miners to delete. A Miner on its way out does not count, but its
// slot waits for it: the replacement stands in the same slot, which is paid for, and not in a new one.
func planScale(set *v1beta1.MinerSet, miners []*v1beta1.Miner, strangers map[string]bool) plan {
	active := living(miners)
	missing := wanted(set) - len(active)
	if missing < 0 {
		return plan{remove: victims(set.Spec.DeletePolicy, active, -missing)}
	}
	if _, disabled := set.Annotations[v1beta1.DisableMinerCreateAnnotation]; disabled {
		return plan{}
	}
	room := burst - (len(active) - paid(active))
	free := freeSlots(set, miners, strangers, missing)
	return plan{create: free[:max(0, min(room, len(free)))]}
}

// paid counts the Miners whose slots are paid.
func paid(active []*v1beta1.Miner) int {
	count := 0
	for _, m := range active {
		if v1beta1.IsTrue(m.Status.Conditions, v1beta1.ConditionPaid) {
			count++
		}
	}
	return count
}

func living(miners []*v1beta1.Miner) []*v1beta1.Miner {
	var active []*v1beta1.Miner
	for _, m := range miners {
		if m.DeletionTimestamp == nil {
			active = append(active, m)
		}
	}
	return active
}

// freeSlots are those of the lowest slots without a living Miner that can be filled right now. A slot whose name a
// stranger has is passed over for good; one whose Miner is still going is left for a later pass.
func freeSlots(set *v1beta1.MinerSet, miners []*v1beta1.Miner, strangers map[string]bool, missing int) []int32 {
	slots, holders := slotsOf(set, miners), make(map[int32]*v1beta1.Miner, len(miners))
	for _, m := range miners {
		holders[slots[m.Name]] = m
	}
	var free []int32
	for slot := int32(0); missing > 0 && len(free) < burst; slot++ {
		holder := holders[slot]
		switch {
		case strangers[minerName(set.Name, slot)], holder != nil && holder.DeletionTimestamp == nil:
			continue
		case holder == nil:
			free = append(free, slot)
		}
		missing--
	}
	return free
}

// victims are the Miners that go first: those somebody marked, then those that do not work, then by policy. Ties
// are broken by name, so that two passes over the same world agree.
func victims(policy v1beta1.DeletePolicy, active []*v1beta1.Miner, surplus int) []*v1beta1.Miner {
	order := slices.Clone(active)
	slices.SortFunc(order, func(a, b *v1beta1.Miner) int {
		return cmp.Or(
			cmp.Compare(claim(b), claim(a)),
			byPolicy(policy, a, b),
			cmp.Compare(a.Name, b.Name),
		)
	})
	return order[:min(surplus, burst, len(order))]
}

// claim is how strongly a Miner asks to be the one that goes.
func claim(m *v1beta1.Miner) int {
	_, marked := m.Annotations[v1beta1.DeleteMinerAnnotation]
	switch {
	case marked:
		return 2
	case m.Status.PodRef == nil, m.Status.FailureReason != nil, m.Status.FailureMessage != nil,
		!v1beta1.IsTrue(m.Status.Conditions, v1beta1.ConditionPodHealthy):
		return 1
	}
	return 0
}

func byPolicy(policy v1beta1.DeletePolicy, a, b *v1beta1.Miner) int {
	switch policy {
	case v1beta1.DeleteNewest:
		return b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
	case v1beta1.DeleteOldest:
		return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
	}
	return cmp.Compare(lot(a), lot(b))
}

// lot is a Miner's number in a draw that comes out the same each time it is looked at: chance, but not chance anew
// with every pass.
func lot(m *v1beta1.Miner) uint64 {
	h := fnv.New64a()
	h.Write([]byte(m.UID)) // never fails
	return h.Sum64()
}
