package client

import (
	"context"
	"net/http"
	"net/url"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
)

func minerSetPath(name string) string { return "/v1/minersets/" + url.PathEscape(name) }

// CreateMinerSet buys a pool of miners.
func (c *Client) CreateMinerSet(ctx context.Context, in *v1beta1.MinerSet) (*v1beta1.MinerSet, error) {
	return call[v1beta1.MinerSet](ctx, c, http.MethodPost, "/v1/minersets", in)
}

// GetMinerSet reads one of the caller's MinerSets.
func (c *Client) GetMinerSet(ctx context.Context, name string) (*v1beta1.MinerSet, error) {
	return call[v1beta1.MinerSet](ctx, c, http.MethodGet, minerSetPath(name), nil)
}

// ListMinerSets lists the caller's MinerSets.
func (c *Client) ListMinerSets(ctx context.Context, in minerset.ListRequest) (*minerset.List, error) {
	path := newQuery().set("namespace", in.Namespace).page(in.Page).on("/v1/minersets")
	return call[minerset.List](ctx, c, http.MethodGet, path, nil)
}

// ScaleMinerSet changes how many miners one of the caller's MinerSets wants.
func (c *Client) ScaleMinerSet(ctx context.Context, in minerset.ScaleRequest) (*minerset.Scaled, error) {
	path := newQuery().set("namespace", in.Namespace).on(minerSetPath(in.Name) + "/scale")
	return call[minerset.Scaled](ctx, c, http.MethodPut, path, in.Body)
}

// DeleteMinerSet deletes one of the caller's MinerSets. It answers before the miners are gone.
func (c *Client) DeleteMinerSet(ctx context.Context, in minerset.DeleteRequest) error {
	path := newQuery().set("namespace", in.Namespace).set("propagationPolicy", in.Cascade).on(minerSetPath(in.Name))
	_, err := call[minerset.Deleted](ctx, c, http.MethodDelete, path, nil)
	return err
}
