package kube_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/knative/local/kube/seat"
	"onex.io/onex/knative/local/proc"
)

// bare starts etcd and an API server without any controller, as somebody else might, and gives its kubeconfig.
func bare(t *testing.T) string {
	t.Helper()
	folder, state := kubetest.Assets(t), t.TempDir()
	s, err := seat.Load(state)
	if err != nil {
		t.Fatal(err)
	}
	port, err := seat.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprint("127.0.0.1:", port)
	for _, program := range [][]string{
		{"etcd", "--data-dir=" + state + "/etcd", "--listen-client-urls=http://" + addr, "--advertise-client-urls=http://" + addr,
			"--listen-peer-urls=http://127.0.0.1:0", "--initial-advertise-peer-urls=http://localhost:0", "--initial-cluster=default=http://localhost:0"},
		append([]string{"kube-apiserver"}, s.Flags(addr)...),
	} {
		p, err := proc.Start(exec.Command(filepath.Join(folder, program[0]), program[1:]...))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Stop(20 * time.Second) })
	}
	kubetest.Eventually(t, patience, func() string {
		if _, err := s.Ready(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
	if err := s.WriteKubeconfig(s.Config()); err != nil {
		t.Fatal(err)
	}
	return s.Kubeconfig()
}
