package activator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"onex.io/onex/knative/local/activator"
)

func TestTheFirstRequestStartsAProcessAndTheNextOnesUseIt(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 3, Concurrency: 50})
	if pids := w.PIDs(); len(pids) != 0 {
		t.Fatalf("processes before anything came: %v", pids)
	}
	first := w.get("/")
	if first.status != 200 || first.body != fmt.Sprint(w.PIDs()[0]) {
		t.Fatalf("got %+v, process is %v", first, w.PIDs())
	}
	for range 20 {
		if again := w.get("/"); again != first {
			t.Errorf("got %+v, then %+v", first, again)
		}
	}
}

func TestManyFirstRequestsAreHeldUntilOneProcessAnswers(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 3, Concurrency: 50})
	var group sync.WaitGroup
	replies := make([]reply, 40)
	for i := range replies {
		group.Go(func() { replies[i] = w.get("/") })
	}
	group.Wait()
	for _, r := range replies {
		if r != replies[0] || r.status != 200 {
			t.Errorf("got %+v and %+v", replies[0], r)
		}
	}
	if n := w.addresses.lent.Load(); n != 1 {
		t.Errorf("%d processes were started, want 1", n)
	}
}

func TestARequestPassesAsItIs(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 1, Concurrency: 1})
	got := w.do("POST", "/echo?a=b%20c", "hello")
	if want := `POST greet.onex.svc.cluster.local /echo?a=b%20c [] hello`; got.body != want {
		t.Errorf("got %q, want %q", got.body, want)
	}
}

func TestLoadBringsASecondCopyUpToTheLimitAndIdlenessTakesItAway(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 2, Concurrency: 2, Idle: 50 * time.Millisecond})
	var held []<-chan reply
	for range 5 { // one more than two copies take
		held = append(held, w.later("/hold"))
	}
	w.until("two copies", func() bool { return len(w.PIDs()) == 2 })
	pids := w.PIDs()
	w.open()
	answers := map[string]int{}
	for _, h := range held {
		r := <-h
		if r.status != 200 {
			t.Errorf("got %+v", r)
		}
		answers[r.body]++
	}
	if len(answers) != 2 {
		t.Errorf("answered by %v, want both copies", answers)
	}
	w.until("no copies", func() bool { return len(w.PIDs()) == 0 })
	w.until("no processes", func() bool { return !alive(pids[0]) && !alive(pids[1]) })
	if n := w.addresses.lent.Load(); n != 2 {
		t.Errorf("%d processes were started, want 2", n)
	}
	w.until("addresses given back", func() bool { return w.addresses.back.Load() == 2 })
	if got := strings.Count(w.log(), "drained"); got != 2 {
		t.Errorf("%d copies ended their work, want 2: %s", got, w.log())
	}
	if r := w.get("/"); r.status != 200 {
		t.Errorf("asked again after it slept: %+v", r)
	}
}

func TestAProcessThatIsKilledIsStartedAgainByTheNextRequest(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 1, Concurrency: 5})
	before := w.get("/")
	pid := w.PIDs()[0]
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// At once, without waiting for anybody to notice, and with a body that has to arrive whole.
	after := w.do("POST", "/echo", "hello")
	if after.status == 503 { // it died with the request in hand
		after = w.do("POST", "/echo", "hello")
	}
	if after.status != 200 || !strings.HasSuffix(after.body, " hello") {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestADeathMidRequestIsAnAnswerToTryAgain(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 1, Concurrency: 5})
	got := w.do("POST", "/die", "{}")
	var problem struct{ Reason string }
	if err := json.Unmarshal([]byte(got.body), &problem); err != nil || got.status != 503 || problem.Reason != "OperationAway" {
		t.Errorf("got %+v, want 503 OperationAway", got)
	}
	if again := w.get("/"); again.status != 200 {
		t.Errorf("then: %+v", again)
	}
}

func TestAnOperationThatDoesNotStartIsAwayAndIsNotStartedForEveryRequest(t *testing.T) {
	w := newWorld(t, activator.Options{Operation: "broken", Max: 1, Concurrency: 5})
	for range 10 {
		if got := w.get("/"); got.status != 503 {
			t.Errorf("got %+v", got)
		}
	}
	if n := w.addresses.lent.Load(); n > 2 {
		t.Errorf("started %d times in a moment", n)
	}
}

func TestACallerWhoLeavesTakesNoPlace(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 1, Concurrency: 1})
	held := w.later("/hold")
	w.until("a process", func() bool { return len(w.PIDs()) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	impatient(ctx, w)
	w.open()
	if r := <-held; r.status != 200 {
		t.Errorf("the first: %+v", r)
	}
	if r := w.get("/"); r.status != 200 {
		t.Errorf("the next: %+v", r)
	}
}

func TestWorkInHandIsDoneBeforeTheEnd(t *testing.T) {
	w := newWorld(t, activator.Options{Max: 1, Concurrency: 5})
	held := w.later("/hold")
	w.until("work in hand", func() bool { return strings.Contains(w.log(), "holds") })
	pid := w.PIDs()[0]
	ended := make(chan struct{})
	stop := w.stop
	go func() { stop(); close(ended) }()
	w.until("out of service", func() bool { return len(w.PIDs()) == 0 })
	if r := w.get("/"); r.status != 503 {
		t.Errorf("while it stops: %+v", r)
	}
	w.open()
	if r := <-held; r.status != 200 || r.body != fmt.Sprint(pid) {
		t.Errorf("work in hand: %+v", r)
	}
	<-ended
	if alive(pid) {
		t.Error("the process outlives its activator")
	}
}

func TestAStreamRunsUntilItIsStoppedAndItsDeathIsTold(t *testing.T) {
	program := newWorld(t, activator.Options{Max: 1, Concurrency: 1})
	p := program.program()
	t.Run("stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Stream(ctx, "greet") }()
		program.until("it has begun", func() bool { return program.addresses.lent.Load() == 1 })
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		program.until("it has ended", func() bool { return program.addresses.back.Load() == 1 })
	})
	t.Run("dead", func(t *testing.T) {
		if err := p.Stream(t.Context(), "broken"); err == nil || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("got %v", err)
		}
	})
}
