package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/kube/kubetest"
)

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	t.Setenv("ONEX_IMAGE", "")
	t.Setenv("ONEX_PLATFORM_KEY", "nonsense")
	t.Setenv("HEALTH_PORT", "many")
	err := run(t.Context())
	if err == nil {
		t.Fatal("ran without a configuration")
	}
	for _, name := range []string{"ONEX_IMAGE", "PlatformKey", "HealthPort"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s named", err, name)
		}
	}
}

func TestAClusterOfNodesThatIsNotThereIsNamed(t *testing.T) {
	configure(t)
	t.Setenv("ONEX_NODES_KUBECONFIG", "/nowhere/kubeconfig")
	if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), "/nowhere/kubeconfig") {
		t.Errorf("got %v", err)
	}
}

func TestItStartsAndEnds(t *testing.T) {
	port := configure(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()

	late, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready(port) {
		select {
		case <-tick.C:
		case err := <-ended:
			t.Fatalf("ended by itself: %v", err)
		case <-late.Done():
			t.Fatal("never got ready")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want a clean end", err)
	}
}

// configure gives the process all that a pod would be given, and returns the port of its probes.
func configure(t *testing.T) int {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := config.PrivateKey{PrivateKey: private}.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: a, cluster: {server: %q}}], contexts: [{name: a, context: {cluster: a}}]}`, kubetest.New(t).Config().Host)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	for name, value := range map[string]string{
		"KUBECONFIG": path, "ONEX_IMAGE": "toyblc:1", "ONEX_PLATFORM_KEY": string(key), "HEALTH_PORT": fmt.Sprint(port),
		"POD_NAMESPACE": "onex", "POD_NAME": "reconciler-0",
	} {
		t.Setenv(name, value)
	}
	return port
}

func ready(port int) bool {
	r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", port))
	if err != nil {
		return false
	}
	defer r.Body.Close()
	return r.StatusCode == http.StatusOK
}
