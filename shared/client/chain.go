package client

import (
	"context"
	"net/http"
	"net/url"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
)

func chainPath(name string) string { return "/v1/chains/" + url.PathEscape(name) }

// CreateChain creates a chain in the caller's namespace.
func (c *Client) CreateChain(ctx context.Context, in *v1beta1.Chain) (*v1beta1.Chain, error) {
	return call[v1beta1.Chain](ctx, c, http.MethodPost, "/v1/chains", in)
}

// GetChain reads one of the caller's chains, or the public one of that name.
func (c *Client) GetChain(ctx context.Context, in chain.GetRequest) (*v1beta1.Chain, error) {
	path := newQuery().set("namespace", in.Namespace).on(chainPath(in.Name))
	return call[v1beta1.Chain](ctx, c, http.MethodGet, path, nil)
}

// GetChainStatus asks how a chain is doing this moment.
func (c *Client) GetChainStatus(ctx context.Context, in chain.StatusRequest) (*chain.Status, error) {
	path := newQuery().set("namespace", in.Namespace).number("blocks", in.Blocks).on(chainPath(in.Name) + "/status")
	return call[chain.Status](ctx, c, http.MethodGet, path, nil)
}

// ListChains lists the caller's chains, and the public ones if wanted.
func (c *Client) ListChains(ctx context.Context, in chain.ListRequest) (*chain.List, error) {
	q := newQuery().set("namespace", in.Namespace).page(in.Page)
	if in.Public {
		q.Set("public", "true")
	}
	return call[chain.List](ctx, c, http.MethodGet, q.on("/v1/chains"), nil)
}

// DeleteChain deletes one of the caller's chains. It answers before the chain's node is gone.
func (c *Client) DeleteChain(ctx context.Context, in chain.DeleteRequest) error {
	path := newQuery().set("namespace", in.Namespace).set("propagationPolicy", in.Cascade).on(chainPath(in.Name))
	_, err := call[chain.Deleted](ctx, c, http.MethodDelete, path, nil)
	return err
}
