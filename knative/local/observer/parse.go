package observer

import (
	"context"
	"errors"
	"fmt"

	"knative.dev/eventing/pkg/apis/feature"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"
	"sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/sink"
)

// parse reads an ApiServerSource as the cluster's admission would, and refuses what this machine cannot play.
func parse(doc []byte, namespace string) (*sourcesv1.ApiServerSource, error) {
	var s sourcesv1.ApiServerSource
	if err := yaml.UnmarshalStrict(doc, &s); err != nil {
		return nil, err
	}
	if s.Namespace == "" {
		s.Namespace = namespace
	}
	ctx := feature.ToContext(context.Background(), feature.FromContextOrDefaults(context.Background()))
	s.SetDefaults(ctx)
	if s.Spec.Sink.Ref != nil && s.Spec.Sink.Ref.Namespace == "" {
		s.Spec.Sink.Ref.Namespace = s.Namespace
	}
	if err := s.Validate(ctx); err != nil {
		return nil, err
	}
	if n := s.Spec.NamespaceSelector; n != nil && len(n.MatchLabels)+len(n.MatchExpressions) > 0 {
		return nil, errors.New("namespaceSelector: only the own namespace, or every one, can be watched on this machine")
	}
	if s.Spec.ResourceOwner != nil {
		return nil, errors.New("owner: objects cannot be told by their owners on this machine")
	}
	if _, err := sink.URL(s.Spec.Sink); err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	return &s, nil
}
