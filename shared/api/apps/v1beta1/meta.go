package v1beta1

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Finalizers. Each is held by the loop of its kind.
const (
	ChainFinalizer    = "chain.onex.io/finalizer"
	MinerSetFinalizer = "minerset.onex.io/finalizer"
	MinerFinalizer    = "miner.onex.io/finalizer"
)

// Labels.
const (
	// ChainNameLabel names the chain on its genesis Miner, on the pod of
	// that, and on every MinerSet that mines it.
	ChainNameLabel = "apps.onex.io/chain-name"
	// MinerSetNameLabel is on each Miner that a MinerSet made.
	MinerSetNameLabel = "apps.onex.io/minerset-name"
	// MinerSetLabel is the one that a MinerSet selects its Miners by.
	MinerSetLabel = "apps.onex.io/minerset"
	// DeploymentNameLabel is reserved.
	DeploymentNameLabel = "apps.onex.io/deployment-name"
	// WatchFilterLabel restricts an object to the reconciler that asks for it.
	WatchFilterLabel = "apps.onex.io/watch-filter"
	// MinerLabel names the Miner on its pod.
	MinerLabel = "apps.onex.io/miner"
	// ChainUIDLabel is on the pods of all nodes of a chain: its uid, by which they find each other.
	ChainUIDLabel = "apps.onex.io/chain-uid"
	// ManagedByLabel and ManagedBy mark whatever the platform makes.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of ManagedByLabel.
	ManagedBy = "onex"
)

// Annotations.
const (
	// PausedAnnotation makes the reconciler leave the object alone.
	PausedAnnotation = "apps.onex.io/paused"
	// DisableMinerCreateAnnotation keeps a MinerSet from growing.
	DisableMinerCreateAnnotation = "apps.onex.io/disable-miner-create"
	// DeleteMinerAnnotation makes a Miner the first victim of scaling down.
	DeleteMinerAnnotation = "apps.onex.io/delete-miner"
	// DeletionProtectionAnnotation, when "true", refuses deletion.
	DeletionProtectionAnnotation = "apps.onex.io/deletion-protection"
	// SkipRemediationAnnotation and the two below are reserved.
	SkipRemediationAnnotation = "apps.onex.io/skip-remediation"
	// SkipVerifyAnnotation is reserved.
	SkipVerifyAnnotation = "apps.onex.io/skip-verify"
	// SkipVerifyGlobalAnnotation is reserved.
	SkipVerifyGlobalAnnotation = "onex.io/skip-verify"
	// CPUAnnotation and MemoryAnnotation repeat on a Miner what its type gives.
	CPUAnnotation = "apps.onex.io/vCPU"
	// MemoryAnnotation is the quantity of memory of the Miner's type.
	MemoryAnnotation = "apps.onex.io/memoryMb"
	// MinerAnnotation and the three below tell on a pod whose it is.
	MinerAnnotation = "apps.onex.io/miner"
	// MinerNamespaceAnnotation is the namespace of the pod's Miner.
	MinerNamespaceAnnotation = "apps.onex.io/miner-namespace"
	// OwnerKindAnnotation is the kind that owns the pod's Miner.
	OwnerKindAnnotation = "apps.onex.io/owner-kind"
	// OwnerNameAnnotation is the name of the owner of the pod's Miner.
	OwnerNameAnnotation = "apps.onex.io/owner-name"
	// TemplateHashAnnotation tells on a pod what it was built from.
	TemplateHashAnnotation = "apps.onex.io/template-hash"
	// OwnedByAnnotation says kind/name/uid of the owner on an object in another cluster than its owner's.
	OwnedByAnnotation = "apps.onex.io/owned-by"
)

// ChainNamespace is where chains live that everybody may mine.
const ChainNamespace = "kube-system"

// LabelValue is name if that is a legal value of a label, else a stable hash
// of it, in the form that the first OneX uses.
func LabelValue(name string) string {
	if len(validation.IsValidLabelValue(name)) == 0 {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name)) // never fails
	sum := binary.BigEndian.AppendUint32(nil, h.Sum32())
	return "hash_" + base64.RawURLEncoding.EncodeToString(sum) + "_z"
}
