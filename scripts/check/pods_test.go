package check

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"onex.io/onex/shared/config"
)

// podOf is the pod that an object makes, or nil.
func podOf(o object) *corev1.PodSpec {
	switch b := o.body.(type) {
	case *servingv1.Service:
		return &b.Spec.Template.Spec.PodSpec
	case *appsv1.Deployment:
		return &b.Spec.Template.Spec
	case *appsv1.StatefulSet:
		return &b.Spec.Template.Spec
	case *batchv1.Job:
		return &b.Spec.Template.Spec
	}
	return nil
}

// eachPod calls f for every pod that is deployed.
func eachPod(t *testing.T, f func(object, *corev1.PodSpec)) {
	t.Helper()
	count := 0
	for _, o := range objects(t) {
		if pod := podOf(o); pod != nil {
			count++
			f(o, pod)
		}
	}
	if count < 10 {
		t.Fatalf("%d pods were found", count)
	}
}

// restricted is what the pod security level of that name has against a pod: the rules that a pod of ours can break.
func restricted(pod *corev1.PodSpec) []string {
	var faults []string
	fault := func(bad bool, what string) {
		if bad {
			faults = append(faults, what)
		}
	}
	fault(pod.HostNetwork || pod.HostPID || pod.HostIPC, "it shares a namespace of the node")
	for _, v := range pod.Volumes {
		fault(v.ConfigMap == nil && v.Secret == nil && v.EmptyDir == nil && v.Projected == nil && v.DownwardAPI == nil && v.PersistentVolumeClaim == nil, "volume "+v.Name+" is of a forbidden kind")
	}
	of := pod.SecurityContext
	if of == nil {
		of = &corev1.PodSecurityContext{}
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		s := c.SecurityContext
		if s == nil {
			s = &corev1.SecurityContext{}
		}
		fault(s.Privileged != nil && *s.Privileged, c.Name+" is privileged")
		fault(s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation, c.Name+" may escalate")
		fault(!isTrue(s.RunAsNonRoot) && !(s.RunAsNonRoot == nil && isTrue(of.RunAsNonRoot)), c.Name+" may be root")
		fault(s.RunAsUser != nil && *s.RunAsUser == 0, c.Name+" is root")
		fault(s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL"), c.Name+" keeps capabilities")
		fault(s.Capabilities != nil && len(s.Capabilities.Add) > 0, c.Name+" adds capabilities")
		fault(!confined(s.SeccompProfile) && !(s.SeccompProfile == nil && confined(of.SeccompProfile)), c.Name+" has no seccomp profile")
		fault(slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 }), c.Name+" takes a port of the node")
	}
	return faults
}

func isTrue(b *bool) bool { return b != nil && *b }

func confined(p *corev1.SeccompProfile) bool {
	return p != nil && (p.Type == corev1.SeccompProfileTypeRuntimeDefault || p.Type == corev1.SeccompProfileTypeLocalhost)
}

func TestEveryPodIsRestricted(t *testing.T) {
	eachPod(t, func(o object, pod *corev1.PodSpec) {
		for _, fault := range restricted(pod) {
			t.Errorf("%s: %s", o.file, fault)
		}
		for _, c := range pod.Containers {
			if c.SecurityContext == nil || !isTrue(c.SecurityContext.ReadOnlyRootFilesystem) {
				t.Errorf("%s: %s may write to its own file system", o.file, c.Name)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: %s asks for %v within %v", o.file, c.Name, c.Resources.Requests, c.Resources.Limits)
			}
		}
	})
}

func TestTheRuleOfRestrictionItself(t *testing.T) {
	yes, no, root := true, false, int64(0)
	good := func() *corev1.PodSpec {
		return &corev1.PodSpec{Containers: []corev1.Container{{Name: "c", SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}}}}
	}
	if faults := restricted(good()); len(faults) > 0 {
		t.Errorf("a good pod: %v", faults)
	}
	for name, spoil := range map[string]func(*corev1.PodSpec, *corev1.SecurityContext){
		"privileged":   func(_ *corev1.PodSpec, s *corev1.SecurityContext) { s.Privileged = &yes },
		"may escalate": func(_ *corev1.PodSpec, s *corev1.SecurityContext) { s.AllowPrivilegeEscalation = nil },
		"may be root":  func(_ *corev1.PodSpec, s *corev1.SecurityContext) { s.RunAsNonRoot = nil },
		"is root":      func(_ *corev1.PodSpec, s *corev1.SecurityContext) { s.RunAsUser = &root },
		"capabilities": func(_ *corev1.PodSpec, s *corev1.SecurityContext) { s.Capabilities = nil },
		"one capability": func(_ *corev1.PodSpec, s *corev1.SecurityContext) {
			s.Capabilities.Add = []corev1.Capability{"NET_ADMIN"}
		},
		"unconfined": func(_ *corev1.PodSpec, s *corev1.SecurityContext) {
			s.SeccompProfile.Type = corev1.SeccompProfileTypeUnconfined
		},
		"no context":   func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.Containers[0].SecurityContext = nil },
		"host network": func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostNetwork = true },
		"host path": func(p *corev1.PodSpec, _ *corev1.SecurityContext) {
			p.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}}}
		},
		"host port": func(p *corev1.PodSpec, _ *corev1.SecurityContext) {
			p.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 80}}
		},
		"init containers": func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.InitContainers = []corev1.Container{{Name: "i"}} },
	} {
		pod := good()
		spoil(pod, pod.Containers[0].SecurityContext)
		if faults := restricted(pod); len(faults) == 0 {
			t.Errorf("%s: nothing against it", name)
		}
	}
}

