// Package kube reads and writes the platform's objects in Kubernetes. It is light enough for a function that
// sleeps: a REST client with a codec of its own, without the typed clientset and its four hundred kinds.
package kube

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/gentype"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// Chains, MinerSets and Miners each read and write one kind in one namespace, or read it in all of them.
type (
	Chains    = gentype.ClientWithList[*v1beta1.Chain, *v1beta1.ChainList]
	MinerSets = gentype.ClientWithList[*v1beta1.MinerSet, *v1beta1.MinerSetList]
	Miners    = gentype.ClientWithList[*v1beta1.Miner, *v1beta1.MinerList]
)

// Client speaks to one Kubernetes API server. Its errors are those of Kubernetes; Translate turns them into faults.
type Client struct {
	apps   rest.Interface
	core   rest.Interface
	params runtime.ParameterCodec
}

// Config finds the API server: by the kubeconfig at path, or without a path by what a pod is given.
// An ambient KUBECONFIG is not looked at.
func Config(path string) (*rest.Config, error) {
	if path == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("configuration of the cluster around us: %w", err)
		}
		return config, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %q: %w", path, err)
	}
	return config, nil
}

// New makes a Client. It connects when it is first used.
func New(config *rest.Config) (*Client, error) {
	scheme := runtime.NewScheme()
	if err := v1beta1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("scheme of %q: %w", v1beta1.GroupName, err)
	}
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	codecs := serializer.NewCodecFactory(scheme).WithoutConversion()

	apps, err := client(config, codecs, "/apis", v1beta1.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}
	core, err := client(config, codecs, "/api", schema.GroupVersion{Version: "v1"})
	if err != nil {
		return nil, err
	}
	return &Client{apps: apps, core: core, params: runtime.NewParameterCodec(scheme)}, nil
}

func client(config *rest.Config, codecs runtime.NegotiatedSerializer, path string, gv schema.GroupVersion) (rest.Interface, error) {
	own := rest.CopyConfig(config)
	own.APIPath, own.GroupVersion, own.NegotiatedSerializer = path, &gv, codecs
	// Custom resources exist in JSON only.
	own.ContentType, own.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	c, err := rest.RESTClientFor(own)
	if err != nil {
		return nil, fmt.Errorf("client of %q: %w", gv, err)
	}
	return c, nil
}

// Chains of a namespace; of all for "".
func (c *Client) Chains(namespace string) *Chains {
	return gentype.NewClientWithList(v1beta1.ResourceChains, c.apps, c.params, namespace,
		func() *v1beta1.Chain { return &v1beta1.Chain{} },
		func() *v1beta1.ChainList { return &v1beta1.ChainList{} })
}

// MinerSets of a namespace; of all for "".
func (c *Client) MinerSets(namespace string) *MinerSets {
	return gentype.NewClientWithList(v1beta1.ResourceMinerSets, c.apps, c.params, namespace,
		func() *v1beta1.MinerSet { return &v1beta1.MinerSet{} },
		func() *v1beta1.MinerSetList { return &v1beta1.MinerSetList{} })
}

// Miners of a namespace; of all for "".
func (c *Client) Miners(namespace string) *Miners {
	return gentype.NewClientWithList(v1beta1.ResourceMiners, c.apps, c.params, namespace,
		func() *v1beta1.Miner { return &v1beta1.Miner{} },
		func() *v1beta1.MinerList { return &v1beta1.MinerList{} })
}
