package runner_test

import (
	"syscall"
	"testing"
	"time"

	"onex.io/onex/knative/local/runner"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
)

func oneProcess(t *testing.T, p *runner.Platform) {
	if pids, err := p.PIDs("gateway"); err == nil {
		t.Errorf("the gateway has processes of its own: %v", pids)
	}
}

// fromZeroToZero wants every process to go when nothing comes, the next request to bring back those that it needs and
// no others, and one that is killed to be missed for no longer than a request takes.
func fromZeroToZero(t *testing.T, p *runner.Platform) {
	quiet := []string{"gateway", "get-wallet", "create-user", "create-chain", "buy-slot"}
	eventually(t, "all asleep", func() bool {
		for _, o := range quiet {
			if len(pids(t, p, o)) > 0 {
				return false
			}
		}
		return true
	})
	stranger := client.New(p.Addr(), client.Options{})
	knock := func() fault.Kind {
		_, err := stranger.GetWallet(t.Context(), 1)
		return fault.KindOf(err)
	}
	began := time.Now()
	if kind := knock(); kind != fault.Unauthenticated {
		t.Fatalf("asleep, it answered %s", kind)
	}
	t.Logf("two processes started for one request: %s", time.Since(began).Round(time.Millisecond))
	for _, o := range []string{"gateway", "get-wallet"} {
		before := pids(t, p, o)
		if len(before) != 1 {
			t.Fatalf("%s has the processes %v", o, before)
		}
		if err := syscall.Kill(before[0], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		kind := knock()
		if kind == fault.Busy { // it died with the request in hand
			kind = knock()
		}
		if after := pids(t, p, o); kind != fault.Unauthenticated || len(after) != 1 || after[0] == before[0] {
			t.Errorf("%s was killed: answer %s, processes %v, before %v", o, kind, after, before)
		}
	}
	if awake := pids(t, p, "create-user"); len(awake) > 0 {
		t.Errorf("nobody asked for create-user, and it has the processes %v", awake)
	}
}

func pids(t *testing.T, p *runner.Platform, operation string) []int {
	t.Helper()
	all, err := p.PIDs(operation)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not in a minute: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
