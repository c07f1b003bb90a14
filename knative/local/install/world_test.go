package install_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	sigsyaml "sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/install"
	kubeserver "onex.io/onex/knative/local/kube"
	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/kube"
)

// user is whose namespace the tests are in.
const user = "user-7k2mq9xw4p"

// world is a real API server with the platform's kinds and policies on it.
type world struct {
	t         *testing.T
	server    *kubeserver.Server
	rest      *rest.Config
	installer *install.Installer
	config    config.Config
	objects   *kube.Client
	dynamic   dynamic.Interface
	core      kubernetes.Interface
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, core := kubetest.Start(t)
	rest, err := server.Config()
	fatal(t, err)
	w := &world{t: t, server: server, rest: rest, core: core}
	w.installer, err = install.New(rest)
	fatal(t, err)
	w.objects, err = kube.New(rest)
	fatal(t, err)
	w.dynamic, err = dynamic.NewForConfig(rest)
	fatal(t, err)
	keys, err := config.NewKeys()
	fatal(t, err)
	keys["ONEX_MONGO"], keys["ONEX_REDIS"], keys["ONEX_KAFKA"] = "mongodb://m", "r:1", "k:1"
	keys["ONEX_ALLOWED_IMAGES"], keys["ONEX_BLOCK_INTERVAL_MAX"] = "good.example/node,exact.example/node:2", "2h"
	w.config, err = config.ReadMap(keys)
	fatal(t, err)
	for range 2 { // a platform that starts again installs again
		fatal(t, w.installer.Kinds(t.Context(), "../../crds"))
		fatal(t, w.installer.Policies(t.Context(), "../../admission", w.config))
	}
	w.namespace(user)
	return w
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) namespace(name string) {
	w.t.Helper()
	_, err := w.core.CoreV1().Namespaces().Create(w.t.Context(), &v1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	fatal(w.t, err)
}

// in opens the objects of a kind in a namespace.
func (w *world) in(namespace, kind string) dynamic.ResourceInterface {
	resource := v1beta1.SchemeGroupVersion.WithResource(strings.ToLower(kind) + "s")
	return w.dynamic.Resource(resource).Namespace(namespace)
}

// parse reads one object, written by hand.
func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	fatal(t, sigsyaml.Unmarshal([]byte(text), &o.Object))
	o.SetAPIVersion(v1beta1.SchemeGroupVersion.String())
	return o
}

// create makes an object as kubectl create does: a field that nobody knows is an error.
func (w *world) create(o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	w.t.Helper()
	namespace := o.GetNamespace()
	if namespace == "" {
		namespace = user
	}
	return w.in(namespace, o.GetKind()).Create(w.t.Context(), o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
}

// read gives the objects of a file.
func (w *world) read(file string) (all []*unstructured.Unstructured) {
	w.t.Helper()
	f, err := os.Open(file)
	fatal(w.t, err)
	defer f.Close()
	documents := yaml.NewYAMLReader(bufio.NewReader(f))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		fatal(w.t, err)
		o := &unstructured.Unstructured{}
		fatal(w.t, sigsyaml.Unmarshal(text, &o.Object))
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
}

// apply does with a file what kubectl apply does on the server's side.
func (w *world) apply(file string) {
	w.t.Helper()
	for _, o := range w.read(file) {
		namespace := o.GetNamespace()
		if namespace == "" {
			namespace = user
		}
		_, err := w.in(namespace, o.GetKind()).Apply(w.t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "kubectl"})
		fatal(w.t, err)
	}
}

// table is what kubectl get prints of a kind, cell by cell; wide columns are in parentheses.
func (w *world) table(namespace, resource string) (header []string, rows [][]string) {
	w.t.Helper()
	client, err := rest.HTTPClientFor(w.rest)
	fatal(w.t, err)
	url := fmt.Sprintf("%s/apis/%s/namespaces/%s/%s", w.rest.Host, v1beta1.SchemeGroupVersion, namespace, resource)
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	fatal(w.t, err)
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	response, err := client.Do(request)
	fatal(w.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	fatal(w.t, err)
	var table metav1.Table
	fatal(w.t, sigsyaml.Unmarshal(text, &table))
	for _, c := range table.ColumnDefinitions {
		name := c.Name
		if c.Priority > 0 {
			name = "(" + name + ")"
		}
		header = append(header, name)
	}
	for _, r := range table.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, fmt.Sprint(c))
		}
		rows = append(rows, cells)
	}
	return header, rows
}
