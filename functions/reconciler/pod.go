package reconciler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/object"
)

// What every pod of ours has in common.
const (
	containerName = "toyblc"
	dataDir       = "/data"
	keyDir        = "/etc/toyblc/key"
	nonRoot       = int64(65532)
	graceSeconds  = int64(5)
	dataLimit     = "2Gi"
)

// node is all that a pod is built from.
type node struct {
	miner   *v1beta1.Miner
	chain   *v1beta1.Chain
	kind    minertype.Type
	genesis bool
	image   string
	sink    string
	tells   nodeTelemetry
}

// nodeTelemetry is whom nodes tell what they do.
type nodeTelemetry struct {
	collector string
	ratio     float64
}

func (t nodeTelemetry) environment() []corev1.EnvVar {
	if t.collector == "" {
		return nil
	}
	return []corev1.EnvVar{
		{Name: "ONEX_COLLECTOR", Value: t.collector},
		{Name: "ONEX_TRACE_RATIO", Value: strconv.FormatFloat(t.ratio, 'f', -1, 64)},
	}
}

// buildPod makes the pod of a node. The same node makes the same pod, and the hash on it tells two makes apart.
func buildPod(n node) (*corev1.Pod, error) {
	resources, err := resourcesOf(n.kind)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:            n.miner.Name,
			Namespace:       n.miner.Namespace,
			Labels:          podLabels(n),
			Annotations:     podAnnotations(n.miner),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(n.miner, v1beta1.Kind(v1beta1.KindMiner))},
		},
		Spec: corev1.PodSpec{
			Containers:                    []corev1.Container{container(n, resources)},
			Volumes:                       volumes(n.miner),
			RestartPolicy:                 corev1.RestartPolicy(orElse(string(n.miner.Spec.RestartPolicy), string(v1beta1.RestartAlways))),
			TerminationGracePeriodSeconds: ptr(graceSeconds),
			AutomountServiceAccountToken:  ptr(false),
			EnableServiceLinks:            ptr(false),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: ptr(true), RunAsUser: ptr(nonRoot), RunAsGroup: ptr(nonRoot), FSGroup: ptr(nonRoot),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		},
	}
	hash, err := hashPod(pod)
	if err != nil {
		return nil, err
	}
	pod.Annotations[v1beta1.TemplateHashAnnotation] = hash
	// After the hash: another collector is no reason for another pod.
	pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, n.tells.environment()...)
	return pod, nil
}

func container(n node, resources corev1.ResourceRequirements) corev1.Container {
	return corev1.Container{
		Name:            containerName,
		Image:           n.image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Args:            flags(n),
		Env:             environment(n),
		Resources:       resources,
		Ports: []corev1.ContainerPort{
			{Name: "websocket", ContainerPort: portPeers, Protocol: corev1.ProtocolTCP},
			{Name: "http", ContainerPort: portHTTP, Protocol: corev1.ProtocolTCP},
		},
		LivenessProbe:  probe("/healthz", 10),
		ReadinessProbe: probe("/readyz", 2),
		VolumeMounts: []corev1.VolumeMount{
			{Name: "data", MountPath: dataDir},
			{Name: "key", MountPath: keyDir, ReadOnly: true},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr(false),
			ReadOnlyRootFilesystem:   ptr(true),
			RunAsNonRoot:             ptr(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

// flags are the node's command line. The first three are the chain's identity and the same for all its nodes.
func flags(n node) []string {
	args := []string{
		"--chain-id=" + string(n.chain.UID),
		"--genesis-time=" + strconv.FormatInt(n.chain.CreationTimestamp.Unix(), 10),
		fmt.Sprintf("--min-mine-interval=%ds", orInterval(n.chain.Spec.MinMineIntervalSeconds)),
		fmt.Sprintf("--p2p-addr=$(POD_IP):%d", portPeers),
		fmt.Sprintf("--http.addr=$(POD_IP):%d", portHTTP),
		"--data-dir=" + dataDir,
		"--key-file=" + keyDir + "/" + keyFile,
		"--source=" + eventing.ChainSource(n.chain.Namespace, n.chain.Name),
	}
	if n.genesis {
		return args
	}
	args = append(args, fmt.Sprintf("--peers=ws://%s.%s.svc.cluster.local:%d", n.chain.Name, n.chain.Namespace, portPeers))
	if n.miner.Namespace == n.chain.Namespace {
		args = append(args, fmt.Sprintf("--peers=dns+ws://%s.%s.svc.cluster.local:%d", peersName(n.chain), n.chain.Namespace, portPeers))
	}
	return append(args,
		"--miner",
		"--address="+n.miner.Namespace,
		"--cpu-share="+strconv.FormatFloat(n.kind.Share, 'f', -1, 64),
	)
}

// defaultInterval is the block interval of a chain that names none, in seconds. The CRD says the same.
const defaultInterval = 60

func orInterval(seconds int32) int32 {
	if seconds <= 0 {
		return defaultInterval
	}
	return seconds
}

func environment(n node) []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: "POD_IP", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"},
	}}}
	if n.sink != "" {
		env = append(env, corev1.EnvVar{Name: "K_SINK", Value: n.sink})
	}
	return append(env, corev1.EnvVar{Name: "TRACEPARENT", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + object.TraceAnnotation + "']"},
	}})
}

