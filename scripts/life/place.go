package life

import (
	"fmt"

	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"onex.io/onex/shared/client"
	"onex.io/onex/shared/kube"
)

// Place is where a platform is: an address and a kubeconfig are all that it takes.
type Place struct {
	// Addr is the gateway's address; Host is sent as Host header, where Addr is an ingress.
	Addr, Host string
	Kubeconfig string
}

// Options begin a life at the place.
func (p Place) Options() (Options, error) {
	rest, err := kube.Config(p.Kubeconfig)
	if err != nil {
		return Options{}, err
	}
	pods, err := corev1.NewForConfig(rest)
	if err != nil {
		return Options{}, fmt.Errorf("object API: %w", err)
	}
	return Options{Client: client.New(p.Addr, client.Options{Host: p.Host}), Pods: pods}, nil
}
