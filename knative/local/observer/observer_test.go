package observer_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"onex.io/onex/knative/local/mesh"
	"onex.io/onex/knative/local/observer"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
)

const file = `apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata: {name: changes}
spec:
  namespaceSelector: {}
  resources:
  - {apiVersion: apps.onex.io/v1beta1, kind: Chain}
  - {apiVersion: apps.onex.io/v1beta1, kind: Miner}
  sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}
`

// world is an API server with an observer before it, and the broker that is told.
type world struct {
	t       *testing.T
	dir     string
	origin  string
	objects *kube.Client

	mu  sync.Mutex
	got []cloudevents.Event
	bad int // answers to refuse first
}

func newWorld(t *testing.T, file string) *world {
	t.Helper()
	server := kubetest.New(t)
	w := &world{t: t, dir: t.TempDir(), origin: server.Config().Host}
	objects, err := dynamic.NewForConfig(server.Config())
	w.must(err)
	w.objects, err = kube.New(server.Config())
	w.must(err)
	w.write(file)
	m, err := mesh.New(mesh.Options{})
	w.must(err)
	m.Handle("broker-ingress", "knative-eventing", w)
	b, err := observer.New(observer.Options{
		Dirs: []string{w.dir}, Namespace: "onex", Objects: objects, Origin: w.origin, Poll: time.Millisecond,
		Client: &http.Client{Transport: m.Transport()}, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- m.Run(ctx) }()
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			w.must(<-done)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(file string) {
	w.t.Helper()
	next := filepath.Join(w.t.TempDir(), "x.yaml")
	w.must(os.WriteFile(next, []byte(file), 0o600))
	w.must(os.Rename(next, filepath.Join(w.dir, "x.yaml")))
}

// ServeHTTP is the broker.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	e, err := cloudevents.NewEventFromHTTPRequest(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil || r.URL.Path != "/onex/default":
		rw.WriteHeader(http.StatusBadRequest)
	case w.bad > 0:
		w.bad--
		rw.WriteHeader(http.StatusServiceUnavailable)
	default:
		w.got = append(w.got, *e)
		rw.WriteHeader(http.StatusAccepted)
	}
}

func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		ok := done()
		w.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("not in a minute: %s; told was %v", what, w.got)
		}
	}
}

func (w *world) add(namespace, name string) {
	w.t.Helper()
	_, err := w.objects.Miners(namespace).Create(w.t.Context(), &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	w.must(err)
}

// watching waits until a change of what is watched is told; from then on, every one is.
func (w *world) watching() {
	w.t.Helper()
	n := 0
	w.eventually("the observer watches", func() bool {
		n++
		_, err := w.objects.Chains("probe").Create(w.t.Context(), &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c%d", n)}}, metav1.CreateOptions{})
		w.must(err)
		_, err = w.objects.Miners("probe").Create(w.t.Context(), &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("m%d", n)}}, metav1.CreateOptions{})
		w.must(err)
		return len(w.objectsOf("Chain")) > 0 && len(w.objectsOf("Miner")) > 0
	})
}

func (w *world) objectsOf(kind string) (names []string) {
	for _, e := range w.got {
		if e.Extensions()["kind"] == kind {
			names = append(names, e.Extensions()["name"].(string))
		}
	}
	return names
}

// about are the events about a Miner, in the order in which they came.
func (w *world) about(name string) (found []cloudevents.Event) {
	for _, e := range w.got {
		if e.Extensions()["name"] == name {
			found = append(found, e)
		}
	}
	return found
}

