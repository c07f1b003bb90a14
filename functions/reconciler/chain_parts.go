package reconciler

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// The ports of a node, and the one at which its Service answers readers.
const (
	portPeers       = 6001
	portHTTP        = 38080
	portHTTPService = 8080
)

// genesisMiner is the first node of a chain. It is named like the chain, costs nothing and does not mine.
func genesisMiner(chain *v1beta1.Chain) *v1beta1.Miner {
	return &v1beta1.Miner{
		ObjectMeta: metav1.ObjectMeta{
			Name:      chain.Name,
			Namespace: chain.Namespace,
			Labels: map[string]string{
				v1beta1.ChainNameLabel: chain.Name,
				v1beta1.ManagedByLabel: v1beta1.ManagedBy,
			},
			Finalizers:      []string{v1beta1.MinerFinalizer},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(chain, v1beta1.Kind(v1beta1.KindChain))},
		},
		Spec: v1beta1.MinerSpec{
			DisplayName:   chain.Spec.DisplayName,
			MinerType:     orElse(chain.Spec.MinerType, defaultChainType),
			ChainName:     chain.Name,
			RestartPolicy: v1beta1.RestartAlways,
		},
	}
}

// chainService leads to the genesis node.
func chainService(chain *v1beta1.Chain) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name:      chain.Name,
			Namespace: chain.Namespace,
			Labels: map[string]string{
				v1beta1.ChainNameLabel: chain.Name,
				v1beta1.ManagedByLabel: v1beta1.ManagedBy,
			},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(chain, v1beta1.Kind(v1beta1.KindChain))},
		},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{v1beta1.MinerLabel: chain.Name},
			Ports: []corev1.ServicePort{
				{Name: "websocket", Protocol: corev1.ProtocolTCP, Port: portPeers, TargetPort: intstr.FromInt32(portPeers)},
				{Name: "http", Protocol: corev1.ProtocolTCP, Port: portHTTPService, TargetPort: intstr.FromInt32(portHTTP)},
			},
		},
	}
}

// peersService is the name by which the nodes of a chain find each other without its first one. It lists those that
// are not ready, too: a node is ready only beside a peer, so the first two would wait for each other for ever. Miners
// of another namespace are not on it; the first node and its peers tell them of each other.
func peersService(chain *v1beta1.Chain) *corev1.Service {
	s := chainService(chain)
	s.Name = peersName(chain)
	s.Spec.ClusterIP = corev1.ClusterIPNone
	s.Spec.PublishNotReadyAddresses = true
	s.Spec.Selector = map[string]string{v1beta1.ChainUIDLabel: string(chain.UID)}
	s.Spec.Ports = s.Spec.Ports[:1]
	return s
}

// peersName cannot be the name of a chain's own Service, however the chains are called.
func peersName(chain *v1beta1.Chain) string { return "peers-" + string(chain.UID) }

// samePorts compares what we ask for and leaves out what the cluster fills in.
func samePorts(a, b *corev1.Service) bool {
	return slices.EqualFunc(a.Spec.Ports, b.Spec.Ports, func(a, b corev1.ServicePort) bool {
		return a.Name == b.Name && a.Port == b.Port && a.TargetPort == b.TargetPort && a.Protocol == b.Protocol
	})
}

// genesisReady repeats on the chain how its first node is.
func genesisReady(genesis *v1beta1.Miner) v1beta1.Condition {
	if genesis == nil {
		return isNot(v1beta1.ConditionMinersReady, v1beta1.SeverityInfo, v1beta1.ReasonPodProvisioning, "the genesis miner is being made")
	}
	ready := v1beta1.FindCondition(genesis.Status.Conditions, v1beta1.ConditionReady)
	if ready == nil {
		return isNot(v1beta1.ConditionMinersReady, v1beta1.SeverityInfo, v1beta1.ReasonPodProvisioning, "the genesis miner is starting")
	}
	c := *ready
	c.Type = v1beta1.ConditionMinersReady
	return c
}

func without(list []string, gone string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == gone })
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// The types of miners whose specs name none. The CRDs say the same.
const (
	defaultChainType = "S1.SMALL2"
	defaultMinerType = "S1.SMALL1"
)
