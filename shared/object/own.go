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

// Own puts a new object into the caller's namespace. Another namespace is refused; what only the platform may set
// (owners, finalizers, identity) is dropped.
func Own(ctx context.Context, m *metav1.ObjectMeta) error {
	namespace := access.From(ctx).UserID
	if namespace == "" {
		return fault.New(fault.Denied, "Forbidden", "nobody has a namespace")
	}
	if m.Namespace != "" && m.Namespace != namespace {
		return fault.New(fault.Denied, "Forbidden", "metadata.namespace: %q is not your namespace", m.Namespace)
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
