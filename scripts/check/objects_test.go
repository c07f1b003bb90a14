package check

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// object is one document of a manifest, decoded into its Go type.
type object struct {
	file string
	kind string
	meta metav1.Object // nil for a kustomization
	body any
}

// kustomization is as much of Kustomize's file as we use.
type kustomization struct {
	metav1.TypeMeta `json:",inline"`
	Resources       []string `json:"resources"`
	Labels          []struct {
		Pairs map[string]string `json:"pairs"`
	} `json:"labels,omitempty"`
	Configurations     []string `json:"configurations,omitempty"`
	ConfigMapGenerator []struct {
		Name      string   `json:"name"`
		Namespace string   `json:"namespace"`
		Envs      []string `json:"envs"`
		Options   struct {
			Labels                map[string]string `json:"labels"`
			DisableNameSuffixHash bool              `json:"disableNameSuffixHash"`
		} `json:"options"`
	} `json:"configMapGenerator,omitempty"`
}

// references is a configuration of Kustomize, which bears no kind: where objects name other objects.
type references struct {
	NameReference []struct {
		Kind       string `json:"kind"`
		Version    string `json:"version"`
		FieldSpecs []struct {
			Group string `json:"group"`
			Kind  string `json:"kind"`
			Path  string `json:"path"`
		} `json:"fieldSpecs"`
	} `json:"nameReference"`
}

// typed makes an empty object of a kind; nil for a kind that we do not use.
func typed(kind string) any {
	switch kind {
	case "serving.knative.dev/v1 Service":
		return &servingv1.Service{}
	case "eventing.knative.dev/v1 Trigger":
		return &eventingv1.Trigger{}
	case "eventing.knative.dev/v1 Broker":
		return &eventingv1.Broker{}
	case "sources.knative.dev/v1 PingSource":
		return &sourcesv1.PingSource{}
	case "sources.knative.dev/v1 ApiServerSource":
		return &sourcesv1.ApiServerSource{}
	case "keda.sh/v1alpha1 ScaledObject":
		return &kedav1alpha1.ScaledObject{}
	case "keda.sh/v1alpha1 TriggerAuthentication":
		return &kedav1alpha1.TriggerAuthentication{}
	case "apiextensions.k8s.io/v1 CustomResourceDefinition":
		return &apiextensionsv1.CustomResourceDefinition{}
	case "kustomize.config.k8s.io/v1beta1 Kustomization":
		return &kustomization{}
	case " ":
		return &references{}
	}
	return builtin(kind)
}

// builtin makes an empty object of one of Kubernetes' own kinds.
func builtin(kind string) any {
	switch kind {
	case "v1 Namespace":
		return &corev1.Namespace{}
	case "v1 ServiceAccount":
		return &corev1.ServiceAccount{}
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "v1 Service":
		return &corev1.Service{}
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}
	case "apps/v1 StatefulSet":
		return &appsv1.StatefulSet{}
	case "batch/v1 Job":
		return &batchv1.Job{}
	case "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy":
		return &admissionv1.ValidatingAdmissionPolicy{}
	case "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding":
		return &admissionv1.ValidatingAdmissionPolicyBinding{}
	case "policy/v1 PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}
	case "networking.k8s.io/v1 NetworkPolicy":
		return &networkingv1.NetworkPolicy{}
	case "rbac.authorization.k8s.io/v1 ClusterRole":
		return &rbacv1.ClusterRole{}
	case "rbac.authorization.k8s.io/v1 ClusterRoleBinding":
		return &rbacv1.ClusterRoleBinding{}
	case "rbac.authorization.k8s.io/v1 Role":
		return &rbacv1.Role{}
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		return &rbacv1.RoleBinding{}
	}
	return nil
}

// objects are all objects that are deployed. Every field of every one of them is known to its type.
func objects(t *testing.T) []object {
	t.Helper()
	var all []object
	for _, file := range files(t, ".yaml", ".yml") {
		deployed := slices.Contains([]string{"knative", "triggers", "eventing"}, strings.Split(file, "/")[0])
		apart := slices.ContainsFunc([]string{"knative/local/", "knative/overlays/", "knative/funcs/"}, func(folder string) bool { return strings.HasPrefix(file, folder) })
		if !deployed || apart {
			continue // what func reads has a test beside this one, and overlays one in knative/local
		}
		all = append(all, documents(t, file)...)
	}
	if len(all) < 20 {
		t.Fatalf("%d objects were found: this looks at the wrong place", len(all))
	}
	return all
}

