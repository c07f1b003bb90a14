// Package controllers has the three controllers of kube-controller-manager that an API server cannot do without: the
// garbage collector, and those of namespaces and service accounts.
package controllers

import (
	"context"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
)

// controllers share clients and informers.
type controllers struct {
	client   kubernetes.Interface
	metadata metadata.Interface
	typed    informers.SharedInformerFactory
	partial  metadatainformer.SharedInformerFactory
}

// Start starts the three controllers without which objects do not behave: dependents would outlive their owner, a
// namespace would never be gone, and no pod would find its service account. They end with ctx.
func Start(ctx context.Context, cfg *rest.Config, client kubernetes.Interface) error {
	md, err := metadata.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("make metadata client: %w", err)
	}
	c := &controllers{
		client:   client,
		metadata: md,
		typed:    informers.NewSharedInformerFactory(client, 0),
		partial:  metadatainformer.NewSharedInformerFactory(md, 0),
	}
	started := make(chan struct{})
	gc, err := c.garbageCollector(ctx, started)
	if err != nil {
		return err
	}
	ns := namespace.NewNamespaceController(ctx, client, md, client.Discovery().ServerPreferredNamespacedResources,
		c.typed.Core().V1().Namespaces(), 5*time.Minute, v1.FinalizerKubernetes)
	sa, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), c.typed.Core().V1().ServiceAccounts(),
		c.typed.Core().V1().Namespaces(), client, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return fmt.Errorf("make service-account controller: %w", err)
	}
	c.typed.Start(ctx.Done())
	c.partial.Start(ctx.Done())
	close(started)
	go gc.Run(ctx, 2, 30*time.Second)
	go gc.Sync(ctx, client.Discovery(), time.Second)
	go ns.Run(ctx, 2)
	go sa.Run(ctx, 1)
	return nil
}

func (c *controllers) garbageCollector(ctx context.Context, started <-chan struct{}) (*garbagecollector.GarbageCollector, error) {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.client.Discovery()))
	gc, err := garbagecollector.NewGarbageCollector(ctx, c.client, c.metadata, mapper,
		garbagecollector.DefaultIgnoredResources(), informerfactory.NewInformerFactory(c.typed, c.partial), started)
	if err != nil {
		return nil, fmt.Errorf("make garbage collector: %w", err)
	}
	return gc, nil
}
