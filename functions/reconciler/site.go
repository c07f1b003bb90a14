package reconciler

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"knative.dev/pkg/controller"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// site is the cluster in which nodes run: the one that holds Chains and Miners, or another. An object cannot be owned
// by one of another cluster; the garbage collector there would take it for an orphan and remove it. So there an
// annotation says whose a pod, a Service or a key is, and we remove what has lost its owner.
type site struct {
	core   kubernetes.Interface
	away   bool
	spaces namespaces
}

// namespaces makes those of users where the nodes run.
type namespaces interface {
	// EnsureNamespace makes the namespace unless it is there.
	EnsureNamespace(ctx context.Context, name string) error
}

// settle makes an object that is built to be owned fit for the site.
func (s site) settle(o metav1.Object) {
	owner := metav1.GetControllerOf(o)
	if !s.away || owner == nil {
		return
	}
	notes := o.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes[v1beta1.OwnedByAnnotation] = strings.Join([]string{owner.Kind, owner.Name, string(owner.UID)}, "/")
	o.SetAnnotations(notes)
	o.SetOwnerReferences(nil)
}

// isOf tells whether the object belongs to the owner, and not to an earlier one of its name.
func (s site) isOf(o, owner metav1.Object) bool {
	if !s.away {
		return metav1.IsControlledBy(o, owner)
	}
	_, name, uid := ownedBy(o)
	return uid == owner.GetUID() && name == owner.GetName()
}

// ownedBy reads what settle has written.
func ownedBy(o metav1.Object) (kind, name string, uid types.UID) {
	kind, rest, _ := strings.Cut(o.GetAnnotations()[v1beta1.OwnedByAnnotation], "/")
	name, id, _ := strings.Cut(rest, "/")
	return kind, name, types.UID(id)
}

// wakes calls the owners of one kind when an object of theirs comes, changes or goes.
func (s site) wakes(kind string, owners *controller.Impl) cache.ResourceEventHandler {
	if !s.away {
		return cache.FilteringResourceEventHandler{
			FilterFunc: controller.FilterControllerGK(v1beta1.Kind(kind).GroupKind()),
			Handler:    controller.HandleAll(owners.EnqueueControllerOf),
		}
	}
	return controller.HandleAll(func(object any) {
		o, ok := seenLast(object).(metav1.Object)
		if !ok {
			return
		}
		if of, name, _ := ownedBy(o); of == kind {
			owners.EnqueueKey(types.NamespacedName{Namespace: o.GetNamespace(), Name: name})
		}
	})
}

// within creates something in a user's namespace, which in another cluster may have to be made first.
func (s site) within(ctx context.Context, namespace string, create func() error) error {
	err := create()
	if !s.away || !apierrors.IsNotFound(err) {
		return err
	}
	if err := s.spaces.EnsureNamespace(ctx, namespace); err != nil {
		return err
	}
	return create()
}

// dropKey removes the key of a Miner that is gone or going, where its owner cannot take it along. Its name holds a part
// of the key, so there is no other of that name.
func (s site) dropKey(ctx context.Context, namespace, secret string) error {
	if !s.away {
		return nil
	}
	err := s.core.CoreV1().Secrets(namespace).Delete(ctx, secret, metav1.DeleteOptions{})
	return unlessGone("secret", secret, err)
}

// dropService removes the Service of a chain that is gone or going.
func (s site) dropService(ctx context.Context, service *corev1.Service) error {
	if !s.away || service == nil {
		return nil
	}
	err := s.core.CoreV1().Services(service.Namespace).Delete(ctx, service.Name, exactly(service))
	return unlessGone("service", service.Name, err)
}

// dropPod removes the pod of a Miner that is gone.
func (s site) dropPod(ctx context.Context, pod *corev1.Pod) error {
	err := s.core.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, exactly(pod))
	return unlessGone("pod", pod.Name, err)
}

func unlessGone(kind, name string, err error) error {
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return fmt.Errorf("delete %s %q: %w", kind, name, err)
}
