// Package client is the Go SDK of the HTTP API. The CLI, the tests and the platform's own parts use it.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/trace"
)

// Options are what a client may need beside the address.
type Options struct {
	// HTTP sends the requests; default http.DefaultClient.
	HTTP *http.Client
	// Host is sent as Host header, where the address is that of an ingress.
	Host string
	// Token gives the bearer token of each request; without it, requests carry none.
	Token func() (string, error)
}

// Client calls the operations of one platform. It is safe for concurrent use.
type Client struct {
	base string
	o    Options
}

// New makes a client of the platform at base, such as http://127.0.0.1:8080.
func New(base string, o Options) *Client {
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	return &Client{base: strings.TrimSuffix(base, "/"), o: o}
}

// WithToken is the same client as somebody else.
func (c *Client) WithToken(token string) *Client {
	o := c.o
	o.Token = func() (string, error) { return token, nil }
	return &Client{base: c.base, o: o}
}

// maxReply bounds what is read of an answer, in bytes.
const maxReply = 8 << 20

// call sends in as JSON and reads Out. A refusal comes back as the fault that the operation returned.
func call[Out any](ctx context.Context, c *Client, method, path string, in any) (*Out, error) {
	request, err := c.request(ctx, method, path, in)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	response, err := c.o.HTTP.Do(request)
	if err != nil {
		return nil, fault.New(fault.Busy, "PlatformAway", "the platform does not answer: %w", err)
	}
	defer response.Body.Close()
	text, err := readAll(response.Body)
	if err != nil {
		return nil, fault.New(fault.Busy, "PlatformAway", "the platform's answer broke off: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, refusal(response.StatusCode, text)
	}
	out := new(Out)
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("%s %s: answer: %w", method, path, err)
	}
	return out, nil
}

func readAll(body io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(body, maxReply)) }

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key, _ := ctx.Value(keyKey{}).(string); key != "" && method == http.MethodPost {
		request.Header.Set("Idempotency-Key", key)
	}
	if c.o.Host != "" {
		request.Host = c.o.Host
	}
	trace.ToRequest(ctx, request.Header)
	if c.o.Token != nil {
		token, err := c.o.Token()
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

type keyKey struct{}

// WithKey gives the POST of ctx an Idempotency-Key: sent again with the same key within a day, it is answered again and
// not done again. One key is for one request.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

// query is the query of a path, from keys and values in turn. Zero values are left to their defaults.
func query(pairs ...any) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if v := reflect.ValueOf(pairs[i+1]); !v.IsZero() {
			values.Set(pairs[i].(string), fmt.Sprint(pairs[i+1]))
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// refusal rebuilds the fault; an answer that is none of ours, such as an ingress's, keeps only its status.
func refusal(status int, text []byte) error {
	var body struct {
		Reason   string            `json:"reason"`
		Message  string            `json:"message"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := json.Unmarshal(text, &body); err != nil || body.Reason == "" {
		kind := fault.KindOfStatus(status)
		if status == http.StatusBadGateway || status == http.StatusGatewayTimeout {
			kind = fault.Busy
		}
		return fault.New(kind, "Unknown", "the platform answered status %d", status)
	}
	e := fault.New(fault.KindOfStatus(status), body.Reason, "%s", body.Message)
	e.Metadata = body.Metadata
	return e
}
