// Package e2e is the test of the whole platform: the same for one machine and for a cluster. It lives a life through
// the public API, watches the object API while it happens, and then audits the ledger against the world.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/scripts/conform"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/telemetry/telemetrytest"
)

// Options say where the platform under test is.
type Options struct {
	// Addr is the gateway's address; Host is sent as Host header, where Addr is an ingress.
	Addr, Host string
	Kubeconfig string
	Mongo      string
	// Proxy, if set, reaches the cluster's names. Without it the names of Services are looked up.
	Proxy string
	// Triggers is the folder that the platform reads. Without it, Triggers are objects of the object API.
	Triggers string
	// AdminPasswordFile has the administrator's password. Without it, the Secret onex-keys has it.
	AdminPasswordFile string
	// Kafka, if set, is where records of decisions can be put.
	Kafka string
	// Fault, if set, is a program that does harm to parts of the cluster.
	Fault string
	// Collector, if set, is whom the platform tells what it does.
	Collector *telemetrytest.Collector
}

// world is the platform under test, from the inside.
type world struct {
	o       Options
	api     *client.Client
	core    kubernetes.Interface
	objects *kube.Client
	dynamic dynamic.Interface
	db      *mongo.Database
	inside  *http.Client
}

// patience bounds each wait: a cluster starts functions from nothing.
const patience = 5 * time.Minute

func open(t *testing.T, o Options) *world {
	t.Helper()
	rest, err := kube.Config(o.Kubeconfig)
	fatal(t, err)
	rest.QPS = -1
	w := &world{o: o, api: client.New(o.Addr, client.Options{
		Host: o.Host, HTTP: &http.Client{Transport: conform.New(http.DefaultTransport, t)},
	})}
	w.core, err = kubernetes.NewForConfig(rest)
	fatal(t, err)
	w.dynamic, err = dynamic.NewForConfig(rest)
	fatal(t, err)
	w.objects, err = kube.New(rest)
	fatal(t, err)
	store, err := mongo.Connect(options.Client().ApplyURI(o.Mongo))
	fatal(t, err)
	t.Cleanup(func() { _ = store.Disconnect(context.Background()) })
	w.db = store.Database("onex")
	w.inside, err = w.insider()
	fatal(t, err)
	return w
}

// insider reaches names such as broker-ingress.knative-eventing.svc.cluster.local.
func (w *world) insider() (*http.Client, error) {
	if w.o.Proxy != "" {
		proxy, err := url.Parse(w.o.Proxy)
		return &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}, err
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, port, _ := net.SplitHostPort(addr)
		parts := strings.Split(host, ".")
		if len(parts) < 3 || parts[2] != "svc" {
			return nil, fmt.Errorf("%q is no Service", host)
		}
		s, err := w.service(ctx, parts[1], parts[0])
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(s.Spec.ClusterIP, port))
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}}, nil
}

// service gives the Service of a name, or the one that it is another name of.
func (w *world) service(ctx context.Context, namespace, name string) (*corev1.Service, error) {
	s, err := w.core.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil || s.Spec.Type != corev1.ServiceTypeExternalName {
		return s, err
	}
	parts := strings.Split(s.Spec.ExternalName, ".")
	if len(parts) < 3 || parts[2] != "svc" {
		return nil, fmt.Errorf("%q is no Service", s.Spec.ExternalName)
	}
	return w.core.CoreV1().Services(parts[1]).Get(ctx, parts[0], metav1.GetOptions{})
}

// eventually polls until done, or fails the test with the last error.
func eventually(t *testing.T, what string, done func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var last error
	for {
		err := done(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %s: %v", what, patience, last)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

var errNotYet = errors.New("not yet")

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
