package reconciler

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// running starts the reconciler as it is, over the story's object API, and ends it with the test.
func (s *story) running(change func(*Options)) (stop func()) {
	s.t.Helper()
	o := Options{Config: s.server.Config(), Buyer: s.till, Image: "toyblc:1", Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil))}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Errorf("run: %v", err)
		}
		ended <- nil
	}
	s.t.Cleanup(stop)
	return stop
}

// eventually waits for what must come to be, with the kubelet at work.
func (s *story) eventually(what string, holds func() bool) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		s.kubelet()
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("never: %s", what)
		}
	}
}

func (s *story) setReady(name, ready string) func() bool {
	return func() bool {
		set, err := s.api.MinerSets(user).Get(s.t.Context(), name, metav1.GetOptions{})
		return err == nil && set.Status.Ready == ready && v1beta1.IsTrue(set.Status.Conditions, v1beta1.ConditionReady)
	}
}

func TestRunMakesKeepsAndRemoves(t *testing.T) {
	s := newStory(t)
	s.addSet("night", 2)
	s.running(nil)
	s.eventually("miners wait for their chain", func() bool {
		m, err := s.api.Miners(user).Get(t.Context(), "night-0", metav1.GetOptions{})
		return err == nil && v1beta1.FindCondition(m.Status.Conditions, v1beta1.ConditionChainFound) != nil
	})
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.eventually("two miners ready", s.setReady("night", "2/2"))

	before := s.pod(user, "night-1").UID
	s.kill(user, "night-1")
	s.eventually("the pod is back", func() bool {
		p, err := s.core.CoreV1().Pods(user).Get(t.Context(), "night-1", metav1.GetOptions{})
		return err == nil && p.UID != before
	})
	s.eventually("two miners ready again", s.setReady("night", "2/2"))
	s.addMiner("stray", func(m *v1beta1.Miner) { m.Labels = map[string]string{v1beta1.MinerSetLabel: "night"} })
	s.eventually("the stray is adopted and one is let go", func() bool {
		return s.names() == "night-0 night-1" || s.names() == "night-0 stray" || s.names() == "night-1 stray"
	})
	s.deleteSet("night")
	s.eventually("nothing is left", func() bool { return s.names() == "" })
	s.eventually("events tell of it", func() bool {
		list, err := s.core.CoreV1().Events(user).List(t.Context(), metav1.ListOptions{})
		return err == nil && len(list.Items) > 0
	})
}

func TestRunComesToRest(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 3)
	s.running(nil)
	s.eventually("three miners ready", s.setReady("night", "3/3"))
	// What is still under way ends; from then on nothing more is written.
	last, since := s.server.Writes(), time.Now()
	s.eventually("a second without a write", func() bool {
		if now := s.server.Writes(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > time.Second
	})
	if s.till.asked != 3 {
		t.Errorf("the wallet was asked %d times, want 3", s.till.asked)
	}
}

func TestRunAgainAndTwiceAtOnce(t *testing.T) {
	s := newStory(t)
	stop := s.running(nil)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.eventually("ready", s.setReady("night", "1/1"))
	stop()
	s.scale("night", 2)

	other := newStory(t)
	other.running(nil)
	s.running(nil)
	other.addChain(user, "harbour")
	other.addSet("night", 1)
	s.eventually("ready after a restart", s.setReady("night", "2/2"))
	other.eventually("the other is ready", other.setReady("night", "1/1"))
}

func TestOneOfTwoLeads(t *testing.T) {
	s := newStory(t)
	elect := func(name string) func(*Options) {
		return func(o *Options) { o.LeaderElection = &LeaderElection{Namespace: "onex", Identity: name} }
	}
	stop := s.running(elect("one"))
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.eventually("ready", s.setReady("night", "1/1"))
	s.running(elect("two"))
	holder := func() string {
		lease := must(s.core.CoordinationV1().Leases("onex").Get(t.Context(), component, metav1.GetOptions{}))(t)
		return *lease.Spec.HolderIdentity
	}
	if got := holder(); got != "one" {
		t.Fatalf("got leader %q, want one", got)
	}
	stop()
	s.scale("night", 2)
	s.eventually("the second takes over", s.setReady("night", "2/2"))
	if got := holder(); got != "two" {
		t.Errorf("got leader %q, want two", got)
	}
}

func TestProbes(t *testing.T) {
	s := newStory(t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	addr := listener.Addr().String()
	listener.Close()
	s.running(func(o *Options) { o.HealthAddr = addr })
	for _, path := range []string{"/healthz", "/readyz"} {
		s.eventually(path, func() bool {
			r, err := http.Get("http://" + addr + path)
			if err != nil {
				return false
			}
			defer r.Body.Close()
			return r.StatusCode == http.StatusOK
		})
	}
}

func TestRunNeedsItsOptions(t *testing.T) {
	if err := Run(t.Context(), Options{}); err == nil {
		t.Error("ran without anything")
	}
}

func TestReconcilerEndsWhenLeadershipIsLost(t *testing.T) {
	ended := make(chan error, 1)
	ended <- nil
	if err := outcomeOf(t.Context(), ended); !errors.Is(err, errLost) {
		t.Errorf("got %v for work that ended by itself, want %v", err, errLost)
	}
	if err := outcomeOf(t.Context(), make(chan error)); !errors.Is(err, errLost) {
		t.Errorf("got %v while others may be working, want %v", err, errLost)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := outcomeOf(over, make(chan error)); err != nil {
		t.Errorf("got %v after a stop, want none", err)
	}
}
