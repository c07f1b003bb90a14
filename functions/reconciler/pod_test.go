package reconciler

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/minertype"
)

func someNode(t *testing.T) node {
	t.Helper()
	kind, ok := minertype.Default().Get("M1.MEDIUM1")
	if !ok {
		t.Fatal("M1.MEDIUM1 is not on the price list")
	}
	set := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "night", UID: "set"}}
	return node{
		miner: &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{
			Name: "night-0", Namespace: user, UID: "miner", Labels: map[string]string{v1beta1.MinerSetLabel: "night"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, v1beta1.Kind(v1beta1.KindMinerSet))},
		}, Status: v1beta1.MinerStatus{PublicKey: "c0ffee" + strings.Repeat("0", 58)}},
		chain: &v1beta1.Chain{
			ObjectMeta: metav1.ObjectMeta{Name: "harbour", Namespace: "kube-system", UID: "chain-uid", CreationTimestamp: metav1.NewTime(dawn())},
			Spec:       v1beta1.ChainSpec{MinMineIntervalSeconds: 90},
		},
		kind: kind, image: "toyblc:1", sink: "http://broker/onex/default",
	}
}

func TestFlagsOfANode(t *testing.T) {
	n := someNode(t)
	common := []string{
		"--chain-id=chain-uid", "--genesis-time=1795154400", "--min-mine-interval=90s",
		"--p2p-addr=$(POD_IP):6001", "--http.addr=$(POD_IP):38080", "--data-dir=/data",
		"--key-file=/etc/toyblc/key/ed25519.pem", "--source=/namespaces/kube-system/chains/harbour",
	}
	mining := append(slices.Clone(common), "--peers=ws://harbour.kube-system.svc.cluster.local:6001", "--miner", "--address="+user, "--cpu-share=0.15")
	if got := flags(n); !slices.Equal(got, mining) {
		t.Errorf("miner:\ngot  %q\nwant %q", got, mining)
	}
	n.chain.Namespace = user
	peers := "--peers=dns+ws://peers-chain-uid." + user + ".svc.cluster.local:6001"
	if got := flags(n); !slices.Contains(got, peers) {
		t.Errorf("miner beside its chain:\ngot  %q\nwant %q among them", got, peers)
	}
	n.chain.Namespace = "kube-system"
	n.genesis = true
	if got := flags(n); !slices.Equal(got, common) {
		t.Errorf("genesis:\ngot  %q\nwant %q", got, common)
	}
}

func TestAPodIsLockedDown(t *testing.T) {
	pod, err := buildPod(someNode(t))
	if err != nil {
		t.Fatal(err)
	}
	c, s := pod.Spec.Containers[0], pod.Spec.SecurityContext
	rows := map[string]bool{
		"named toyblc":                c.Name == "toyblc",
		"not root":                    *s.RunAsNonRoot && *s.RunAsUser == 65532 && *s.FSGroup == 65532,
		"default seccomp":             s.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"read-only root":              *c.SecurityContext.ReadOnlyRootFilesystem,
		"no way up":                   !*c.SecurityContext.AllowPrivilegeEscalation,
		"no capabilities":             slices.Equal(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}),
		"no token of the cluster":     !*pod.Spec.AutomountServiceAccountToken,
		"no links to services":        !*pod.Spec.EnableServiceLinks,
		"five seconds of grace":       *pod.Spec.TerminationGracePeriodSeconds == 5,
		"started always":              pod.Spec.RestartPolicy == corev1.RestartPolicyAlways,
		"limits of the type":          c.Resources.Limits.Cpu().String() == "150m" && c.Resources.Limits.Memory().String() == "512Mi",
		"a tenth as request":          c.Resources.Requests.Cpu().String() == "15m" && c.Resources.Requests.Memory().Value() == 512<<20/10,
		"the own address":             c.Env[0].Name == "POD_IP" && c.Env[0].ValueFrom.FieldRef.FieldPath == "status.podIP",
		"the sink":                    c.Env[1] == corev1.EnvVar{Name: "K_SINK", Value: "http://broker/onex/default"},
		"the key":                     pod.Spec.Volumes[1].Secret.SecretName == "night-0-key-c0ffee000000" && c.VolumeMounts[1].ReadOnly,
		"probes":                      c.LivenessProbe.HTTPGet.Path == "/healthz" && c.ReadinessProbe.HTTPGet.Path == "/readyz",
		"found by others":             pod.Labels["apps.onex.io/miner"] == "night-0" && pod.Labels["app.kubernetes.io/managed-by"] == "onex" && pod.Labels["apps.onex.io/minerset"] == "night",
		"tells whose it is":           pod.Annotations[v1beta1.OwnerKindAnnotation] == "MinerSet" && pod.Annotations[v1beta1.OwnerNameAnnotation] == "night" && pod.Annotations[v1beta1.MinerNamespaceAnnotation] == user,
		"goes with its miner":         metav1.IsControlledBy(pod, &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{UID: "miner"}}),
		"an image is not pulled anew": c.ImagePullPolicy == corev1.PullIfNotPresent,
	}
	for name, holds := range rows {
		if !holds {
			t.Errorf("not so: %s", name)
		}
	}
}

