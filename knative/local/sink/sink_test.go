package sink_test

import (
	"testing"

	duckv1 "knative.dev/pkg/apis/duck/v1"
	"sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/sink"
)

func TestURL(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"a Knative Service":                 {"ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: a, namespace: onex}", "http://a.onex.svc.cluster.local"},
		"a Kubernetes Service":              {"ref: {apiVersion: v1, kind: Service, name: a, namespace: onex}", "http://a.onex.svc.cluster.local"},
		"a Service and a path":              {"{ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: a, namespace: onex}, uri: /in}", "http://a.onex.svc.cluster.local/in"},
		"a Broker":                          {"ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default, namespace: onex}", "http://broker-ingress.knative-eventing.svc.cluster.local/onex/default"},
		"an address":                        {"uri: http://b.onex.svc.cluster.local/x", "http://b.onex.svc.cluster.local/x"},
		"a path alone is nowhere":           {"uri: /x", ""},
		"nothing is nowhere":                {"{}", ""},
		"a kind that cannot be sent to":     {"ref: {apiVersion: batch/v1, kind: Job, name: a, namespace: onex}", ""},
		"a version that nobody knows of it": {"ref: {apiVersion: serving.knative.dev/v9, kind: Service, name: a, namespace: onex}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var d duckv1.Destination
			if err := yaml.UnmarshalStrict([]byte(tt.in), &d); err != nil {
				t.Fatal(err)
			}
			u, err := sink.URL(d)
			if err != nil {
				u = nil
			}
			got := ""
			if u != nil {
				got = u.String()
			}
			if got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