func probe(path string, period int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(portHTTP), Scheme: corev1.URISchemeHTTP}},
		PeriodSeconds:    period,
		TimeoutSeconds:   2,
		FailureThreshold: 3,
	}
}

func volumes(m *v1beta1.Miner) []corev1.Volume {
	limit := resource.MustParse(dataLimit)
	return []corev1.Volume{
		{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}},
		{Name: "key", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
			SecretName: keySecret(m), DefaultMode: ptr(int32(0o440)),
		}}},
	}
}

// resourcesOf limits a node to what its type gives, and asks the cluster to set aside a tenth of that.
func resourcesOf(t minertype.Type) (corev1.ResourceRequirements, error) {
	cpu, err := resource.ParseQuantity(t.CPU)
	if err != nil {
		return corev1.ResourceRequirements{}, fmt.Errorf("miner type %q: cpu %q: %w", t.Name, t.CPU, err)
	}
	memory, err := resource.ParseQuantity(t.Memory)
	if err != nil {
		return corev1.ResourceRequirements{}, fmt.Errorf("miner type %q: memory %q: %w", t.Name, t.Memory, err)
	}
	return corev1.ResourceRequirements{
		Limits: corev1.ResourceList{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory},
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(max(cpu.MilliValue()/10, 1), resource.DecimalSI),
			corev1.ResourceMemory: *resource.NewQuantity(max(memory.Value()/10, 1), resource.BinarySI),
		},
	}, nil
}

// podLabels are those of the Miner, those that its owner wants on the pod, and last the ones that others find the
// pod by.
func podLabels(n node) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, n.miner.Labels)
	maps.Copy(labels, n.miner.Spec.Metadata.Labels)
	delete(labels, v1beta1.ChainNameLabel)
	if n.genesis {
		labels[v1beta1.ChainNameLabel] = n.chain.Name
	}
	labels[v1beta1.ManagedByLabel] = v1beta1.ManagedBy
	labels[v1beta1.MinerLabel] = v1beta1.LabelValue(n.miner.Name)
	labels[v1beta1.ChainUIDLabel] = string(n.chain.UID)
	return labels
}

func podAnnotations(m *v1beta1.Miner) map[string]string {
	notes := map[string]string{}
	maps.Copy(notes, m.Spec.Metadata.Annotations)
	notes[v1beta1.MinerAnnotation] = m.Name
	notes[v1beta1.MinerNamespaceAnnotation] = m.Namespace
	if owner := metav1.GetControllerOf(m); owner != nil {
		notes[v1beta1.OwnerKindAnnotation], notes[v1beta1.OwnerNameAnnotation] = owner.Kind, owner.Name
	}
	return notes
}

func hashPod(pod *corev1.Pod) (string, error) {
	text, err := json.Marshal([]any{pod.Labels, pod.Annotations, pod.Spec})
	if err != nil {
		return "", fmt.Errorf("hash of pod %q: %w", pod.Name, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

func ptr[T any](v T) *T { return &v }
