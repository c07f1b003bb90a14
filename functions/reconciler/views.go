package reconciler

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
)

// resync is how often everything is looked at again for no reason, in case an event was lost.
const resync = 10 * time.Minute

// views are the informers: what is seen of the world. Of pods and services only ours are.
type views struct {
	chains, minerSets, miners, pods, services cache.SharedIndexInformer
}

func newViews(api *kube.Client, nodes kubernetes.Interface) (*views, error) {
	v := &views{
		chains:    view(api.Chains(""), &v1beta1.Chain{}),
		minerSets: view(api.MinerSets(""), &v1beta1.MinerSet{}),
		miners:    view(api.Miners(""), &v1beta1.Miner{}),
		pods:      view(ours(nodes.CoreV1().Pods("")), &corev1.Pod{}),
		services:  view(ours(nodes.CoreV1().Services("")), &corev1.Service{}),
	}
	if err := v.miners.AddIndexers(cache.Indexers{byChain: indexByChain}); err != nil {
		return nil, fmt.Errorf("index of miners: %w", err)
	}
	return v, nil
}

// byChain indexes Miners by the name of their chain.
const byChain = "chain"

func indexByChain(object any) ([]string, error) {
	if m, ok := object.(*v1beta1.Miner); ok {
		return []string{m.Spec.ChainName}, nil
	}
	return nil, nil
}

// source is a client that an informer can follow.
type source[L runtime.Object] interface {
	List(ctx context.Context, o metav1.ListOptions) (L, error)
	Watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error)
}

// labeled narrows a source down to the objects with a label.
type labeled[L runtime.Object] struct {
	source[L]
	selector string
}

func ours[L runtime.Object](s source[L]) labeled[L] {
	return labeled[L]{s, v1beta1.ManagedByLabel + "=" + v1beta1.ManagedBy}
}

// List lists what has the label.
func (l labeled[L]) List(ctx context.Context, o metav1.ListOptions) (L, error) {
	o.LabelSelector = l.selector
	return l.source.List(ctx, o)
}

// Watch watches what has the label.
func (l labeled[L]) Watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.LabelSelector = l.selector
	return l.source.Watch(ctx, o)
}

func view[L runtime.Object](s source[L], example runtime.Object) cache.SharedIndexInformer {
	return cache.NewSharedIndexInformer(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return s.List(ctx, o)
		},
		WatchFuncWithContext: s.Watch,
	}, example, resync, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
}

func (v *views) all() []cache.SharedIndexInformer {
	return []cache.SharedIndexInformer{v.chains, v.minerSets, v.miners, v.pods, v.services}
}

func (v *views) synced() []cache.InformerSynced {
	var synced []cache.InformerSynced
	for _, i := range v.all() {
		synced = append(synced, i.HasSynced)
	}
	return synced
}

// ready tells whether everything that there was at the start has been seen.
func (v *views) ready() bool {
	for _, synced := range v.synced() {
		if !synced() {
			return false
		}
	}
	return true
}

// run follows the world until the context ends.
func (v *views) run(ctx context.Context) {
	var running sync.WaitGroup
	for _, i := range v.all() {
		running.Go(func() { i.RunWithContext(ctx) })
	}
	running.Wait()
}
