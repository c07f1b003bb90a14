package client

import (
	"context"
	"net/http"
	"net/url"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/miner"
)

// GetMiner reads one of the caller's Miners.
func (c *Client) GetMiner(ctx context.Context, in miner.GetRequest) (*v1beta1.Miner, error) {
	path := newQuery().set("namespace", in.Namespace).on("/v1/miners/" + url.PathEscape(in.Name))
	return call[v1beta1.Miner](ctx, c, http.MethodGet, path, nil)
}

// ListMiners lists the caller's Miners, of one MinerSet or of all.
func (c *Client) ListMiners(ctx context.Context, in miner.ListRequest) (*miner.List, error) {
	path := newQuery().set("namespace", in.Namespace).set("minerSet", in.MinerSet).page(in.Page).on("/v1/miners")
	return call[miner.List](ctx, c, http.MethodGet, path, nil)
}