func TestImagesAreBuiltFromOurMains(t *testing.T) {
	image := func(o object, ref string) {
		folder, ours := strings.CutPrefix(ref, "ko://"+module)
		if !ours {
			t.Errorf("%s: image %q is not built here", o.file, ref)
			return
		}
		mains, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil || len(mains) == 0 {
			t.Errorf("%s: nothing to build at %q", o.file, ref)
			return
		}
		text, err := os.ReadFile(mains[0])
		if err != nil || !strings.Contains("\n"+string(text), "\npackage main\n") {
			t.Errorf("%s: %q is no program", o.file, ref)
		}
	}
	eachPod(t, func(o object, pod *corev1.PodSpec) {
		for _, c := range pod.Containers {
			image(o, c.Image)
			for _, v := range c.Env {
				if v.Name == "ONEX_IMAGE" {
					image(o, v.Value)
				}
			}
		}
	})
}

func TestWhatAPodNamesIsThere(t *testing.T) {
	all := objects(t)
	accounts, settings := named(all, "v1 ServiceAccount"), settings(t, all)
	keys, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	eachPod(t, func(o object, pod *corev1.PodSpec) {
		if !slices.Contains(accounts, pod.ServiceAccountName) {
			t.Errorf("%s: there is no ServiceAccount %q", o.file, pod.ServiceAccountName)
		}
		for _, c := range pod.Containers {
			for _, from := range c.EnvFrom {
				if from.ConfigMapRef == nil || settings[from.ConfigMapRef.Name] == nil {
					t.Errorf("%s: its environment comes from %+v", o.file, from)
				}
			}
			for _, v := range c.Env {
				if v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil {
					continue
				}
				ref := v.ValueFrom.SecretKeyRef
				_, made := keys[ref.Key]
				// A store that wants a password is named in the Secret, any other in the ConfigMap.
				operators := ref.Key == "ONEX_MONGO" && isTrue(ref.Optional)
				if ref.Name != "onex-keys" || !made && !operators || ref.Key != v.Name {
					t.Errorf("%s: %s comes from key %q of Secret %q, which nobody makes", o.file, v.Name, ref.Key, ref.Name)
				}
			}
		}
	})
}

// holders is who may have which private key, by hand: the catalog cannot widen it by mistake. The key of users' secrets
// opens what they sign with, so it is for those who ask who calls; those who do not stand in asksNobody.
func holders() map[string][]string {
	return map[string][]string{
		"ONEX_TOKEN_KEY": {"login", "refresh-token"}, "ONEX_PLATFORM_KEY": {"reconciler"}, "ONEX_ADMIN_PASSWORD": {"make-admin"},
		"ONEX_SECRETS_KEY": {"reseal-secrets"},
	}
}

// asksNobody are those that no request wakes, and the gateway and get-token-keys, which ask nobody. The other operations
// that anybody may call seal the answers that they keep.
func asksNobody() []string {
	return []string{
		"fence-namespaces", "gateway", "get-token-keys", "grant-gift", "keep-dead-letter", "make-admin", "make-topics",
		"reconciler", "record-object", "relay-outbox", "release-pools", "remove-user", "reseal-secrets", "settle-chain", "store-audit", "sweep-answers",
		"sweep-inventory", "sweep-sessions",
	}
}

// keysOf are the keys that a pod may have.
func keysOf(name string) []string {
	keys := []string{"ONEX_TOKEN_PUBLIC_KEY", "ONEX_PLATFORM_PUBLIC_KEY", "ONEX_MONGO"}
	if name == "reconciler" { // it asks others, and nobody asks it
		keys = nil
	}
	for key, allowed := range holders() {
		if slices.Contains(allowed, name) {
			keys = append(keys, key)
		}
	}
	if !slices.Contains(asksNobody(), name) {
		keys = append(keys, "ONEX_SECRETS_KEY")
	}
	// The gateway says from where a request came, and those who take requests believe it.
	if !slices.Contains(asksNobody(), name) || name == "gateway" || name == "get-token-keys" {
		keys = append(keys, "ONEX_ORIGIN_KEY")
	}
	slices.Sort(keys)
	return keys
}

