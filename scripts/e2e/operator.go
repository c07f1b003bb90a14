package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"onex.io/onex/scripts/life"
)

// RunAsOperator does to a platform on a cluster what an operator dreads, and measures what an operator asks about.
// It takes about an hour; what it makes, it removes.
func RunAsOperator(t *testing.T, o Options) {
	w := open(t, o)
	seen := w.watch(t)
	t.Run("calls cost what calls of hello world cost", func(t *testing.T) {
		hello := w.helloWorld(t)
		t.Run("cold", func(t *testing.T) { w.coldStarts(t, hello) })
		t.Run("warm", func(t *testing.T) { w.warmCalls(t, hello) })
	})
	t.Run("without work there is no pod", func(t *testing.T) { w.idle(t, seen) })
	t.Run("a flood of records wakes the stream, is stored once, and it sleeps again", func(t *testing.T) { w.floods(t, seen) })
	t.Run("every event has its effect, though dispatchers die", func(t *testing.T) { w.killDispatcher(t) })
	t.Run("a life goes on", func(t *testing.T) {
		ada := w.aLife(t)
		t.Run("when the chain's first node is killed", func(t *testing.T) { w.killGenesis(t, ada) })
		t.Run("when another image comes, and no request fails", func(t *testing.T) { w.upgrade(t, ada) })
		t.Run("and ends with everything gone and the money adding up", func(t *testing.T) { w.remove(t, ada) })
	})
	t.Run("twenty users and ten miners keep few functions awake", func(t *testing.T) { w.quiet(t, seen) })
	t.Run("fifty miners run, whatever restarts meanwhile", func(t *testing.T) { w.crowd(t) })
}

// aLife is lived until the first coin.
func (w *world) aLife(t *testing.T) *life.Life {
	t.Helper()
	ada := life.New(life.Options{Client: w.api, Pods: w.core.CoreV1(), Out: lines{t}, Patience: patience})
	fatal(t, ada.Play(t.Context()))
	return ada
}

// deploy brings the platform onto the cluster once more, with these settings besides those of the environment.
func deploy(ctx context.Context, settings ...string) (string, error) {
	began := time.Now()
	command := exec.CommandContext(ctx, "../deploy")
	command.Env = append(os.Environ(), settings...)
	text, err := command.CombinedOutput()
	if err != nil {
		return string(text), fmt.Errorf("deploy: %w", err)
	}
	return fmt.Sprintf("deployed in %.0f s", time.Since(began).Seconds()), nil
}

// fault does harm to a part of the cluster that is no object of it: `kill kafka`, `start kafka`, `restart kubelet`,
// `restart kube-apiserver`. Who runs the cluster says how, by a program.
func (w *world) fault(t *testing.T, what ...string) {
	t.Helper()
	if w.o.Fault == "" {
		t.Skipf("nothing says how to %s", strings.Join(what, " "))
	}
	text, err := exec.CommandContext(t.Context(), w.o.Fault, what...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(what, " "), err, text)
	}
}
