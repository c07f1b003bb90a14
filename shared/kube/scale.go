package kube

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// ScaleMinerSet sets the size of a MinerSet by its scale subresource, as kubectl and autoscalers do: nothing else of it
// is touched, whoever else writes at the same time. With a resource version it is refused if anybody did.
func (c *Client) ScaleMinerSet(ctx context.Context, namespace, name string, replicas int32, resourceVersion string) error {
	type spec struct {
		Replicas int32 `json:"replicas"`
	}
	body, err := json.Marshal(struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     spec              `json:"spec"`
	}{metav1.ObjectMeta{ResourceVersion: resourceVersion}, spec{replicas}})
	if err != nil {
		return fmt.Errorf("scale minerset %q: %w", name, err)
	}
	return c.apps.Patch(types.MergePatchType).Namespace(namespace).Resource(v1beta1.ResourceMinerSets).Name(name).
		SubResource("scale").Body(body).Do(ctx).Error()
}
