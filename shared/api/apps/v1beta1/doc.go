// Package v1beta1 holds the objects of the platform as Kubernetes sees them:
// Chain, MinerSet and Miner of the group apps.onex.io. They are compatible on
// the wire with the first OneX; its manifests apply unchanged.
//
// The deep copies beside this file and the CRDs in knative/crds derive from
// the types. Make both anew, from this folder, with:
//
//	go generate .
//
// +kubebuilder:object:generate=true
// +groupName=apps.onex.io
package v1beta1

//go:generate env CGO_ENABLED=0 go run sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0 object crd paths=. output:crd:dir=../../../../knative/crds