func documents(t *testing.T, file string) []object {
	t.Helper()
	var all []object
	reader := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(read(t, file))))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if o, ok := decode(t, file, text); ok {
			all = append(all, o)
		}
	}
}

func decode(t *testing.T, file string, text []byte) (object, bool) {
	t.Helper()
	var head metav1.TypeMeta
	if err := yaml.Unmarshal(text, &head); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if head.Kind == "" && len(bytes.TrimSpace(uncommented(text))) == 0 {
		return object{}, false // comments before the first document
	}
	o := object{file: file, kind: head.APIVersion + " " + head.Kind}
	if o.body = typed(o.kind); o.body == nil {
		t.Errorf("%s: nobody checks a %s", file, o.kind)
		return o, false
	}
	if err := yaml.UnmarshalStrict(text, o.body); err != nil {
		t.Errorf("%s: %v", file, err)
	}
	o.meta, _ = o.body.(metav1.Object)
	return o, true
}

func uncommented(text []byte) []byte {
	var kept [][]byte
	for _, line := range bytes.Split(text, []byte("\n")) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) && !bytes.HasPrefix(line, []byte("---")) {
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, []byte("\n"))
}

// named are the names of the objects of a kind.
func named(all []object, kind string) []string {
	var names []string
	for _, o := range all {
		if o.kind == kind {
			names = append(names, o.meta.GetName())
		}
	}
	return names
}

func TestEveryManifestIsStrictlyItsType(t *testing.T) {
	objects(t) // reports what is not
}

// Without this, a typing error is silently nothing.
func TestStrictMeansThatAnUnknownFieldIsAnError(t *testing.T) {
	for _, text := range []string{
		"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: x}\nspec: {template: {spec: {containerConcurency: 3}}}\n",
		"apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: x}\nspec: {broker: default, subscriber: {uri: http://x}, filter: {attribute: {type: x}}}\n",
		"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: x}\nspec: {maxReplicasCount: 3}\n",
	} {
		var head metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict([]byte(text), typed(head.APIVersion+" "+head.Kind)); err == nil {
			t.Errorf("accepted:\n%s", text)
		}
	}
}

func TestEveryObjectHasItsPlaceAndIsThereOnce(t *testing.T) {
	cluster := []string{"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
	seen := map[string]string{}
	for _, o := range objects(t) {
		if o.meta == nil {
			continue
		}
		_, kind, _ := strings.Cut(o.kind, " ")
		want := "onex"
		switch {
		case slices.Contains(cluster, kind):
			want = ""
		case o.file == "knative/network/public-chains.yaml":
			want = v1beta1.ChainNamespace
		}
		if o.meta.GetNamespace() != want {
			t.Errorf("%s: %s %q is in namespace %q, want %q", o.file, kind, o.meta.GetName(), o.meta.GetNamespace(), want)
		}
		key := o.kind + " " + o.meta.GetName()
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s both make %s", other, o.file, key)
		}
		seen[key] = o.file
	}
}

// What no kustomization lists is not deployed, whatever it looks like.
func TestEveryManifestIsDeployed(t *testing.T) {
	listed := map[string]bool{}
	var visit func(folder string)
	visit = func(folder string) {
		for _, o := range documents(t, folder+"/kustomization.yaml") {
			k := o.body.(*kustomization)
			for _, r := range slices.Concat(k.Resources, k.Configurations) {
				if target := path.Join(folder, r); path.Ext(target) != "" {
					listed[target] = true
				} else {
					visit(target)
				}
			}
		}
	}
	visit("knative")
	present := map[string]bool{}
	for _, o := range objects(t) {
		present[o.file] = true
		if !listed[o.file] && path.Base(o.file) != "kustomization.yaml" {
			t.Errorf("%s is not deployed: no kustomization leads to it", o.file)
		}
	}
	for file := range listed {
		if !present[file] {
			t.Errorf("%s is listed, but it is not there", file)
		}
	}
}
