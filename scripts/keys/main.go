// Command keys prints the Secret onex-keys, for kubectl. Given that Secret as JSON it adds the keys that are missing
// and leaves the others as they are; given nothing it makes all of them. Whoever replaces them logs everybody out and
// makes every secret of every user useless.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/config"
)

func main() {
	if err := complete(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func complete(there io.Reader, w io.Writer) error {
	text, err := io.ReadAll(there)
	if err != nil {
		return err
	}
	var old corev1.Secret
	if text = bytes.TrimSpace(text); len(text) > 0 {
		if err := json.Unmarshal(text, &old); err != nil {
			return fmt.Errorf("the Secret that is there: %w", err)
		}
	}
	keys := map[string]string{}
	for name, key := range old.Data {
		keys[name] = string(key)
	}
	if keys, err = config.CompleteKeys(keys); err != nil {
		return err
	}
	data := map[string][]byte{}
	for name, key := range keys {
		data[name] = []byte(key)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "onex-keys", Namespace: "onex", ResourceVersion: old.ResourceVersion,
			Labels: map[string]string{"app.kubernetes.io/part-of": "onex"},
		},
		Data: data,
	})
}
