package reconciler

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// keyFile is the name of the key in its Secret, and so of the file that the node reads.
const keyFile = "ed25519.pem"

// keySecret is the Secret that holds the key of a Miner. Its name holds the beginning of the public half, so whoever
// knows the Miner knows what the Secret holds and need not read it.
func keySecret(m *v1beta1.Miner) string {
	public := m.Status.PublicKey
	return m.Name + "-key-" + public[:min(len(public), 12)]
}

// ensureKey keeps the key that the node signs its blocks with. While the pod runs well its key is not looked at.
// Nothing is built on a new key before it is told, for nobody can ask for it later: the platform makes Secrets and
// reads none, so that nobody who breaks in here reads any.
func (l *minerLoop) ensureKey(ctx context.Context, s *minerScope) error {
	if s.miner.Status.PublicKey != "" {
		there, err := l.hasKey(ctx, s)
		if there || err != nil {
			return err
		}
	}
	private, err := newKey(s.miner)
	if err != nil {
		return err
	}
	secret := keyAsSecret(s.miner, private)
	l.nodes.settle(secret)
	err = l.nodes.within(ctx, secret.Namespace, func() error {
		_, err := l.nodes.core.CoreV1().Secrets(secret.Namespace).Create(ctx, secret, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("secret %q: %w", secret.Name, err)
	}
	return nil
}

// hasKey tells whether the Miner's Secret is there, by trying to make another of its name without doing it.
func (l *minerLoop) hasKey(ctx context.Context, s *minerScope) (bool, error) {
	if podReady(s.pod) {
		return true, nil
	}
	try := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	_, err := l.nodes.core.CoreV1().Secrets(s.miner.Namespace).Create(ctx, keyAsSecret(s.miner, nil), try)
	if apierrors.IsAlreadyExists(err) {
		return true, nil
	}
	if l.nodes.away && apierrors.IsNotFound(err) {
		return false, nil // nor is its namespace
	}
	if err != nil {
		return false, fmt.Errorf("secret %q: %w", keySecret(s.miner), err)
	}
	return false, nil
}

// newKey makes a key for the Miner and puts its public half, in hex, into the status.
func newKey(m *v1beta1.Miner) (file []byte, err error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	m.Status.PublicKey = hex.EncodeToString(public)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func keyAsSecret(m *v1beta1.Miner, private []byte) *corev1.Secret {
	fixed := true
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:            keySecret(m),
			Namespace:       m.Namespace,
			Labels:          map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(m, v1beta1.Kind(v1beta1.KindMiner))},
		},
		Type:      corev1.SecretTypeOpaque,
		Immutable: &fixed,
		Data:      map[string][]byte{keyFile: private},
	}
}
