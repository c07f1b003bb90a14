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

// keySecret is the Secret that holds the key of a Miner.
func keySecret(miner string) string { return miner + "-key" }

// ensureKey keeps the key that the node signs its blocks with. While the pod runs well its key is not looked at:
// Secrets are read by name and never watched, so that nobody who breaks in here reads all of them.
func (l *minerLoop) ensureKey(ctx context.Context, s *minerScope) error {
	if s.miner.Status.PublicKey != "" && podReady(s.pod) {
		return nil
	}
	secrets := l.core.CoreV1().Secrets(s.miner.Namespace)
	secret, err := secrets.Get(ctx, keySecret(s.miner.Name), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		if secret, err = newKeySecret(s.miner); err != nil {
			return err
		}
		secret, err = secrets.Create(ctx, secret, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("secret %q: %w", keySecret(s.miner.Name), err)
	}
	if !metav1.IsControlledBy(secret, s.miner) {
		// Most likely that of an earlier Miner of this name, about to be collected.
		return fmt.Errorf("secret %q belongs to another miner", secret.Name)
	}
	s.miner.Status.PublicKey, err = publicKey(secret.Data[keyFile])
	if err != nil {
		return fmt.Errorf("secret %q: %w", secret.Name, err)
	}
	return nil
}

func newKeySecret(m *v1beta1.Miner) (*corev1.Secret, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	fixed := true
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:            keySecret(m.Name),
			Namespace:       m.Namespace,
			Labels:          map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(m, v1beta1.Kind(v1beta1.KindMiner))},
		},
		Immutable: &fixed,
		Data:      map[string][]byte{keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})},
	}, nil
}

// publicKey reads the public half of a key file, in hex.
func publicKey(file []byte) (string, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return "", fmt.Errorf("%q is not PEM", keyFile)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("%q is not PKCS #8: %w", keyFile, err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return "", fmt.Errorf("%q is not an Ed25519 key", keyFile)
	}
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		return "", fmt.Errorf("%q has no public half", keyFile)
	}
	return hex.EncodeToString(public), nil
}
