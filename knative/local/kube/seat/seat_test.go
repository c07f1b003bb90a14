package seat

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func load(t *testing.T, dir string) *Seat {
	t.Helper()
	id, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestASeatStaysTheSame(t *testing.T) {
	dir := t.TempDir()
	first := load(t, dir)
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	second := load(t, dir)
	if first.token != second.token || first.port != second.port || len(first.token) < 20 {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if again, err := os.ReadFile(filepath.Join(dir, keyFile)); err != nil || string(again) != string(key) {
		t.Errorf("the key changed: %v", err)
	}
	if other := load(t, t.TempDir()); other.token == first.token {
		t.Error("two servers have one token")
	}
}

func TestTakenPortIsReplaced(t *testing.T) {
	dir := t.TempDir()
	first := load(t, dir)
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", first.port))
	if err != nil {
		t.Skip("the port was taken by somebody else")
	}
	defer l.Close()
	if second := load(t, dir); second.port == first.port {
		t.Errorf("port %d is taken", second.port)
	}
}

func TestOldCertificateIsDropped(t *testing.T) {
	for name, tt := range map[string]struct {
		left time.Duration
		kept bool
	}{
		"a fresh one stays":       {200 * 24 * time.Hour, true},
		"one about to end goes":   {5 * 24 * time.Hour, false},
		"one that has ended goes": {-time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			id := &Seat{dir: t.TempDir()}
			writeCertificate(t, id, time.Now().Add(tt.left))
			if err := id.dropOldCertificate(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(id.certificate()); (err == nil) != tt.kept {
				t.Errorf("kept %t, want %t", err == nil, tt.kept)
			}
		})
	}
}

func writeCertificate(t *testing.T, id *Seat, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(id.pki(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(id.certificate(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOneServerPerFolder(t *testing.T) {
	dir := t.TempDir()
	unlock, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, dir); err == nil {
		t.Fatal("two servers have one folder")
	}
	unlock()
	again, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
