package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/fault"
)

// Removable are the objects of one kind in one namespace, as far as removing needs them.
type Removable[T metav1.Object] interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (T, error)
	Delete(ctx context.Context, name string, o metav1.DeleteOptions) error
}

// Remove asks an object to go; cascade is a DeletionPropagation. One that is on its way out already is as missing as
// one that was never there, and a later one of the same name is not touched.
func Remove[T metav1.Object](ctx context.Context, objects Removable[T], name, cascade string) error {
	found, err := objects.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return Translate(err)
	}
	if found.GetDeletionTimestamp() != nil {
		return fault.New(fault.Missing, "NotFound", "%q is being deleted already", name)
	}
	uid, policy := found.GetUID(), metav1.DeletionPropagation(cascade)
	return Translate(objects.Delete(ctx, name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &policy,
	}))
}
