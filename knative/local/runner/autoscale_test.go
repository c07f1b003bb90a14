package runner_test

import (
	"testing"

	"onex.io/onex/scripts/e2e"
)

// On one machine the reconciler makes the ScaledObjects that it makes on a cluster, and the scaler here does what KEDA
// does there.
func TestPoolsScaleThemselves(t *testing.T) {
	o := options(t.TempDir())
	start(t, o)
	e2e.Autoscale(t, envOf(t, o.State))
}
