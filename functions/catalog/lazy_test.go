package catalog_test

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/platform"
)

// tripwire counts who comes, and answers nobody.
type tripwire struct {
	addr string
	came atomic.Int64
}

func newTripwire(t *testing.T) *tripwire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &tripwire{addr: l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.came.Add(1)
			conn.Close()
		}
	}()
	return w
}

// visitors is who came since the last time. Connections are taken in turn: when our own has been, so have all before.
func (w *tripwire) visitors(t *testing.T) int64 {
	t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("a tripwire answered")
	}
	return w.came.Swap(0) - 1
}

// Building an operation, which is what its process does before it answers, waits for nobody and dials nobody. (The
// driver of MongoDB looks for its servers on its own, beside the first request.)
func TestAnOperationDialsNobodyBeforeItIsAsked(t *testing.T) {
	redis, kafka, kube, web := newTripwire(t), newTripwire(t), newTripwire(t), newTripwire(t)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{name: x, cluster: {server: \"http://" + kube.addr +
		"\"}}]\ncontexts: [{name: x, context: {cluster: x, user: x}}]\nusers: [{name: x, user: {token: x}}]\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"], vars["KUBECONFIG"] = "mongodb://127.0.0.1:1", redis.addr, kafka.addr, kubeconfig
	vars["ONEX_BROKER"], vars["ONEX_SERVICES"], vars["ONEX_NODES"] = "http://"+web.addr, "http://"+web.addr+"/%s", "http://"+web.addr+"/%s/%s"
	c, err := config.ReadMap(vars)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, o := range catalog.Operations() {
		if !o.Serves() {
			continue
		}
		p := platform.New(c, platform.Options{Log: slog.New(slog.DiscardHandler), HTTP: &http.Client{}})
		if _, err := o.HTTP(p); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
		for what, wire := range map[string]*tripwire{"the cache": redis, "the stream": kafka, "the object API": kube, "another operation": web} {
			if wire.visitors(t) > 0 {
				t.Errorf("%s dials %s while it is built", o.Name, what)
			}
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("building all operations took %s", took)
	}
}
