package secret

import (
	"context"
	"log/slog"

	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/seal"
)

// resealSecrets seals anew what is under a key that the operator has replaced, so that the key before can be taken away.
type resealSecrets struct {
	secrets resealer
	seals   *seal.Box
	log     *slog.Logger
}

type resealer interface {
	Reseal(ctx context.Context, box *seal.Box) (identity.Resealed, error)
}

func runResealSecrets(ctx context.Context, p *platform.Platform) error {
	store, err := storeOf(p)
	if err != nil {
		return err
	}
	seals, err := p.Seals()
	if err != nil {
		return err
	}
	return (&resealSecrets{secrets: store, seals: seals, log: p.Log}).Run(ctx)
}

// Run tells of what no key opens, and holds up no deployment for it: another try would open it no more.
func (f *resealSecrets) Run(ctx context.Context) error {
	all, err := f.secrets.Reseal(ctx, f.seals)
	if err != nil {
		return err
	}
	for _, lost := range all.Lost {
		f.log.ErrorContext(ctx, "no key of ONEX_SECRETS_KEY opens a user's secret", "error", lost)
	}
	f.log.InfoContext(ctx, "secrets are under the first key", "sealed anew", all.Count)
	return nil
}
