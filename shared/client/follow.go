package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/sse"
)

// again is how long a stream that has ended is left alone.
const again = 500 * time.Millisecond

// follow reads a stream and takes it up again after its last event whenever it ends: the platform ends every stream
// after a while. A refusal ends it for good, and so does what each returns.
func follow[Data any](ctx context.Context, c *Client, path, last string, each func(sse.Event[Data]) error) error {
	for {
		err := once(ctx, c, path, last, func(e sse.Event[Data]) error {
			if e.ID != "" {
				last = e.ID
			}
			if err := each(e); err != nil {
				return enough{err}
			}
			return nil
		})
		var done enough
		switch {
		case errors.As(err, &done):
			return done.error
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(again):
		}
	}
}

// enough is an error of the caller's own.
type enough struct{ error }

// once reads one answer to its end, however that comes.
func once[Data any](ctx context.Context, c *Client, path, last string, take func(sse.Event[Data]) error) error {
	request, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return fmt.Errorf("%s %s: %w", http.MethodGet, path, err)
	}
	request.Header.Set("Accept", sse.ContentType)
	if last != "" {
		request.Header.Set(sse.LastEventID, last)
	}
	response, err := c.o.HTTP.Do(request)
	if err != nil {
		return fault.New(fault.Busy, "PlatformAway", "the platform does not answer: %w", err)
	}
	defer response.Body.Close()
	if !strings.HasPrefix(response.Header.Get("Content-Type"), sse.ContentType) {
		text, _ := readAll(response.Body)
		return refusal(max(response.StatusCode, http.StatusMultipleChoices), text)
	}
	var done enough
	if err := sse.Read(response.Body, take); errors.As(err, &done) {
		return done
	}
	return nil // the end, or a connection that broke
}
