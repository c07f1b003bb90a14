package chain

import (
	"context"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getChain reads a Chain as it stands in the object API.
type getChain struct{ chains opener }

func newGetChain(p *platform.Platform) (op.RequestFunc[chain.GetRequest, v1beta1.Chain], error) {
	open, err := chainsOf(p)
	return (&getChain{chains: open}).Handle, err
}

// Handle looks where a miner of the caller's would look.
func (f *getChain) Handle(ctx context.Context, in *chain.GetRequest) (*v1beta1.Chain, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	return f.chains.find(ctx, namespace, in.Name)
}
