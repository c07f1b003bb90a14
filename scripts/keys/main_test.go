package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/seal"
)

func printed(t *testing.T, there string) corev1.Secret {
	t.Helper()
	var out bytes.Buffer
	if err := complete(strings.NewReader(there), &out); err != nil {
		t.Fatal(err)
	}
	var secret corev1.Secret
	if err := json.Unmarshal(out.Bytes(), &secret); err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestTheSecretConfiguresThePlatform(t *testing.T) {
	vars := map[string]string{"ONEX_MONGO": "mongodb://m/", "ONEX_REDIS": "r:1", "ONEX_KAFKA": "k:1"}
	for name, key := range printed(t, "").Data {
		vars[name] = string(key)
	}
	c, err := config.ReadMap(vars)
	if err != nil {
		t.Fatal(err)
	}
	if !c.TokenPublicKeys.Hold(c.TokenKey.Public().(ed25519.PublicKey)) {
		t.Error("the token keys are no pair")
	}
	if _, err := seal.NewBox(c.SecretsKey.Bytes); err != nil || len(c.AdminPassword) < 20 {
		t.Errorf("key of secrets: %v, password of %d letters", err, len(c.AdminPassword))
	}
}

func TestWhatIsThereStays(t *testing.T) {
	old := printed(t, "\n")
	old.ResourceVersion = "7"
	delete(old.Data, "ONEX_SECRETS_KEY")
	text, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	completed := printed(t, string(text))
	if len(completed.Data["ONEX_SECRETS_KEY"]) == 0 {
		t.Error("what was missing is missing still")
	}
	delete(completed.Data, "ONEX_SECRETS_KEY")
	if diff := cmp.Diff(old, completed); diff != "" {
		t.Errorf("what was there (-before +after)\n%s", diff)
	}
}

func TestWhatIsNoSecretIsRefused(t *testing.T) {
	if err := complete(strings.NewReader("Error from server"), new(bytes.Buffer)); err == nil {
		t.Error("accepted: it would have been replaced")
	}
}
