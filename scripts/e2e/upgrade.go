package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
)

// anotherImage has the same programs in it, and another digest.
const anotherImage = "KO_FLAGS=--image-label=io.onex.e2e=another"

// upgrade brings another image onto the cluster while people ask, and wants every answer to be a success.
func (w *world) upgrade(t *testing.T, ada *life.Life) {
	before := w.revisions(t)
	ctx, stop := context.WithCancel(t.Context())
	var load errgroup.Group
	var asked atomic.Int64
	for _, path := range []string{"/v1/wallet", "/v1/miner-types", "/v1/minersets/" + ada.MinerSet.Name, "/v1/chains", "/v1/quota"} {
		load.Go(func() error { return w.keepAsking(ctx, path, ada.Tokens.AccessToken, &asked) })
	}
	told, err := deploy(t.Context(), anotherImage)
	stop()
	if failed := load.Wait(); failed != nil {
		t.Errorf("after %d answers: %v", asked.Load(), failed)
	}
	if err != nil {
		t.Fatalf("%v:\n%s", err, told)
	}
	after := w.revisions(t)
	for name, revision := range after {
		if before[name] == revision {
			t.Errorf("%s still runs %s", name, revision)
		}
	}
	t.Logf("%s: another image for %d operations, %d requests meanwhile", told, len(after), asked.Load())
	again, err := deploy(t.Context(), anotherImage)
	fatal(t, err)
	t.Logf("once more, %s", again)
	if same := w.revisions(t); fmt.Sprint(same) != fmt.Sprint(after) {
		t.Errorf("the same image again changed %v to %v", after, same)
	}
}

// askEvery is how often each caller asks: a steady load, not one that takes the cores from the upgrade.
const askEvery = 50 * time.Millisecond

// keepAsking asks until the context ends. Each answer must be a success.
func (w *world) keepAsking(ctx context.Context, path, token string, asked *atomic.Int64) error {
	var failed []error
	for tick := time.NewTicker(askEvery); ; {
		if _, err := w.timedOutside(context.WithoutCancel(ctx), path, token); err != nil {
			failed = append(failed, err)
		}
		asked.Add(1)
		select {
		case <-ctx.Done():
			tick.Stop()
			return errors.Join(failed...)
		case <-tick.C:
		}
	}
}

// revisions are the operations' newest that are ready.
func (w *world) revisions(t *testing.T) map[string]string {
	t.Helper()
	services, err := w.dynamic.Resource(knativeServices()).Namespace("onex").List(t.Context(), metav1.ListOptions{})
	fatal(t, err)
	newest := map[string]string{}
	for _, s := range services.Items {
		status := s.Object["status"].(map[string]any)
		newest[s.GetName()] = fmt.Sprint(status["latestReadyRevisionName"])
	}
	return newest
}

// killGenesis kills the first node of a chain by force. It comes back with the chain that its miners have.
func (w *world) killGenesis(t *testing.T, ada *life.Life) {
	blocks, err := w.blocks(t.Context(), ada)
	fatal(t, err)
	old, err := w.core.CoreV1().Pods(ada.User.UserID).Get(t.Context(), ada.Chain.Name, metav1.GetOptions{})
	fatal(t, err)
	fatal(t, w.core.CoreV1().Pods(old.Namespace).Delete(t.Context(), old.Name, life.ByForce()))
	eventually(t, "the first node is back with its chain", func(ctx context.Context) error {
		pod, err := w.core.CoreV1().Pods(old.Namespace).Get(ctx, old.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if pod.UID == old.UID || pod.Status.Phase != corev1.PodRunning {
			return errNotYet
		}
		back, err := w.blocks(ctx, ada)
		if err != nil {
			return err
		}
		if len(back) <= len(blocks) {
			return fmt.Errorf("%d of %d blocks: %w", len(back), len(blocks), errNotYet)
		}
		settled := max(0, len(blocks)-1-confirmations)
		if back[settled].Hash != blocks[settled].Hash {
			t.Errorf("block %d is another", settled)
		}
		return nil
	})
}
