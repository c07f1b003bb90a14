package broker

import (
	"context"
	"net/http"
	"testing"

	eventingduckv1 "knative.dev/eventing/pkg/apis/duck/v1"
	"knative.dev/eventing/pkg/kncloudevents"
)

// TestLikeKnative holds our retry rules against Knative's own code.
func TestLikeKnative(t *testing.T) {
	for status := 100; status < 600; status++ {
		want, err := kncloudevents.SelectiveRetry(context.Background(), &http.Response{StatusCode: status}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := retryable(status); got != want {
			t.Errorf("retryable(%d) = %t, Knative says %t", status, got, want)
		}
	}
	if want, _ := kncloudevents.SelectiveRetry(context.Background(), nil, nil); retryable(noResponse) != want {
		t.Errorf("no response: %t, Knative says %t", retryable(noResponse), want)
	}
	ptr := func(s string) *string { return &s }
	retry, linear, exponential := int32(6), eventingduckv1.BackoffPolicyLinear, eventingduckv1.BackoffPolicyExponential
	for name, spec := range map[string]eventingduckv1.DeliverySpec{
		"nothing set":      {},
		"linear":           {Retry: &retry, BackoffPolicy: &linear, BackoffDelay: ptr("PT2S")},
		"exponential":      {Retry: &retry, BackoffPolicy: &exponential, BackoffDelay: ptr("PT0.5S")},
		"policy, no delay": {Retry: &retry, BackoffPolicy: &exponential},
		"delay, no policy": {Retry: &retry, BackoffDelay: ptr("PT1M")},
		"timeout":          {Timeout: ptr("PT1M30S")},
		"as shipped":       *shippedDelivery(),
	} {
		t.Run(name, func(t *testing.T) {
			want, err := kncloudevents.RetryConfigFromDeliverySpec(spec)
			if err != nil {
				t.Fatal(err)
			}
			got, err := newDelivery(&spec)
			if err != nil {
				t.Fatal(err)
			}
			if got.retry != want.RetryMax {
				t.Errorf("retry %d, want %d", got.retry, want.RetryMax)
			}
			if want.RequestTimeout != 0 && got.timeout != want.RequestTimeout {
				t.Errorf("timeout %s, want %s", got.timeout, want.RequestTimeout)
			}
			for n := range 6 {
				if g, w := got.backoff(n), want.Backoff(n, nil); g != w {
					t.Errorf("backoff(%d) = %s, want %s", n, g, w)
				}
			}
		})
	}
}
