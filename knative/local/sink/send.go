package sink

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// The patience for a sink that does not take an event, as Knative's adapters have it.
const (
	retries    = 5
	firstDelay = 50 * time.Millisecond
)

// Send sends the event of a source, again and again for a while if it is not taken.
func Send(ctx context.Context, client *http.Client, to *url.URL, e cloudevents.Event) error {
	for n := 0; ; n++ {
		err := post(ctx, client, to, e)
		if err == nil || n == retries || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(firstDelay << n)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

func post(ctx context.Context, client *http.Client, to *url.URL, e cloudevents.Event) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	if err := cehttp.WriteRequest(ctx, binding.ToMessage(&e), req); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode >= 300 {
		return fmt.Errorf("send event: %s answers %s", to, resp.Status)
	}
	return nil
}
