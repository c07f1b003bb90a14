package reconciler

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
)

// world is what the loops see and change.
type world struct {
	chains    reader[*v1beta1.Chain]
	minerSets reader[*v1beta1.MinerSet]
	miners    reader[*v1beta1.Miner]
	pods      reader[*corev1.Pod]
	services  reader[*corev1.Service]

	api  *kube.Client
	core kubernetes.Interface
	// dynamic reaches kinds that may not be there.
	dynamic dynamic.Interface
	nodes   site
	events  record.EventRecorder
	now     func() time.Time
	watcher
}

// reader looks at objects of one kind. What it gives belongs to others and must not be changed. It may be late:
// whoever acts on it must bear that the act was done before.
type reader[T any] interface {
	// Get gives nil for an object that is not there.
	Get(ctx context.Context, namespace, name string) (T, error)
	// List gives all of a namespace.
	List(ctx context.Context, namespace string) ([]T, error)
}

// cached reads what an informer has seen.
type cached[T any] struct{ index cache.Indexer }

// Get gives nil for an object that was not seen.
func (c cached[T]) Get(_ context.Context, namespace, name string) (T, error) {
	var none T
	found, exists, err := c.index.GetByKey(namespace + "/" + name)
	if err != nil || !exists {
		return none, err
	}
	object, ok := found.(T)
	if !ok {
		return none, fmt.Errorf("cache holds a %T under %q", found, namespace+"/"+name)
	}
	return object, nil
}

// List gives all that was seen of the namespace.
func (c cached[T]) List(_ context.Context, namespace string) ([]T, error) {
	found, err := c.index.ByIndex(cache.NamespaceIndex, namespace)
	if err != nil {
		return nil, fmt.Errorf("namespace %q: %w", namespace, err)
	}
	list := make([]T, 0, len(found))
	for _, f := range found {
		if object, ok := f.(T); ok {
			list = append(list, object)
		}
	}
	return list, nil
}

// chainOf finds the chain that a miner of the namespace means by a name: its own, else everybody's.
func (w *world) chainOf(ctx context.Context, namespace, name string) (*v1beta1.Chain, error) {
	chain, err := w.chains.Get(ctx, namespace, name)
	if err != nil || chain != nil || namespace == v1beta1.ChainNamespace {
		return chain, err
	}
	return w.chains.Get(ctx, v1beta1.ChainNamespace, name)
}

// paused tells whether somebody asked us to keep our hands off the object.
func paused(o metav1.Object) bool {
	_, set := o.GetAnnotations()[v1beta1.PausedAnnotation]
	return set
}

// metadataPatch changes of an object its finalizers, and adds labels and annotations. What its owner has written, the
// spec above all, is not even mentioned. It does nothing to an object that has changed since it was seen.
func metadataPatch(o metav1.Object) ([]byte, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": o.GetResourceVersion(), "finalizers": o.GetFinalizers(),
		"labels": o.GetLabels(), "annotations": o.GetAnnotations(),
	}})
	if err != nil {
		return nil, fmt.Errorf("patch of %q: %w", o.GetName(), err)
	}
	return patch, nil
}

// exactly makes a deletion hit the very object that was seen, and not a later one of the same name.
func exactly(o metav1.Object) metav1.DeleteOptions {
	uid := o.GetUID()
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}
}
