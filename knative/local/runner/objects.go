package runner

import (
	"context"
	"path/filepath"

	"onex.io/onex/knative/local/install"
)

// applyKinds installs the definitions of the platform's kinds, and of those that it makes for its autoscaler.
func (p *Platform) applyKinds(ctx context.Context) error {
	i, err := p.installer()
	if err != nil {
		return err
	}
	if err := i.KEDAKinds(ctx); err != nil {
		return err
	}
	return i.Kinds(ctx, p.o.CRDs)
}

// applyPolicies installs the rules about them, with the settings of this platform.
func (p *Platform) applyPolicies(ctx context.Context) error {
	i, err := p.installer()
	if err != nil {
		return err
	}
	return i.Policies(ctx, filepath.Join(filepath.Dir(p.o.CRDs), "admission"), p.config)
}

func (p *Platform) installer() (*install.Installer, error) {
	rest, err := p.servers.kube.Config()
	if err != nil {
		return nil, err
	}
	return install.New(rest)
}
