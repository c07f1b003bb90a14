package check

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"onex.io/onex/functions/catalog"
)

// funcFile is as much of func's schema (specVersion 0.36.0) as we use. The schema allows no field that it does not
// name, and wants specVersion and created.
type funcFile struct {
	SpecVersion string    `json:"specVersion"`
	Name        string    `json:"name"`
	Namespace   string    `json:"namespace"`
	Runtime     string    `json:"runtime"`
	Image       string    `json:"image"`
	Created     time.Time `json:"created"`
	Invoke      string    `json:"invoke"`
	Run         struct {
		Envs []funcEnv `json:"envs"`
	} `json:"run"`
	Deploy struct {
		ServiceAccountName string `json:"serviceAccountName"`
		HealthEndpoints    struct {
			Liveness  string `json:"liveness"`
			Readiness string `json:"readiness"`
		} `json:"healthEndpoints"`
		Labels []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Options     struct {
			Scale struct {
				Min int64 `json:"min"`
				Max int64 `json:"max"`
			} `json:"scale"`
			Resources struct {
				Requests map[string]string `json:"requests"`
				Limits   struct {
					Memory      string `json:"memory"`
					Concurrency int64  `json:"concurrency"`
				} `json:"limits"`
			} `json:"resources"`
		} `json:"options"`
	} `json:"deploy"`
}

// funcEnv is a variable, or without a name all that a ConfigMap has.
type funcEnv struct {
	Name  *string `json:"name,omitempty"`
	Value string  `json:"value"`
}

// The patterns of func's schema, and of the values that it looks up in the cluster.
const (
	funcName      = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	funcVariable  = `^[-._a-zA-Z][-._a-zA-Z0-9]*$`
	funcKey       = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	funcSecret    = `^{{ secret:(onex-keys):([-._a-zA-Z0-9]+) }}$`
	funcConfigMap = `^{{ configMap:(onex-policy) }}$`
)

// services are the Knative Services that are deployed, by name.
func services(t *testing.T) map[string]*servingv1.Service {
	t.Helper()
	found := map[string]*servingv1.Service{}
	for _, o := range objects(t) {
		if s, ok := o.body.(*servingv1.Service); ok {
			found[s.Name] = s
		}
	}
	return found
}

func TestFuncKnowsEveryServiceAsItIsDeployed(t *testing.T) {
	all := services(t)
	for _, file := range files(t, "/func.yaml") {
		if strings.HasPrefix(file, "scripts/") {
			continue // its template
		}
		var f funcFile
		if err := yaml.UnmarshalStrict([]byte(read(t, file)), &f); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		s := all[f.Name]
		if s == nil || path.Base(path.Dir(file)) != f.Name {
			t.Errorf("%s: there is no Service %q", file, f.Name)
			continue
		}
		delete(all, f.Name)
		wantFuncSchema(t, file, f)
		wantSameService(t, file, f, s)
	}
	for name := range all {
		t.Errorf("func does not know %s", name)
	}
}

func wantFuncSchema(t *testing.T, file string, f funcFile) {
	t.Helper()
	matches := func(what, pattern, text string) {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%s: %s %q is not %s", file, what, text, pattern)
		}
	}
	matches("name", funcName, f.Name)
	for _, l := range f.Deploy.Labels {
		matches("label", funcKey, l.Key)
	}
	if f.SpecVersion != "0.36.0" || f.Created.IsZero() || f.Runtime != "go" || !slices.Contains([]string{"http", "cloudevent"}, f.Invoke) {
		t.Errorf("%s: version %q of %s, runtime %q, invoked by %q", file, f.SpecVersion, f.Created, f.Runtime, f.Invoke)
	}
	for _, e := range f.Run.Envs {
		switch {
		case e.Name == nil:
			matches("environment", funcConfigMap, e.Value)
		case strings.Contains(e.Value, "{{"):
			matches("variable", funcVariable, *e.Name)
			matches("value", funcSecret, e.Value)
		}
	}
	quantities := append([]string{f.Deploy.Options.Resources.Limits.Memory}, f.Deploy.Options.Resources.Requests["cpu"], f.Deploy.Options.Resources.Requests["memory"])
	for _, q := range quantities {
		if _, err := resource.ParseQuantity(q); err != nil {
			t.Errorf("%s: %q: %v", file, q, err)
		}
	}
}

// wantSameService wants func to deploy what make deploys, as far as func can say it.
func wantSameService(t *testing.T, file string, f funcFile, s *servingv1.Service) {
	t.Helper()
	spec, c := s.Spec.Template.Spec, s.Spec.Template.Spec.Containers[0]
	var made, have []string
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil && isTrue(v.ValueFrom.SecretKeyRef.Optional) {
			continue // func knows no Secret that need not be there
		}
		made = append(made, v.Name)
	}
	for _, e := range f.Run.Envs {
		if e.Name != nil {
			have = append(have, *e.Name)
		}
	}
	if !slices.Equal(made, have) {
		t.Errorf("%s: environment %v, the Service has %v", file, have, made)
	}
	if f.Image != c.Image || f.Namespace != s.Namespace || f.Deploy.ServiceAccountName != spec.ServiceAccountName || f.Deploy.Options.Resources.Limits.Concurrency != *spec.ContainerConcurrency {
		t.Errorf("%s: %+v, the Service is %+v", file, f, spec)
	}
	if f.Deploy.HealthEndpoints.Readiness != c.ReadinessProbe.HTTPGet.Path || f.Deploy.HealthEndpoints.Liveness != c.ReadinessProbe.HTTPGet.Path {
		t.Errorf("%s: asked for health at %+v", file, f.Deploy.HealthEndpoints)
	}
	private := slices.ContainsFunc(f.Deploy.Labels, func(l struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}) bool {
		return l.Key == "networking.knative.dev/visibility" && l.Value == "cluster-local"
	})
	if operation, _ := catalog.Find(f.Name); private == operation.Public {
		t.Errorf("%s: private is %v", file, private)
	}
}
