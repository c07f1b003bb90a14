package keyfile_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onex.io/onex/toyblc/keyfile"
)

func TestAKeyIsReadAsItWasMadeAndNeverReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	made, err := keyfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Create(path); err == nil {
		t.Fatal("a key was replaced")
	}
	if read, err := keyfile.Read(path); err != nil || !read.Equal(made) {
		t.Fatalf("read another key (%v)", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode is %s (%v), want a file for its owner alone", info.Mode(), err)
	}
	if _, err := keyfile.Create(filepath.Join(t.TempDir(), "no", "key.pem")); err == nil {
		t.Fatal("a key was written into no folder")
	}
}

func TestAFileThatIsNoKeySaysWhy(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	for _, r := range []struct{ name, text, want string }{
		{"an empty file", "", "no PEM block"},
		{"some text", "secret", "no PEM block"},
		{"PEM around nothing", inPEM(nil), "read key"},
		{"a key of another kind", inPEM(der), "want an Ed25519 key"},
	} {
		t.Run(r.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(path, []byte(r.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := keyfile.Read(path); err == nil || !strings.Contains(err.Error(), r.want) {
				t.Fatalf("read: %v, want %q", err, r.want)
			}
		})
	}
}
