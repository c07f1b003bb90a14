// Package object confines an object that a caller sends to what the caller may say about it.
package object

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/trace"
)

// TraceAnnotation carries the trace of the request that made an object.
const TraceAnnotation = "onex.io/traceparent"

// Namespace is where the call acts: the caller's own namespace unless another one is requested, which only an
// administrator may.
func Namespace(ctx context.Context, requested string) (string, error) {
	return namespaceOf(ctx, "namespace", requested)
}

func namespaceOf(ctx context.Context, field, requested string) (string, error) {
	caller := access.From(ctx)
	switch {
	case caller.UserID == "":
		return "", fault.New(fault.Denied, "Forbidden", "nobody has a namespace")
	case requested == "" || requested == caller.UserID:
		return caller.UserID, nil
	case caller.Admin:
		return requested, nil
	}
	e := fault.New(fault.Denied, "Forbidden", "%s: %q is not your namespace", field, requested)
	e.Metadata = map[string]string{"field": field}
	return "", e
}

// Own puts a new object into the caller's namespace, or into the one that it names, as Namespace allows. What only
// the platform may set (owners, finalizers, identity) is dropped.
func Own(ctx context.Context, m *metav1.ObjectMeta) error {
	namespace, err := namespaceOf(ctx, "metadata.namespace", m.Namespace)
	if err != nil {
		return err
	}
	if m.Name == "" {
		return fault.Field("metadata.name", "a name is needed")
	}
	*m = metav1.ObjectMeta{Name: m.Name, Namespace: namespace, Labels: m.Labels, Annotations: m.Annotations}
	if parent := trace.Parent(ctx); parent != "" {
		metav1.SetMetaDataAnnotation(m, TraceAnnotation, parent)
	}
	return nil
}
