package scaler_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/scaler"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
)

// pools is an object API with a MinerSet, a scaler of it, and an operation that says how many miners are wanted.
type pools struct {
	t       *testing.T
	dynamic dynamic.Interface
	objects *kube.Client
	wanted  atomic.Int64
	broken  atomic.Bool
}

func newPools(t *testing.T) *pools {
	t.Helper()
	server := kubetest.New(t)
	p := &pools{t: t}
	var err error
	if p.dynamic, err = dynamic.NewForConfig(server.Config()); err != nil {
		t.Fatal(err)
	}
	if p.objects, err = kube.New(server.Config()); err != nil {
		t.Fatal(err)
	}
	core, err := kubernetes.NewForConfig(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "night-token"}, Data: map[string][]byte{"token": []byte("sesame")}}
	if _, err := core.CoreV1().Secrets("user-a").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	operation := httptest.NewServer(http.HandlerFunc(p.measure))
	t.Cleanup(operation.Close)
	p.make("triggerauthentications", `{kind: TriggerAuthentication, metadata: {name: night}, spec: {secretTargetRef: [{parameter: token, name: night-token, key: token}]}}`)
	p.make("scaledobjects", strings.Replace(measuredFile, "URL", operation.URL, 1))
	replicas := int32(0)
	if _, err := p.objects.MinerSets("user-a").Create(t.Context(), &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: "night"}, Spec: v1beta1.MinerSetSpec{Replicas: &replicas},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.run(scaler.PoolOptions{Config: server.Config(), Client: operation.Client(), Poll: 5 * time.Millisecond, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	return p
}

const measuredFile = `
kind: ScaledObject
metadata: {name: night}
spec:
  scaleTargetRef: {apiVersion: apps.onex.io/v1beta1, kind: MinerSet, name: night}
  cooldownPeriod: 0
  minReplicaCount: 0
  maxReplicaCount: 5
  triggers:
  - type: metrics-api
    metadata: {url: URL, valueLocation: wanted, targetValue: "1", authMode: bearer}
    authenticationRef: {name: night}
`

func (p *pools) run(o scaler.PoolOptions) {
	s, err := scaler.NewPools(o)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	p.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Error(err)
		}
	})
}

func (p *pools) resource(name string) dynamic.ResourceInterface {
	return p.dynamic.Resource(schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: name}).Namespace("user-a")
}

func (p *pools) make(resource, text string) {
	p.t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		p.t.Fatal(err)
	}
	o.SetAPIVersion("keda.sh/v1alpha1")
	if _, err := p.resource(resource).Create(p.t.Context(), o, metav1.CreateOptions{}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pools) measure(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer sesame":
		w.WriteHeader(http.StatusUnauthorized)
	case p.broken.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		fmt.Fprintf(w, `{"wanted":%d}`, p.wanted.Load())
	}
}

// until waits for a size, and for what the ScaledObject says of itself.
func (p *pools) until(replicas int32, ready string) {
	p.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		set, err := p.objects.MinerSets("user-a").Get(p.t.Context(), "night", metav1.GetOptions{})
		if err != nil {
			p.t.Fatal(err)
		}
		so, err := p.resource("scaledobjects").Get(p.t.Context(), "night", metav1.GetOptions{})
		if err != nil {
			p.t.Fatal(err)
		}
		conditions, _, _ := unstructured.NestedSlice(so.Object, "status", "conditions")
		if *set.Spec.Replicas == replicas && len(conditions) == 1 && conditions[0].(map[string]any)["status"] == ready {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%d replicas and %v, want %d and %s", *set.Spec.Replicas, conditions, replicas, ready)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAMinerSetFollowsItsMeasure(t *testing.T) {
	p := newPools(t)
	p.until(0, "True")
	p.wanted.Store(3)
	p.until(3, "True")
	p.wanted.Store(900)
	p.until(5, "True")
	p.broken.Store(true)
	p.until(5, "False") // what cannot be read changes nothing
	p.broken.Store(false)
	p.wanted.Store(0)
	p.until(0, "True")
}
