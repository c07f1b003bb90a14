// Command keys prints the Secret onex-keys with new keys, for kubectl. `make deploy` makes it once; whoever replaces
// it logs everybody out.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/config"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func write(w io.Writer) error {
	keys, err := config.NewKeys()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "onex-keys", Namespace: "onex", Labels: map[string]string{"app.kubernetes.io/part-of": "onex"},
		},
		StringData: keys,
	})
}