func TestTheHashTellsMakesApart(t *testing.T) {
	hash := func(change func(*node)) string {
		n := someNode(t)
		change(&n)
		pod, err := buildPod(n)
		if err != nil {
			t.Fatal(err)
		}
		return pod.Annotations[v1beta1.TemplateHashAnnotation]
	}
	base := hash(func(*node) {})
	rows := []struct {
		name   string
		change func(*node)
		same   bool
	}{
		{"nothing", func(*node) {}, true},
		{"the status of the miner", func(n *node) { n.miner.Status.Phase = v1beta1.MinerRunning }, true},
		{"an annotation of the miner", func(n *node) { n.miner.Annotations = map[string]string{"a": "b"} }, true},
		{"the image", func(n *node) { n.image = "toyblc:2" }, false},
		{"the share of the type", func(n *node) { n.kind.Share = 0.2 }, false},
		{"the identity of the chain", func(n *node) { n.chain.UID = "other" }, false},
		{"the sink", func(n *node) { n.sink = "" }, false},
		{"a label for the pod", func(n *node) { n.miner.Spec.Metadata.Labels = map[string]string{"a": "b"} }, false},
		{"the restart policy", func(n *node) { n.miner.Spec.RestartPolicy = v1beta1.RestartNever }, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := hash(row.change) == base; got != row.same {
				t.Errorf("got same %t, want %t", got, row.same)
			}
		})
	}
}

func TestATenantCannotRelabelAPod(t *testing.T) {
	n := someNode(t)
	n.miner.Spec.Metadata.Labels = map[string]string{v1beta1.MinerLabel: "harbour", v1beta1.ChainNameLabel: "harbour", v1beta1.ManagedByLabel: "me", "team": "blue"}
	got := podLabels(n)
	if got[v1beta1.MinerLabel] != "night-0" || got[v1beta1.ChainNameLabel] != "" || got[v1beta1.ManagedByLabel] != "onex" || got["team"] != "blue" {
		t.Errorf("got %v", got)
	}
}

func TestATypeThatMakesNoSenseIsNamed(t *testing.T) {
	for _, kind := range []minertype.Type{{Name: "ODD", CPU: "many", Memory: "1Mi"}, {Name: "ODD", CPU: "1", Memory: "much"}} {
		n := someNode(t)
		n.kind = kind
		if _, err := buildPod(n); err == nil || !strings.Contains(err.Error(), "ODD") {
			t.Errorf("%+v: got %v, want an error that names the type", kind, err)
		}
	}
}

func TestAKeyIsInItsSecretAndItsPublicHalfInTheStatus(t *testing.T) {
	m := &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: "one", UID: "u"}}
	file, err := newKey(m)
	if err != nil {
		t.Fatal(err)
	}
	secret := keyAsSecret(m, file)
	block, _ := pem.Decode(secret.Data[keyFile])
	if block == nil {
		t.Fatalf("%q is not PEM", secret.Data[keyFile])
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok || err != nil {
		t.Fatalf("%T, %v", parsed, err)
	}
	public := hex.EncodeToString(private.Public().(ed25519.PublicKey))
	if m.Status.PublicKey != public || secret.Name != "one-key-"+public[:12] {
		t.Errorf("key %s, told as %s, in secret %q", public, m.Status.PublicKey, secret.Name)
	}
}
