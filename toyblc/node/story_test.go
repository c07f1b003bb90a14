package node_test

import (
	"net/http"
	"strings"
	"testing"

	"onex.io/onex/shared/telemetry/telemetrytest"
)

func TestTheFirstBlockBelongsToTheTraceOfWhatMadeTheNode(t *testing.T) {
	const id, pass = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for name, told := range map[string]bool{"with a collector": true, "without one": false} {
		t.Run(name, func(t *testing.T) {
			collector, url := telemetrytest.Start(t)
			s := newSink(t, func(int) int { return http.StatusAccepted })
			c := telling(t, s)
			c.Traceparent = "00-" + id + "-" + pass + "-01"
			if told {
				c.Collector, c.TraceRatio = url, 1
			}
			n := run(t, c)
			eventually(t, "two events", func() bool { return len(s.got()) >= 2 })
			if err := n.stop(); err != nil {
				t.Fatal(err)
			}
			first, second := s.heads[0].Get("Ce-Traceparent"), s.heads[1].Get("Ce-Traceparent")
			if !strings.Contains(first, id) || strings.Contains(second, id) {
				t.Errorf("the events belong to %q and %q, want the first to %s", first, second, id)
			}
			if !told {
				if second != "" || len(collector.Points("")) > 0 {
					t.Errorf("somebody is told: %q, %v", second, collector.Points(""))
				}
				return
			}
			spans := collector.Trace(id)
			if len(spans) != 2 || spans[0].Name != "mine block" || spans[1].Name != "start node" || spans[0].Parent != pass || spans[1].Parent != pass {
				t.Fatalf("the trace is %+v", spans)
			}
			if spans[0].About["onex.block.hash"] != s.got()[0] || !strings.Contains(first, spans[0].ID) {
				t.Errorf("the first block is %v, its event %q of %q", spans[0].About, s.got()[0], first)
			}
			if won := collector.Count("toyblc_blocks_won_total", telemetrytest.Attributes{"service.name": "toyblc"}); won < 2 {
				t.Errorf("%v blocks were counted, want 2 or more", won)
			}
		})
	}
}
