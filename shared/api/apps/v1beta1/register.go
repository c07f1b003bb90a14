package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of the platform's objects.
const GroupName = "apps.onex.io"

// Version is the version of the group that this package describes.
const Version = "v1beta1"

// The kinds of the group.
const (
	KindChain    = "Chain"
	KindMinerSet = "MinerSet"
	KindMiner    = "Miner"
)

// The resources of the group: the kinds as they appear in a path.
const (
	ResourceChains    = "chains"
	ResourceMinerSets = "minersets"
	ResourceMiners    = "miners"
)

// SchemeGroupVersion names the group and version of these types.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: Version}

// Kind qualifies a kind with the group and version.
func Kind(kind string) schema.GroupVersionKind { return SchemeGroupVersion.WithKind(kind) }

// Resource qualifies a resource with the group.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

// AddToScheme makes a scheme know the types of this package.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion,
		&Chain{}, &ChainList{}, &MinerSet{}, &MinerSetList{}, &Miner{}, &MinerList{})
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
