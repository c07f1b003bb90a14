package sink

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/eventing/pkg/apis/feature"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	"sigs.k8s.io/yaml"
)

// Source is an object that sends events to a sink, such as a PingSource.
type Source interface {
	metav1.Object
	apis.Defaultable
	apis.Validatable
}

// ReadSource reads a source as the cluster's admission would: strictly, with its defaults, validated. An object that
// names no namespace gets the one given. The source's sink, which to points at, must be one that this machine can reach.
func ReadSource(doc []byte, namespace string, s Source, to *duckv1.Destination) error {
	if err := yaml.UnmarshalStrict(doc, s); err != nil {
		return err
	}
	if s.GetNamespace() == "" {
		s.SetNamespace(namespace)
	}
	ctx := feature.ToContext(context.Background(), feature.FromContextOrDefaults(context.Background()))
	s.SetDefaults(ctx)
	if to.Ref != nil && to.Ref.Namespace == "" {
		to.Ref.Namespace = s.GetNamespace()
	}
	if err := s.Validate(ctx); err != nil {
		return err
	}
	if _, err := URL(*to); err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	return nil
}
