package reconciler

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"knative.dev/pkg/controller"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// listen wires what is seen to the passes that it wakes.
func (l *loops) listen(v *views, nodes site) error {
	owner := func(kind string, wake func(any)) cache.ResourceEventHandler {
		return cache.FilteringResourceEventHandler{
			FilterFunc: controller.FilterControllerGK(v1beta1.Kind(kind).GroupKind()),
			Handler:    controller.HandleAll(wake),
		}
	}
	wires := []struct {
		view    cache.SharedIndexInformer
		handler cache.ResourceEventHandler
	}{
		{v.chains, controller.HandleAll(l.chains.Enqueue)},
		{v.chains, wakeMinersOf(v, l.miners)},
		{v.chains, wakeChainsBeside(v, l.chains)},
		{v.minerSets, controller.HandleAll(l.minerSets.Enqueue)},
		{v.miners, controller.HandleAll(l.miners.Enqueue)},
		{v.miners, owner(v1beta1.KindChain, l.chains.EnqueueControllerOf)},
		{v.miners, owner(v1beta1.KindMinerSet, l.minerSets.EnqueueControllerOf)},
		{v.miners, wakeAdopters(v, l.minerSets)},
		{v.pods, nodes.wakes(v1beta1.KindMiner, l.miners)},
		{v.services, nodes.wakes(v1beta1.KindChain, l.chains)},
	}
	for _, w := range wires {
		if _, err := w.view.AddEventHandler(w.handler); err != nil {
			return fmt.Errorf("event handler: %w", err)
		}
	}
	return nil
}

// wakeMinersOf wakes the Miners of a chain that comes, goes or changes. Its status changes nothing for them.
func wakeMinersOf(v *views, miners *controller.Impl) cache.ResourceEventHandler {
	wake := func(object any) {
		chain, ok := seenLast(object).(*v1beta1.Chain)
		if !ok {
			return
		}
		found, err := v.miners.GetIndexer().ByIndex(byChain, chain.Name)
		if err != nil {
			return // there is such an index: we made it
		}
		for _, f := range found {
			m, ok := f.(*v1beta1.Miner)
			if ok && (m.Namespace == chain.Namespace || chain.Namespace == v1beta1.ChainNamespace) {
				miners.Enqueue(m)
			}
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    wake,
		DeleteFunc: wake,
		UpdateFunc: func(before, after any) {
			if a, b, ok := metas(before, after); ok && (a.GetGeneration() != b.GetGeneration() || a.GetUID() != b.GetUID()) {
				wake(after)
			}
		},
	}
}

// wakeChainsBeside wakes the chains that may get a node once another of the same user is gone.
func wakeChainsBeside(v *views, chains *controller.Impl) cache.ResourceEventHandler {
	view := cached[*v1beta1.Chain]{v.chains.GetIndexer()}
	return cache.ResourceEventHandlerFuncs{DeleteFunc: func(gone any) {
		chain, ok := seenLast(gone).(*v1beta1.Chain)
		if !ok {
			return
		}
		list, err := view.List(context.Background(), chain.Namespace)
		if err != nil {
			return // there is such an index: we made it
		}
		for _, beside := range list {
			chains.Enqueue(beside)
		}
	}}
}

// wakeAdopters wakes the sets that may take a Miner whom nobody owns, and those whose slot it gives up.
func wakeAdopters(v *views, sets *controller.Impl) cache.ResourceEventHandler {
	view := cached[*v1beta1.MinerSet]{v.minerSets.GetIndexer()}
	return controller.HandleAll(func(object any) {
		m, ok := seenLast(object).(*v1beta1.Miner)
		if !ok || metav1.GetControllerOf(m) != nil {
			return
		}
		list, err := view.List(context.Background(), m.Namespace)
		if err != nil {
			return // there is such an index: we made it
		}
		for _, set := range list {
			_, inTheWay := slotOf(set.Name, m.Name)
			if inTheWay || adoptable(set, m) {
				sets.EnqueueKey(types.NamespacedName{Namespace: set.Namespace, Name: set.Name})
			}
		}
	})
}

// seenLast is the object of an event, even of a deletion that was missed and only found out later.
func seenLast(object any) any {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		return gone.Obj
	}
	return object
}

func metas(before, after any) (a, b metav1.Object, ok bool) {
	a, okA := before.(metav1.Object)
	b, okB := after.(metav1.Object)
	return a, b, okA && okB
}
