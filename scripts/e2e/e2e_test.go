package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"onex.io/onex/scripts/e2e"
	"onex.io/onex/shared/telemetry/telemetrytest"
)

// collector is whom the platform tells what it does, all through the tests; nil where ONEX_COLLECTOR names none.
var collector *telemetrytest.Collector

func TestMain(m *testing.M) {
	if known := os.Getenv("ONEX_COLLECTOR"); known != "" && os.Getenv("ONEX_ADDR") != "" {
		c, err := e2e.Listen(known)
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			os.Exit(1)
		}
		collector = c
	}
	os.Exit(m.Run())
}

// TestMainJob runs against the platform that the environment names, as the env file of a local platform or the
// deployment's target does. Without one there is nothing to test here.
func TestMainJob(t *testing.T) { e2e.Run(t, platform(t)) }

// TestPoolsScaleThemselves waits for the calm of autoscalers, minutes in all.
func TestPoolsScaleThemselves(t *testing.T) {
	o := platform(t)
	if !slices.Contains([]string{"full", "autoscale"}, os.Getenv("E2E")) {
		t.Skip("E2E=full or E2E=autoscale asks for it")
	}
	e2e.Autoscale(t, o)
}

// TestAsOperator wants a cluster, and an hour.
func TestAsOperator(t *testing.T) {
	o := platform(t)
	if os.Getenv("E2E") != "full" {
		t.Skip("E2E=full asks for the long run")
	}
	e2e.RunAsOperator(t, o)
}

func platform(t *testing.T) e2e.Options {
	if os.Getenv("ONEX_ADDR") == "" {
		t.Skip("ONEX_ADDR names no platform")
	}
	return e2e.Options{
		Addr: os.Getenv("ONEX_ADDR"), Host: os.Getenv("ONEX_HOST"), Kubeconfig: os.Getenv("KUBECONFIG"),
		Mongo: os.Getenv("ONEX_MONGO"), Kafka: os.Getenv("ONEX_KAFKA"), Proxy: os.Getenv("ONEX_PROXY"),
		Triggers: os.Getenv("ONEX_TRIGGERS"), AdminPasswordFile: os.Getenv("ONEX_ADMIN_PASSWORD_FILE"), Fault: os.Getenv("E2E_FAULT"),
		Collector: collector,
	}
}
