package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/knative/local/node"
)

// refuseOthers refuses an API server that belongs to somebody else: one with nodes, where pods would run that must
// run here, and one with the objects of another platform, whose users and wallets are not in this state folder.
func (p *Platform) refuseOthers(ctx context.Context) (err error) {
	if p.id, err = loadID(p.path("id")); err != nil || p.o.Kube.Kubeconfig == "" {
		return err
	}
	client, err := p.kubernetes()
	if err != nil {
		return err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range nodes.Items {
		switch {
		case n.Name == node.Name && n.Annotations[node.OwnerAnnotation] != p.id:
			return fmt.Errorf("the API server of %q holds the objects of another platform, or of a state folder that is gone: use one that is empty", p.o.Kube.Kubeconfig)
		case n.Name != node.Name && nodeReady(n):
			return fmt.Errorf("the API server of %q has a Ready node of its own, %q: pods would run there and not here; use one without nodes, such as etcd and kube-apiserver alone", p.o.Kube.Kubeconfig, n.Name)
		}
	}
	return nil
}

func nodeReady(n v1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == v1.NodeReady {
			return c.Status == v1.ConditionTrue
		}
	}
	return false
}

// loadID makes a name for the state folder at its first use.
func loadID(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		id := rand.Text()
		return id, replaceFile(file, []byte(id))
	}
	if err != nil {
		return "", fmt.Errorf("id: %w", err)
	}
	return string(text), nil
}
