package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

const helloNamespace = "hello-world"

// helloManifest is hello world, deployed as our operations are.
const helloManifest = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  namespace: hello-world
  labels: {networking.knative.dev/visibility: cluster-local}
spec:
  template:
    metadata:
      annotations:
        queue.sidecar.serving.knative.dev/cpu-resource-request: 5m
    spec:
      enableServiceLinks: false
      containers:
      - image: dev.local/hello:local
        imagePullPolicy: Never
        resources: {requests: {cpu: 10m}}
`

func knativeServices() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
}

// helloCount is how many hello worlds there are, so that one can be cold while another is called.
const helloCount = 4

// helloWorld deploys hello worlds and gives their namespace/name.
func (w *world) helloWorld(t *testing.T) (services []string) {
	t.Cleanup(func() { w.removeHello(t) })
	eventually(t, "there is a namespace for hello world", func(ctx context.Context) error {
		_, err := w.core.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: helloNamespace}}, metav1.CreateOptions{})
		return err
	})
	for i := range helloCount {
		o := &unstructured.Unstructured{}
		fatal(t, yaml.Unmarshal([]byte(helloManifest), &o.Object))
		o.SetName(fmt.Sprintf("hello-%d", i))
		_, err := w.dynamic.Resource(knativeServices()).Namespace(helloNamespace).Create(t.Context(), o, metav1.CreateOptions{})
		fatal(t, err)
		services = append(services, helloNamespace+"/"+o.GetName())
	}
	for _, s := range services {
		eventually(t, s+" answers", func(ctx context.Context) error { _, err := w.timed(ctx, s, "/", ""); return err })
	}
	return services
}

func (w *world) removeHello(t *testing.T) {
	err := w.core.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), helloNamespace, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Error(err)
	}
}

// timed calls a Knative Service, named namespace/name, at its cluster-local address and says how long the answer took.
func (w *world) timed(ctx context.Context, service, path, token string) (time.Duration, error) {
	namespace, name := split(service)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s.%s.svc.cluster.local%s", name, namespace, path), nil)
	if err != nil {
		return 0, err
	}
	return duration(w.inside, r, token)
}

// timedOutside calls the platform at its public address and says how long the answer took.
func (w *world) timedOutside(ctx context.Context, path, token string) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.o.Addr+path, nil)
	if err != nil {
		return 0, err
	}
	r.Host = w.o.Host
	return duration(http.DefaultClient, r, token)
}

// duration says how long a request took until the answer, which must be a success, was read.
func duration(c *http.Client, r *http.Request, token string) (time.Duration, error) {
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	began := time.Now()
	response, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, err
	}
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answers %s", r.URL, response.Status)
	}
	return time.Since(began), nil
}

// cold waits until no pod takes requests for a Service: what still ends takes none.
func (w *world) cold(t *testing.T, service string) {
	t.Helper()
	namespace, name := split(service)
	eventually(t, service+" has no pod", func(ctx context.Context) error {
		pods, err := w.core.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "serving.knative.dev/service=" + name})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp == nil }) {
			return errNotYet
		}
		return nil
	})
}

func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}
