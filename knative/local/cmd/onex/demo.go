package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"onex.io/onex/knative/local/runner"
	"onex.io/onex/scripts/life"
)

// When the main job is played.
const (
	demoOn   = "on"   // once, in a new state folder
	demoOff  = "off"  // never
	demoOnly = "only" // now, and then the platform stops
)

// demo plays the main job on p as the mode says. Being interrupted is no error.
func demo(ctx context.Context, mode, state string, p *runner.Platform) error {
	played := filepath.Join(state, "played")
	switch _, err := os.Stat(played); {
	case mode == demoOff, mode == demoOn && err == nil:
		return nil
	case mode != demoOn && mode != demoOnly:
		return fmt.Errorf("demo: %q is neither %s, %s nor %s", mode, demoOn, demoOff, demoOnly)
	}
	o, err := life.Place{Addr: p.Addr(), Kubeconfig: p.Kubeconfig()}.Options()
	if err != nil {
		return err
	}
	o.Out = os.Stdout
	fmt.Println()
	if err := life.New(o).Whole(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("demo: %w", err)
	}
	return os.WriteFile(played, nil, 0o600)
}
