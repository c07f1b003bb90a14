package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/cel/environment"
)

// celEnvironment knows what the API server gives to a policy, without the types of the objects.
func celEnvironment(t *testing.T, variables []admissionv1.Variable) *cel.Env {
	t.Helper()
	env, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Env(environment.StoredExpressions)
	if err != nil {
		t.Fatal(err)
	}
	known := []cel.EnvOption{cel.Variable("variables", cel.DynType)}
	for _, name := range []string{"object", "oldObject", "params", "request", "namespaceObject", "authorizer"} {
		known = append(known, cel.Variable(name, cel.DynType))
	}
	env, err = env.Extend(known...)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if _, issues := env.Compile(v.Expression); issues.Err() != nil {
			t.Errorf("variable %s: %v", v.Name, issues.Err())
		}
	}
	return env
}

// What they do is tested on a real API server, beside the code of the local platform that installs them.
func TestAdmissionPoliciesAreWhole(t *testing.T) {
	all := objects(t)
	policies, bound := named(all, "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy"), map[string]bool{}
	for _, o := range all {
		switch p := o.body.(type) {
		case *admissionv1.ValidatingAdmissionPolicy:
			wantStrict(t, o, p)
		case *admissionv1.ValidatingAdmissionPolicyBinding:
			bound[p.Spec.PolicyName] = true
			if !slices.Equal(p.Spec.ValidationActions, []admissionv1.ValidationAction{admissionv1.Deny}) || p.Spec.MatchResources != nil {
				t.Errorf("%s: %q does not deny everywhere", o.file, p.Name)
			}
			ref := p.Spec.ParamRef
			if ref != nil && (ref.Name != "onex-policy" || ref.Namespace != "onex" || *ref.ParameterNotFoundAction != admissionv1.DenyAction) {
				t.Errorf("%s: %q is open, or goes by settings that are not the operator's: %+v", o.file, p.Name, ref)
			}
		}
	}
	for _, name := range policies {
		if !bound[name] {
			t.Errorf("policy %q binds nobody", name)
		}
	}
	if len(policies) < 2 {
		t.Errorf("%d policies were judged", len(policies))
	}
}

func wantStrict(t *testing.T, o object, p *admissionv1.ValidatingAdmissionPolicy) {
	t.Helper()
	if p.Spec.FailurePolicy == nil || *p.Spec.FailurePolicy != admissionv1.Fail {
		t.Errorf("%s: %q lets through what it cannot judge", o.file, p.Name)
	}
	env := celEnvironment(t, p.Spec.Variables)
	for _, v := range p.Spec.Validations {
		for _, expression := range []string{v.Expression, v.MessageExpression} {
			if expression == "" {
				continue
			}
			if _, issues := env.Compile(expression); issues.Err() != nil {
				t.Errorf("%s: %q: %v", o.file, p.Name, issues.Err())
			}
		}
		text := strings.Trim(v.Message+v.MessageExpression, "'")
		if field, _, named := strings.Cut(text, ": "); !named || strings.Contains(field, " ") || v.Reason == nil {
			t.Errorf("%s: %q: %q names no field, or no reason", o.file, p.Name, text)
		}
	}
}
