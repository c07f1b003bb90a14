// Package admit judges resources as the admission webhooks of Knative would, on a cluster with default settings.
package admit

import (
	"context"
	"fmt"

	eventingconfig "knative.dev/eventing/pkg/apis/config"
	"knative.dev/eventing/pkg/apis/feature"
	"knative.dev/pkg/apis"
	servingconfig "knative.dev/serving/pkg/apis/config"
)

// Resource is what a webhook fills in and judges.
type Resource interface {
	apis.Validatable
	apis.Defaultable
}

// brokerDefaults are those that Knative Eventing installs.
const brokerDefaults = `
clusterDefault:
  brokerClass: MTChannelBasedBroker
  apiVersion: v1
  kind: ConfigMap
  name: config-br-default-channel
  namespace: knative-eventing
`

// Judge fills in the defaults of a resource and says what is against it, warnings included.
func Judge(ctx context.Context, r Resource) error {
	ctx, err := settings(ctx)
	if err != nil {
		return err
	}
	r.SetDefaults(ctx)
	if refusal := r.Validate(ctx); refusal != nil {
		return refusal
	}
	return nil
}

// settings are what the webhooks of a cluster with default settings know.
func settings(ctx context.Context) (context.Context, error) {
	defaults, err := servingconfig.NewDefaultsConfigFromMap(nil)
	if err != nil {
		return nil, fmt.Errorf("defaults of Serving: %w", err)
	}
	features, err := servingconfig.NewFeaturesConfigFromMap(nil)
	if err != nil {
		return nil, fmt.Errorf("features of Serving: %w", err)
	}
	flags, err := feature.NewFlagsConfigFromMap(map[string]string{"delivery-timeout": "enabled"})
	if err != nil {
		return nil, fmt.Errorf("features of Eventing: %w", err)
	}
	brokers, err := eventingconfig.NewDefaultsConfigFromMap(map[string]string{eventingconfig.BrokerDefaultsKey: brokerDefaults})
	if err != nil {
		return nil, fmt.Errorf("defaults of brokers: %w", err)
	}
	ctx = eventingconfig.ToContext(ctx, &eventingconfig.Config{Defaults: brokers})
	ctx = servingconfig.ToContext(ctx, &servingconfig.Config{Defaults: defaults, Features: features})
	return feature.ToContext(ctx, flags), nil
}
