package broker

import (
	"context"
	"log/slog"
	"testing"

	"onex.io/onex/knative/local/manifest"
)

// TestTheRepositorysTriggersAreValid reads what a cluster is given.
func TestTheRepositorysTriggersAreValid(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	files := manifest.Source[*trigger]{
		Dirs: []string{"../../../triggers"}, APIVersion: "eventing.knative.dev/v1", Kind: "Trigger",
		Parse: func(doc []byte) (*trigger, error) { return parseTrigger(doc, "onex") },
		Log:   slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	err := files.Watch(ctx, func(set manifest.Set[*trigger]) {
		defer cancel()
		if !set.Complete || len(set.Items) == 0 {
			t.Errorf("%d triggers, complete %t", len(set.Items), set.Complete)
		}
		for _, tr := range set.Items {
			if _, err := tr.policy(nil); err != nil {
				t.Errorf("trigger %s: %v", tr, err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
