package runner_test

import (
	"testing"
	"time"

	"onex.io/onex/knative/local/runner"
	"onex.io/onex/scripts/e2e"
	"onex.io/onex/shared/telemetry/telemetrytest"
)

func TestACollectorHearsOfEveryRequestAndOfOneTraceFromTheClickToTheCoin(t *testing.T) {
	for name, isolate := range map[string]bool{"one process": false, "a process each (ISOLATE=1)": true} {
		t.Run(name, func(t *testing.T) {
			collector, url := telemetrytest.Start(t)
			o := options(t.TempDir())
			o.Isolate, o.Idle = isolate, 3*time.Second
			o.Settings = map[string]string{"ONEX_COLLECTOR": url}
			p, err := runner.Start(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			stopped := false
			stop := func() {
				if stopped {
					return
				}
				stopped = true
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
			t.Cleanup(stop)
			platform := envOf(t, o.State)
			platform.Collector = collector
			e2e.Telemetry(t, platform, stop)
		})
	}
}
