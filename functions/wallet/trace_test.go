package wallet

import (
	"context"
	"log/slog"
	"testing"

	"onex.io/onex/shared/money"
	"onex.io/onex/shared/telemetry"
	"onex.io/onex/shared/telemetry/telemetrytest"
	"onex.io/onex/shared/trace"
)

// toldWithin runs do within a span of a trace that a collector is told of.
func toldWithin(t *testing.T, do func(context.Context)) (c *telemetrytest.Collector, traceID string) {
	t.Helper()
	c, url := telemetrytest.Start(t)
	tele, err := telemetry.New(telemetry.Options{Collector: url, Ratio: 1, Service: "wallet", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tele.Start(t.Context(), "woken")
	do(ctx)
	span.End()
	tele.Close(t.Context())
	return c, trace.ID(ctx)
}

func credits(spans []telemetrytest.Span) (keys []string) {
	for _, s := range spans {
		if s.Name == "credit reward" {
			keys = append(keys, s.About["onex.entry.key"])
		}
	}
	return keys
}

func TestTheFirstRewardEndsTheTraceOfThePurchase(t *testing.T) {
	const bought = "4bf92f3577b34da6a3ce929d0e0e4736"
	w := newTown(t)
	p, _ := mined()
	key := publicOf(1).String()
	s := w.signers.docs[key]
	s.Trace = "00-" + bought + "-00f067aa0ba902b7-01"
	w.signers.docs[key] = s
	w.nodes.set("harbor", prefix(10))
	c, woken := toldWithin(t, func(ctx context.Context) {
		for range 2 { // delivered twice
			if _, _, err := w.payroll.pay(ctx, chainObject("harbor")); err != nil {
				t.Fatal(err)
			}
			w.cursors.docs = map[string]cursor{}
		}
	})
	first := c.Trace(bought)
	if len(first) != 1 || first[0].Parent != "00f067aa0ba902b7" || first[0].About["onex.entry.key"] != "reward/"+p.ChainID+"/1" || first[0].Links[0] != woken {
		t.Errorf("the trace of the purchase goes on with %+v", first)
	}
	if rest := credits(c.Trace(woken)); len(rest) != 6 {
		t.Errorf("the trace of what woke it has %v, want the other six", rest)
	}
	if left := w.signers.docs[key]; left.Trace != "" || left.Pool != s.Pool || left.Slot != s.Slot {
		t.Errorf("the signer is now %+v", left)
	}
}

func TestAPurchaseRemembersItsTraceWhereACollectorIsTold(t *testing.T) {
	f, _, signers := shop(60 * money.OX)
	_, id := toldWithin(t, func(ctx context.Context) {
		_, err := f.Handle(ctx, slotRequest())
		wantKind(t, "buying", err, "")
	})
	if got := trace.ID(trace.FromParent(t.Context(), signers.docs[publicOf(1).String()].Trace)); got != id {
		t.Errorf("it remembers %q, want %q", got, id)
	}
	_, err := f.Handle(trace.Hop(t.Context()), slotRequest())
	wantKind(t, "buying where nobody is told", err, "")
	if got := signers.docs[publicOf(1).String()].Trace; got != "" {
		t.Errorf("it remembers %q", got)
	}
}
