package broker

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/rickb777/date/period"
	eventingduckv1 "knative.dev/eventing/pkg/apis/duck/v1"
)

// delivery is a DeliverySpec in numbers. Knative's own code for this brings a thousand packages with it; a test
// compares the two.
type delivery struct {
	retry      int
	backoff    func(attempt int) time.Duration
	timeout    time.Duration
	format     *eventingduckv1.FormatType
	deadLetter *url.URL
}

// requestTimeout bounds a request whose trigger sets none.
const requestTimeout = 10 * time.Minute

// shippedDelivery is what Knative Eventing is installed with for brokers that say nothing (config-br-defaults).
func shippedDelivery() *eventingduckv1.DeliverySpec {
	retry, policy, delay := int32(10), eventingduckv1.BackoffPolicyExponential, "PT0.2S"
	return &eventingduckv1.DeliverySpec{Retry: &retry, BackoffPolicy: &policy, BackoffDelay: &delay}
}

func newDelivery(spec *eventingduckv1.DeliverySpec) (delivery, error) {
	d := delivery{format: spec.Format, timeout: requestTimeout, backoff: func(int) time.Duration { return 0 }}
	if spec.Retry != nil {
		d.retry = int(*spec.Retry)
	}
	if spec.BackoffPolicy != nil && spec.BackoffDelay != nil {
		delay, err := duration(*spec.BackoffDelay)
		if err != nil {
			return delivery{}, fmt.Errorf("backoff delay: %w", err)
		}
		d.backoff = backoff(*spec.BackoffPolicy, delay)
	}
	if spec.Timeout != nil {
		timeout, err := duration(*spec.Timeout)
		if err != nil {
			return delivery{}, fmt.Errorf("timeout: %w", err)
		}
		d.timeout = timeout
	}
	return d, nil
}

// backoff counts attempts from zero, so that a linear policy retries once at once.
func backoff(policy eventingduckv1.BackoffPolicyType, delay time.Duration) func(int) time.Duration {
	if policy == eventingduckv1.BackoffPolicyLinear {
		return func(attempt int) time.Duration { return delay * time.Duration(attempt) }
	}
	return func(attempt int) time.Duration { return delay * time.Duration(math.Exp2(float64(attempt))) }
}

// duration reads ISO 8601, like PT0.5S.
func duration(s string) (time.Duration, error) {
	p, err := period.Parse(s)
	if err != nil {
		return 0, err
	}
	d, _ := p.Duration()
	return d, nil
}

// noResponse stands for a status where there was no answer.
const noResponse = -1

// retryable tells which answers mean "again".
func retryable(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests, noResponse:
		return true
	default:
		return status >= 500
	}
}