func TestEveryChangeIsToldInKnativesWords(t *testing.T) {
	w := newWorld(t, file)
	w.watching()
	w.add("user-a", "pool-0")
	m, err := w.objects.Miners("user-a").Get(t.Context(), "pool-0", metav1.GetOptions{})
	w.must(err)
	m.Status.Phase = v1beta1.MinerRunning
	_, err = w.objects.Miners("user-a").UpdateStatus(t.Context(), m, metav1.UpdateOptions{})
	w.must(err)
	w.must(w.objects.Miners("user-a").Delete(t.Context(), "pool-0", metav1.DeleteOptions{}))
	w.eventually("three changes are told", func() bool { return len(w.about("pool-0")) == 3 })

	ids := map[string]bool{}
	for i, eventType := range []string{"dev.knative.apiserver.ref.add", "dev.knative.apiserver.ref.update", "dev.knative.apiserver.ref.delete"} {
		e := w.about("pool-0")[i]
		ids[e.ID()] = true
		if e.Type() != eventType || e.Source() != w.origin || e.Subject() != "/apis/apps.onex.io/v1beta1/namespaces/user-a/miners/pool-0" {
			t.Errorf("told was %s", e)
		}
		x := e.Extensions()
		if x["kind"] != "Miner" || x["namespace"] != "user-a" || x["apiversion"] != "apps.onex.io/v1beta1" {
			t.Errorf("%s has the extensions %v", e.Type(), x)
		}
		if got, want := string(e.Data()), `{"kind":"Miner","namespace":"user-a","name":"pool-0","apiVersion":"apps.onex.io/v1beta1"}`; got != want {
			t.Errorf("%s carries %s, want %s", e.Type(), got, want)
		}
	}
	if len(ids) != 3 {
		t.Errorf("ids %v", ids)
	}
}

func TestWhatIsThereAtTheStartIsNotTold(t *testing.T) {
	w := newWorld(t, "")
	w.add("user-a", "early")
	w.write(file)
	w.watching()
	w.add("user-a", "later")
	w.eventually("the later one is told", func() bool { return len(w.about("later")) == 1 })
	if told := w.about("early"); len(told) > 0 {
		t.Errorf("told was %v", told)
	}
}

func TestWhatIsRefusedAtFirstIsSentAgain(t *testing.T) {
	w := newWorld(t, file)
	w.watching()
	w.mu.Lock()
	w.bad = 2
	w.mu.Unlock()
	w.add("user-a", "pool-0")
	w.eventually("it is taken in the end", func() bool { return len(w.about("pool-0")) == 1 })
}

func TestAFileThatCannotBePlayedChangesNothing(t *testing.T) {
	for name, bad := range map[string]string{
		"nothing to look at":      "spec: {sink: {uri: http://x}}",
		"some namespaces":         "spec: {namespaceSelector: {matchLabels: {a: b}}, resources: [{apiVersion: v1, kind: Pod}], sink: {uri: http://x}}",
		"by owner":                "spec: {owner: {apiVersion: v1, kind: Pod}, resources: [{apiVersion: v1, kind: Pod}], sink: {uri: http://x}}",
		"a sink that nobody has":  "spec: {resources: [{apiVersion: v1, kind: Pod}], sink: {ref: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: x}}}",
		"a field that nobody has": "spec: {kinds: [Pod], sink: {uri: http://x}}",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, file)
			w.watching()
			w.write("apiVersion: sources.knative.dev/v1\nkind: ApiServerSource\nmetadata: {name: changes}\n" + bad + "\n")
			w.add("user-a", "pool-0")
			w.eventually("the last good file holds", func() bool { return len(w.about("pool-0")) == 1 })
		})
	}
}

func TestASourceThatChangesTakesThePlaceOfTheOldOne(t *testing.T) {
	w := newWorld(t, file)
	w.watching()
	w.write(file + "  ceOverrides: {extensions: {round: second}}\n")
	n := 0
	w.eventually("the new one is at work", func() bool {
		n++
		w.add("user-a", fmt.Sprintf("probe-%d", n))
		last := len(w.got) - 1
		return w.got[last].Extensions()["round"] == "second"
	})
	w.add("user-a", "pool-0")
	w.add("user-a", "pool-1")
	w.eventually("the second is told", func() bool { return len(w.about("pool-1")) > 0 })
	if told := w.about("pool-0"); len(told) != 1 || told[0].Extensions()["round"] != "second" {
		t.Errorf("told was %v", told)
	}
}
