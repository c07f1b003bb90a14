package chain

import (
	"context"

	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// deleteChain asks a Chain of the caller's namespace to go; the reconciler takes its node down first.
type deleteChain struct{ chains opener }

func newDeleteChain(p *platform.Platform) (op.RequestFunc[chain.DeleteRequest, chain.Deleted], error) {
	open, err := chainsOf(p)
	return (&deleteChain{chains: open}).Handle, err
}

// Handle never falls back to the public chains: those are not the caller's.
func (f *deleteChain) Handle(ctx context.Context, in *chain.DeleteRequest) (*chain.Deleted, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	return &chain.Deleted{}, kube.Remove(ctx, f.chains(namespace), in.Name, in.Cascade)
}
