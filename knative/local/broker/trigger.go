package broker

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.uber.org/zap"
	eventingduckv1 "knative.dev/eventing/pkg/apis/duck/v1"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	"knative.dev/eventing/pkg/apis/feature"
	"knative.dev/eventing/pkg/eventfilter"
	"knative.dev/eventing/pkg/eventfilter/attributes"
	"knative.dev/eventing/pkg/eventfilter/subscriptionsapi"
	"knative.dev/pkg/apis"
	"sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/sink"
)

// ref names an object in a namespace.
type ref struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String is namespace and name.
func (r ref) String() string { return r.Namespace + "/" + r.Name }

// trigger is a Trigger made ready for work.
type trigger struct {
	ref
	broker     ref
	filter     eventfilter.Filter
	subscriber *url.URL
	delivery   *eventingduckv1.DeliverySpec
}

// parseTrigger reads a Trigger as the cluster's admission would: strictly, with its defaults, and validated.
func parseTrigger(doc []byte, namespace string) (*trigger, error) {
	var t eventingv1.Trigger
	if err := yaml.UnmarshalStrict(doc, &t); err != nil {
		return nil, err
	}
	if t.Namespace == "" {
		t.Namespace = namespace
	}
	ctx := admission()
	t.SetDefaults(ctx)
	if err := t.Validate(ctx); err != nil {
		return nil, err
	}
	to, err := sink.URL(t.Spec.Subscriber)
	if err != nil {
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	if t.Spec.Delivery != nil && t.Spec.Delivery.DeadLetterSink != nil {
		if _, err := sink.URL(*t.Spec.Delivery.DeadLetterSink); err != nil {
			return nil, fmt.Errorf("dead letter sink: %w", err)
		}
	}
	return &trigger{
		ref:        ref{t.Namespace, t.Name},
		broker:     ref{t.Namespace, t.Spec.Broker},
		filter:     newFilter(&t),
		subscriber: to,
		delivery:   t.Spec.Delivery,
	}, nil
}

// newFilter chooses as Knative's broker does: filters win over filter.
func newFilter(t *eventingv1.Trigger) eventfilter.Filter {
	if len(t.Spec.Filters) > 0 {
		return every(subscriptionsapi.MaterializeFiltersList(zap.NewNop(), t.Spec.Filters))
	}
	if t.Spec.Filter != nil && len(t.Spec.Filter.Attributes) > 0 {
		return attributes.NewAttributesFilter(t.Spec.Filter.Attributes)
	}
	return subscriptionsapi.NewNoFilter()
}

// every passes what all of its filters pass. Knative's own conjunction counts refusals to try the strictest filter first,
// and reads those counts while it writes them.
type every []eventfilter.Filter

// Filter fails with the first filter that does.
func (all every) Filter(ctx context.Context, e cloudevents.Event) eventfilter.FilterResult {
	result := eventfilter.NoFilter
	for _, f := range all {
		if result = f.Filter(ctx, e); result == eventfilter.FailFilter {
			break
		}
	}
	return result
}

// Cleanup ends what the filters have started.
func (all every) Cleanup() {
	for _, f := range all {
		f.Cleanup()
	}
}

func (t *trigger) matches(ctx context.Context, e cloudevents.Event) bool {
	return t.filter.Filter(ctx, e) != eventfilter.FailFilter
}

// parseBroker reads a Broker; only its delivery matters here.
func parseBroker(doc []byte, namespace string) (*eventingv1.Broker, error) {
	var b eventingv1.Broker
	if err := yaml.UnmarshalStrict(doc, &b); err != nil {
		return nil, err
	}
	if b.Namespace == "" {
		b.Namespace = namespace
	}
	ctx := admission()
	if b.Spec.Delivery != nil {
		b.Spec.Delivery.SetDefaults(apis.WithinParent(ctx, b.ObjectMeta))
		if err := b.Spec.Delivery.Validate(ctx); err != nil {
			return nil, err.ViaField("spec", "delivery")
		}
		if d := b.Spec.Delivery.DeadLetterSink; d != nil {
			if _, err := sink.URL(*d); err != nil {
				return nil, fmt.Errorf("dead letter sink: %w", err)
			}
		}
	}
	return &b, nil
}

// admission has the feature flags that a cluster has if nobody changes them.
func admission() context.Context {
	ctx := context.Background()
	return feature.ToContext(ctx, feature.FromContextOrDefaults(ctx))
}

// policy is the delivery that applies to a trigger: its own, else its broker's, else what Knative ships for brokers.
// The dead letter sink is looked for apart from the rest.
func (t *trigger) policy(brokers map[ref]*eventingv1.Broker) (delivery, error) {
	spec, dead := t.delivery, (*eventingduckv1.DeliverySpec)(nil)
	if b := brokers[t.broker]; b != nil {
		dead = b.Spec.Delivery
		if spec == nil {
			spec = b.Spec.Delivery
		}
	}
	if spec == nil {
		spec = shippedDelivery()
	}
	d, err := newDelivery(spec)
	if err != nil {
		return delivery{}, err
	}
	if t.delivery != nil && t.delivery.DeadLetterSink != nil {
		dead = t.delivery
	}
	if dead != nil && dead.DeadLetterSink != nil {
		if d.deadLetter, err = sink.URL(*dead.DeadLetterSink); err != nil {
			return delivery{}, errors.Join(errors.New("dead letter sink"), err)
		}
	}
	return d, nil
}