func TestEveryPodHoldsItsKeysAndNoOthers(t *testing.T) {
	left := asksNobody()
	eachPod(t, func(o object, pod *corev1.PodSpec) {
		left = slices.DeleteFunc(left, func(name string) bool { return name == o.meta.GetName() })
		var got []string
		for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
			for _, v := range c.Env {
				if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
					got = append(got, v.ValueFrom.SecretKeyRef.Key)
				}
			}
			if slices.ContainsFunc(c.EnvFrom, func(from corev1.EnvFromSource) bool { return from.SecretRef != nil }) {
				t.Errorf("%s: takes a whole Secret into its environment", o.file)
			}
		}
		slices.Sort(got)
		if want := keysOf(o.meta.GetName()); !slices.Equal(got, want) {
			t.Errorf("%s: holds %v, want %v", o.file, got, want)
		}
		if len(pod.Volumes) > 0 {
			t.Errorf("%s: mounts %v", o.file, pod.Volumes)
		}
	})
	if len(left) > 0 {
		t.Errorf("%v are not there", left)
	}
}

// Who has no rights in the object API has no token for it.
func TestTokensAreForThoseWhoHaveRights(t *testing.T) {
	withRights := named(objects(t), "rbac.authorization.k8s.io/v1 ClusterRole")
	eachPod(t, func(o object, pod *corev1.PodSpec) {
		needs := slices.Contains(withRights, "onex-"+o.meta.GetName())
		if has := pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken; has != needs {
			t.Errorf("%s: has a token: %t, needs one: %t", o.file, has, needs)
		}
		if own := pod.ServiceAccountName == o.meta.GetName(); own != needs {
			t.Errorf("%s: acts as %q", o.file, pod.ServiceAccountName)
		}
	})
}

func TestTheConfigMapIsAConfiguration(t *testing.T) {
	known := map[string]bool{}
	for field := range reflect.TypeFor[config.Config]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		known[name] = true
	}
	for name, data := range settings(t, objects(t)) {
		vars, err := config.NewKeys()
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(vars, data)
		if _, err := config.ReadMap(vars); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for variable := range data {
			if !known[variable] {
				t.Errorf("%s: nobody reads %s", name, variable)
			}
		}
	}
}

// settings are the ConfigMaps that kustomizations make of files, by name.
func settings(t *testing.T, all []object) map[string]map[string]string {
	t.Helper()
	made := map[string]map[string]string{}
	for _, o := range all {
		k, ok := o.body.(*kustomization)
		if !ok {
			continue
		}
		for _, g := range k.ConfigMapGenerator {
			made[g.Name] = map[string]string{}
			for _, file := range g.Envs {
				for line := range strings.Lines(read(t, path.Join(path.Dir(o.file), file))) {
					if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
						made[g.Name][name] = value
					}
				}
			}
		}
	}
	if len(made) == 0 {
		t.Fatal("no settings were found: this looks at the wrong place")
	}
	return made
}

func TestRolesAreBoundToThoseWhoAreThere(t *testing.T) {
	all := objects(t)
	accounts := named(all, "v1 ServiceAccount")
	roles := map[string][]string{
		"ClusterRole": named(all, "rbac.authorization.k8s.io/v1 ClusterRole"), "Role": named(all, "rbac.authorization.k8s.io/v1 Role"),
	}
	bound := func(o object, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
		if !slices.Contains(roles[ref.Kind], ref.Name) {
			t.Errorf("%s: binds %s %q, which is not there", o.file, ref.Kind, ref.Name)
		}
		for _, s := range subjects {
			if s.Kind != "ServiceAccount" || s.Namespace != "onex" || !slices.Contains(accounts, s.Name) {
				t.Errorf("%s: binds %+v, who is not there", o.file, s)
			}
		}
	}
	for _, o := range all {
		switch b := o.body.(type) {
		case *rbacv1.ClusterRoleBinding:
			bound(o, b.RoleRef, b.Subjects)
		case *rbacv1.RoleBinding:
			bound(o, b.RoleRef, b.Subjects)
		case *rbacv1.ClusterRole:
			wantSmall(t, o, b.Rules)
		case *rbacv1.Role:
			wantSmall(t, o, b.Rules)
		}
	}
}

func wantSmall(t *testing.T, o object, rules []rbacv1.PolicyRule) {
	t.Helper()
	for _, r := range rules {
		if slices.Contains(slices.Concat(r.APIGroups, r.Resources, r.Verbs), "*") {
			t.Errorf("%s: a rule allows everything: %+v", o.file, r)
		}
		if slices.Contains(r.Resources, "secrets") && slices.ContainsFunc(r.Verbs, func(v string) bool { return v == "list" || v == "watch" }) {
			t.Errorf("%s: may read all secrets", o.file)
		}
	}
}
