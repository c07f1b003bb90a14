package reconciler

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// sweep removes what a Miner has left in another cluster that went without our seeing it off, by force. Another of its
// name may have come since; what belongs to that one stays.
func (l *minerLoop) sweep(ctx context.Context, namespace, name string) error {
	if !l.nodes.away {
		return nil
	}
	pod, err := l.pods.Get(ctx, namespace, name)
	if err != nil || pod == nil {
		return err
	}
	kind, owner, uid := ownedBy(pod)
	if kind != v1beta1.KindMiner || owner != name {
		return nil
	}
	miner, err := l.api.Miners(namespace).Get(ctx, name, metav1.GetOptions{})
	if gone, err := isGone(miner, uid, err); err != nil || !gone {
		return err
	}
	err = l.nodes.dropPod(ctx, pod)
	for _, v := range pod.Spec.Volumes {
		if v.Secret != nil {
			err = errors.Join(err, l.nodes.dropKey(ctx, namespace, v.Secret.SecretName))
		}
	}
	return err
}

// sweep removes what a chain has left in another cluster that went without our seeing it off, by force. Another of its
// name may have come since; what belongs to that one stays.
func (l *chainLoop) sweep(ctx context.Context, namespace, name string) error {
	if !l.nodes.away {
		return nil
	}
	service, err := l.services.Get(ctx, namespace, name)
	if err != nil || service == nil {
		return err
	}
	kind, owner, uid := ownedBy(service)
	if kind != v1beta1.KindChain || owner != name {
		return nil
	}
	peers, err := l.services.Get(ctx, namespace, peersName(&v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{UID: uid}}))
	if err != nil {
		return err
	}
	chain, err := l.api.Chains(namespace).Get(ctx, name, metav1.GetOptions{})
	if gone, err := isGone(chain, uid, err); err != nil || !gone {
		return err
	}
	return errors.Join(l.nodes.dropService(ctx, peers), l.nodes.dropService(ctx, service))
}

// isGone tells from the answer of the object API itself whether an owner is gone: what is swept for good must not hang
// on a cache that is late.
func isGone(found metav1.Object, owner types.UID, err error) (bool, error) {
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("owner %q: %w", owner, err)
	}
	return found.GetUID() != owner, nil
}
