package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"onex.io/onex/shared/config"
)

func TestTheSecretConfiguresThePlatform(t *testing.T) {
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	var secret corev1.Secret
	if err := json.Unmarshal(out.Bytes(), &secret); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"ONEX_MONGO": "mongodb://m/", "ONEX_REDIS": "r:1", "ONEX_KAFKA": "k:1"}
	maps.Copy(vars, secret.StringData)
	c, err := config.ReadMap(vars)
	if err != nil {
		t.Fatal(err)
	}
	if !c.TokenKey.Public().(ed25519.PublicKey).Equal(c.TokenPublicKey.PublicKey) {
		t.Error("the token keys are no pair")
	}
}
