// Package sink knows where a Knative Destination is, as Knative's own resolver would say it.
package sink

import (
	"errors"
	"fmt"
	"net/url"

	duckv1 "knative.dev/pkg/apis/duck/v1"
)

// Ingress is the cluster name of the broker's ingress; a broker's address is the path /<namespace>/<name> there.
const Ingress = "broker-ingress.knative-eventing.svc.cluster.local"

// URL is the address of d. The namespace of its reference must be set, which SetDefaults does.
func URL(d duckv1.Destination) (*url.URL, error) {
	if d.Ref == nil {
		if d.URI == nil || d.URI.Host == "" {
			return nil, errors.New("destination has neither reference nor absolute URI")
		}
		return d.URI.URL(), nil
	}
	base, err := refURL(*d.Ref)
	if err != nil {
		return nil, err
	}
	if d.URI != nil {
		base = base.ResolveReference(d.URI.URL())
	}
	return base, nil
}

func refURL(r duckv1.KReference) (*url.URL, error) {
	switch r.APIVersion + " " + r.Kind {
	case "serving.knative.dev/v1 Service", "v1 Service":
		return &url.URL{Scheme: "http", Host: r.Name + "." + r.Namespace + ".svc.cluster.local"}, nil
	case "eventing.knative.dev/v1 Broker":
		return &url.URL{Scheme: "http", Host: Ingress, Path: "/" + r.Namespace + "/" + r.Name}, nil
	default:
		return nil, fmt.Errorf("a %s of %s cannot be sent to on this machine", r.Kind, r.APIVersion)
	}
}
