package reconciler

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"onex.io/onex/shared/api/apps/v1beta1"
)

var (
	// errNoKeda says that the cluster does not know KEDA's kinds.
	errNoKeda = errors.New("the cluster does not know KEDA's kinds")
	// errTaken says that an object of the name that we need is somebody else's.
	errTaken = errors.New("it belongs to somebody else")
)

// keep makes the object, or brings it to what is wanted, and gives it as it is now. One that nobody owns is adopted.
func (l *minerSetLoop) keep(ctx context.Context, resource string, want *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	objects := l.dynamic.Resource(kedaResource(resource)).Namespace(want.GetNamespace())
	have, err := objects.Get(ctx, want.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && kindMissing(err):
		return nil, errNoKeda
	case apierrors.IsNotFound(err):
		have, err = objects.Create(ctx, want, metav1.CreateOptions{})
	case err != nil:
	case !ownable(have, want):
		return nil, fmt.Errorf("%s %q: %w", want.GetKind(), want.GetName(), errTaken)
	case !current(have, want):
		have, err = objects.Update(ctx, brought(have, want), metav1.UpdateOptions{})
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", want.GetKind(), want.GetName(), err)
	}
	return have, nil
}

// kindMissing tells an API server that does not know the kind from one that has no object of the name: only the second
// answers in its own words.
func kindMissing(err error) bool {
	return apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// ownable says whether the object is the wanted one's owner's, or nobody's.
func ownable(have, want *unstructured.Unstructured) bool {
	owner := metav1.GetControllerOf(have)
	return owner == nil || owner.UID == metav1.GetControllerOf(want).UID
}

func current(have, want *unstructured.Unstructured) bool {
	return metav1.GetControllerOf(have) != nil && have.GetLabels()[v1beta1.ManagedByLabel] == v1beta1.ManagedBy &&
		holds(have.Object["spec"], want.Object["spec"])
}

// brought is the object as it is, with what is wanted of it.
func brought(have, want *unstructured.Unstructured) *unstructured.Unstructured {
	next := have.DeepCopy()
	next.Object["spec"] = want.DeepCopy().Object["spec"]
	next.SetLabels(overlay(have.GetLabels(), nil, want.GetLabels()))
	if metav1.GetControllerOf(have) == nil {
		next.SetOwnerReferences(append(have.GetOwnerReferences(), want.GetOwnerReferences()...))
	}
	return next
}

// dismiss removes the set's object of the kind, if there is one.
func (l *minerSetLoop) dismiss(ctx context.Context, resource string, set *v1beta1.MinerSet) error {
	objects := l.dynamic.Resource(kedaResource(resource)).Namespace(set.Namespace)
	have, err := objects.Get(ctx, scalerName(set), metav1.GetOptions{})
	if apierrors.IsNotFound(err) && kindMissing(err) {
		return errNoKeda
	}
	if err == nil && metav1.IsControlledBy(have, set) && have.GetDeletionTimestamp() == nil {
		err = objects.Delete(ctx, have.GetName(), exactly(have))
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", resource, scalerName(set), err)
	}
	return nil
}
