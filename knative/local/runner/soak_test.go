package runner_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"

	"onex.io/onex/scripts/e2e"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/client"
)

// killsPerLife leaves a life enough peace to come to its end.
const killsPerLife = 5

// Lives are lived while the platform, a process of one of its miners, or a process of one of its operations is killed
// at random moments: SOAK_KILLS times in all, as SOAK_SEED has it. After each life the ledger agrees with the world.
func TestKillNineAtRandomMoments(t *testing.T) {
	kills, seed := number(t, "SOAK_KILLS", 3), number(t, "SOAK_SEED", rand.IntN(1_000_000))
	t.Logf("%d kills; to kill at the same moments again: SOAK_SEED=%d", kills, seed)
	k := &killer{t: t, state: t.TempDir(), random: rand.New(rand.NewPCG(uint64(seed), 0))}
	k.launch()
	for left := kills; left > 0; {
		some := min(left, killsPerLife)
		k.live(some)
		left -= some
	}
	if !t.Failed() {
		k.platform.interrupt(t)
	}
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// killer kills parts of a platform and starts it again.
type killer struct {
	t        *testing.T
	state    string
	random   *rand.Rand
	platform *process
}

// launch starts the platform in one of its two modes: what one leaves, the other goes on with.
func (k *killer) launch() { k.platform = launch(k.t, k.state, k.random.IntN(2) == 0) }

// live has one life lived, and kills in the middle of it: some while it is built up, the last one while it is given
// up.
func (k *killer) live(kills int) {
	k.t.Helper()
	ada := k.newLife()
	k.during(kills-1, ada.Play, ada.Scale, ada.SeeMinersRun)
	// A test of its own, so that what watches the platform ends while that still runs.
	if !k.t.Run("audit of "+ada.Username, func(t *testing.T) { e2e.Audit(t, envOf(t, k.state), ada) }) {
		k.t.FailNow()
	}
	k.during(1, ada.Leave, ada.CountMoney)
}

func (k *killer) newLife() *life.Life {
	k.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", envOf(k.t, k.state).Kubeconfig)
	if err != nil {
		k.t.Fatal(err)
	}
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper { return patient{rt} })
	pods, err := corev1.NewForConfig(config)
	if err != nil {
		k.t.Fatal(err)
	}
	return life.New(life.Options{
		Client: client.New("http://platform", client.Options{HTTP: &http.Client{Transport: &careful{k.t, k.state}}}),
		Pods:   pods, Out: os.Stderr, Patience: 5 * time.Minute,
	})
}

// during kills while the steps are lived, and returns when both are done.
func (k *killer) during(kills int, steps ...func(context.Context) error) {
	k.t.Helper()
	ctx, cancel := context.WithCancel(k.t.Context())
	defer cancel()
	var lived sync.WaitGroup
	var err error
	lived.Go(func() {
		for _, step := range steps {
			if err = step(ctx); err != nil {
				return
			}
		}
	})
	for range kills {
		time.Sleep(time.Duration(k.random.IntN(3000)) * time.Millisecond)
		k.kill()
	}
	lived.Wait()
	if err != nil {
		k.t.Fatalf("a life that was killed in the middle: %v", err)
	}
}

// kill kills something: half the time everything.
func (k *killer) kill() {
	k.t.Helper()
	victims := map[int]string{0: "toyblc", 1: "functions"}
	program, one := victims[k.random.IntN(4)]
	if one && k.killOne(program) {
		return
	}
	k.t.Log("kill -9 of the platform")
	k.platform.killNine(k.t)
	k.launch()
}

// killOne kills one process of a program, if it has any.
func (k *killer) killOne(program string) bool {
	var all []found
	for _, p := range processesOf(k.state) {
		if p.program == program {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return false
	}
	victim := all[k.random.IntN(len(all))]
	k.t.Logf("kill -9 of %d, %s", victim.pid, program)
	_ = syscall.Kill(victim.pid, syscall.SIGKILL) // it may be gone already
	return true
}
