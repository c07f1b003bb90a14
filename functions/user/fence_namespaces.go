package user

import (
	"context"
	"fmt"

	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/platform"
)

// fenceNamespaces brings the fences around users' namespaces up to date. Whoever signs up gets those of the platform
// that runs; this is for everybody who signed up before.
type fenceNamespaces struct{ all fenced }

type fenced interface {
	UserNamespaces(ctx context.Context) ([]string, error)
	// FenceNamespace puts the fences up, or brings them up to date.
	FenceNamespace(ctx context.Context, name string) error
}

func runFenceNamespaces(ctx context.Context, p *platform.Platform) error {
	objects, err := p.Kube()
	if err != nil {
		return err
	}
	return (&fenceNamespaces{objects}).Run(ctx)
}

// Run fences what it can and fails if it could not fence everything, so that the job is run again.
func (f *fenceNamespaces) Run(ctx context.Context) error {
	names, err := f.all.UserNamespaces(ctx)
	if err != nil {
		return kube.Translate(err)
	}
	failed := 0
	for _, name := range names {
		if fault := f.all.FenceNamespace(ctx, name); fault != nil {
			err, failed = fault, failed+1
		}
	}
	if err != nil {
		return fmt.Errorf("%d of %d namespaces are not fenced, as: %w", failed, len(names), err)
	}
	return nil
}
