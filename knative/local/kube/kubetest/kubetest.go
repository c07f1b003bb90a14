// Package kubetest starts an API server for a test.
package kubetest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"onex.io/onex/knative/local/kube"
)

// Bin finds the built API server: the file that ONEX_KUBE_BIN names, else knative/local/bin/kube. It takes minutes to
// build, so a test that finds none is skipped, except in CI, where skipping would go unnoticed.
func Bin(t testing.TB) string {
	t.Helper()
	bin := os.Getenv("ONEX_KUBE_BIN")
	if bin == "" {
		bin = inModule("bin/kube")
	}
	if _, err := os.Stat(bin); err == nil {
		return bin
	}
	const hint = "no API server to test with: build ./cmd/kube and name the file in ONEX_KUBE_BIN"
	if os.Getenv("CI") != "" {
		t.Fatal(hint)
	}
	t.Skip(hint)
	return ""
}

// Assets is a folder with kube-apiserver and etcd: the one that KUBEBUILDER_ASSETS names, else one with links to the
// built API server, which is both.
func Assets(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir
	}
	dir, bin := t.TempDir(), Bin(t)
	for _, name := range []string{"kube-apiserver", "etcd"} {
		if err := os.Symlink(bin, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inModule is the path of a file below the module's root.
func inModule(file string) string {
	dir, err := os.Getwd()
	for err == nil && dir != "/" {
		if _, found := os.Stat(filepath.Join(dir, "go.mod")); found == nil {
			return filepath.Join(dir, file)
		}
		dir = filepath.Dir(dir)
	}
	return file
}

// Start starts an API server that ends with the test, and gives a client for it.
func Start(t testing.TB) (*kube.Server, kubernetes.Interface) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := kube.Options{Assets: os.Getenv("KUBEBUILDER_ASSETS"), State: t.TempDir()}
	if o.Assets == "" {
		o.Bin = Bin(t)
	}
	s, err := kube.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, Client(t, s)
}

// Client makes a client for a server.
func Client(t testing.TB, s *kube.Server) kubernetes.Interface {
	t.Helper()
	cfg, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Eventually fails the test when ok does not become true in time. Its answer says what is missing.
func Eventually(t testing.TB, within time.Duration, ok func() (missing string)) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		missing := ok()
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", within, missing)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
