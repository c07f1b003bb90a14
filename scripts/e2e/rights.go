package e2e

import (
	"testing"

	"onex.io/onex/scripts/life"
	"onex.io/onex/scripts/rights"
	"onex.io/onex/shared/kube"
)

// rights asks the cluster what each account of the platform may do, and tries what roles allow and policies do not.
func (w *world) rights(t *testing.T, ada *life.Life) {
	config, err := kube.Config(w.o.Kubeconfig)
	fatal(t, err)
	config.QPS = -1
	faults, err := rights.Faults(t.Context(), config, ada.User.UserID)
	fatal(t, err)
	attempts, err := rights.BeyondBounds(t.Context(), config, ada.User.UserID)
	fatal(t, err)
	for _, fault := range append(faults, attempts...) {
		t.Error(fault)
	}
}
