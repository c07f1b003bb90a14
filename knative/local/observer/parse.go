package observer

import (
	"errors"

	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"

	"onex.io/onex/knative/local/sink"
)

// parse reads an ApiServerSource as the cluster's admission would, and refuses what this machine cannot play.
func parse(doc []byte, namespace string) (*sourcesv1.ApiServerSource, error) {
	var s sourcesv1.ApiServerSource
	if err := sink.ReadSource(doc, namespace, &s, &s.Spec.Sink); err != nil {
		return nil, err
	}
	if n := s.Spec.NamespaceSelector; n != nil && len(n.MatchLabels)+len(n.MatchExpressions) > 0 {
		return nil, errors.New("namespaceSelector: only the own namespace, or every one, can be watched on this machine")
	}
	if s.Spec.ResourceOwner != nil {
		return nil, errors.New("owner: objects cannot be told by their owners on this machine")
	}
	return &s, nil
}
