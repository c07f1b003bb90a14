package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/telemetry/telemetrytest"
	"onex.io/onex/shared/trace"
)

// Telemetry plays a life on a platform that tells o.Collector, and holds what the collector hears against it. Nobody else
// may call the platform. Stop stops it, so that whatever there is to tell has been told.
func Telemetry(t *testing.T, o Options, stop func()) {
	w := open(t, o)
	ada := life.New(life.Options{Client: w.api, Pods: w.core.CoreV1(), Out: lines{t}, Patience: patience})
	fatal(t, ada.Play(t.Context()))
	want := w.ask(t, ada)
	stop()
	if err := errors.Join(counted(o.Collector, want, nil), oneTrace(o.Collector, ada)); err != nil {
		t.Error(err)
	}
}

// telemetry does so on a cluster, where those who answered go when nobody calls them, and tell what they have to tell.
func (w *world) telemetry(t *testing.T, ada *life.Life) {
	c := w.o.Collector
	eventually(t, "one trace leads from the click to the coin", func(context.Context) error { return oneTrace(c, ada) })
	w.asleep(t)
	before := map[answers]int{}
	for a := range w.questions(ada) {
		before[a] = countOf(c, a)
	}
	want := w.ask(t, ada)
	w.asleep(t)
	eventually(t, "every request is counted once", func(context.Context) error { return counted(c, want, before) })
}

// Listen has a collector listen, as long as the process lives, at the port of the URL by which pods know it.
func Listen(known string) (*telemetrytest.Collector, error) {
	at, err := url.Parse(known)
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort("", at.Port()))
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	c := telemetrytest.New()
	go func() { _ = http.Serve(l, c) }() // until the process ends
	return c, nil
}

// answers are those of an operation that are alike: its status, and the reason of a refusal.
type answers struct{ operation, status, reason string }

// questions are requests to operations that nobody calls but us, by the answers that they get.
func (w *world) questions(ada *life.Life) map[answers]func(context.Context) error {
	token := ada.Tokens.AccessToken
	get := func(path, token string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.plain(ctx, http.MethodGet, path, "", token)
			return err
		}
	}
	return map[answers]func(context.Context) error{
		{"get-quota", "200", ""}:                    get("/v1/quota", token),
		{"get-quota", "401", "Unauthorized"}:        get("/v1/quota", ""),
		{"list-entries", "200", ""}:                 get("/v1/wallet/entries", token),
		{"list-entries", "400", "InvalidParameter"}: get("/v1/wallet/entries?limit=some", token),
		{"get-miner", "404", "NotFound"}:            get("/v1/miners/nobody", token),
	}
}

// each is how often each question is asked.
const each = 40

// ask asks every question some times, several at once.
func (w *world) ask(t *testing.T, ada *life.Life) map[answers]int {
	t.Helper()
	asked := map[answers]int{}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for a, ask := range w.questions(ada) {
		asked[a] = each
		for range each {
			group.Go(func() error { return ask(ctx) })
		}
	}
	fatal(t, group.Wait())
	return asked
}

// counted holds the collector's counters against what was asked, beside what was counted before.
func counted(c *telemetrytest.Collector, asked, before map[answers]int) error {
	var faults []error
	for a, n := range asked {
		if got := countOf(c, a) - before[a]; got != n {
			faults = append(faults, fmt.Errorf("%+v: %d are counted, %d were sent: %w", a, got, n, errNotYet))
		}
	}
	return errors.Join(faults...)
}

func countOf(c *telemetrytest.Collector, a answers) int {
	about := telemetrytest.Attributes{"onex.operation": a.operation, "http.response.status_code": a.status}
	if a.reason != "" {
		about["error.type"] = a.reason
	}
	return int(c.Count("http.server.request.duration", about))
}

// asleep waits until none of the operations that are asked has a pod.
func (w *world) asleep(t *testing.T) {
	t.Helper()
	eventually(t, "the operations sleep", func(ctx context.Context) error {
		pods, err := w.core.CoreV1().Pods("onex").List(ctx, metav1.ListOptions{
			LabelSelector: "app.kubernetes.io/component in (get-quota, list-entries, get-miner)",
		})
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d pods: %w", len(pods.Items), errNotYet)
		}
		return err
	})
}

// oneTrace looks for the ways back from the first block and from its reward to the click that ordered the miners.
func oneTrace(c *telemetrytest.Collector, ada *life.Life) error {
	id := trace.ID(trace.FromParent(context.Background(), ada.MinerSet.Annotations[object.TraceAnnotation]))
	spans := c.Trace(id)
	made := []string{"reconcile miner", "reconcile minerset", "create-minerset", "gateway"}
	return errors.Join(
		cameBy(spans, append([]string{"settle-chain", "mine block"}, made...)),
		cameBy(spans, append([]string{"credit reward", "buy-slot", "gateway"}, made...)),
	)
}

// cameBy looks for a span whose ancestors, itself first and up to the root, have these names.
func cameBy(spans []telemetrytest.Span, want []string) error {
	byID := map[string]telemetrytest.Span{}
	for _, s := range spans {
		byID[s.ID] = s
	}
	var others [][]string
	for _, s := range spans {
		var way []string
		for at, there := s, true; there && len(way) <= len(want); at, there = byID[at.Parent] {
			way = append(way, at.Name)
		}
		if slices.Equal(way, want) {
			return nil
		}
		others = append(others, way)
	}
	return fmt.Errorf("no span of the trace came by %q; those that are there by %q: %w", want, others, errNotYet)
}
