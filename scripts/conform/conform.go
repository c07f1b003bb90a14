// Package conform holds a platform to its word: what passes between a test and the platform is compared with the
// OpenAPI document that the platform itself gives out.
package conform

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Reporter hears of what is not as described; a *testing.T is one.
type Reporter interface {
	Errorf(format string, args ...any)
}

// Transport sends requests and compares. What was answered well must be a request that the document allows, and every
// answer one that it describes. Routes that it does not have are not looked at.
type Transport struct {
	next   http.RoundTripper
	report Reporter
	mu     sync.Mutex
	router routers.Router
}

// New makes a transport on top of another.
func New(next http.RoundTripper, report Reporter) *Transport {
	return &Transport{next: next, report: report}
}

// RoundTrip sends a request. Only the way to the platform can fail it.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := taken(&r.Body)
	if err != nil {
		return nil, err
	}
	copied := r.Clone(r.Context())
	copied.Body = again(sent)
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return response, nil // it has no end to wait for
	}
	got, err := taken(&response.Body)
	if err != nil {
		return nil, err
	}
	if err := t.compare(copied, response, got); err != nil {
		t.report.Errorf("%s %s: status %d is not as GET /openapi.json describes it: %v", r.Method, r.URL.Path, response.StatusCode, err)
	}
	return response, nil
}

// taken reads a body and puts a copy into its place.
func taken(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	defer (*body).Close()
	text, err := io.ReadAll(*body)
	*body = again(text)
	return text, err
}

func again(text []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(text)) }

func (t *Transport) compare(r *http.Request, response *http.Response, got []byte) error {
	router, err := t.document(r)
	if err != nil {
		return err
	}
	// Names in a path are matched as they are sent.
	plain := r.Clone(r.Context())
	plain.URL = &url.URL{Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery}
	route, parameters, err := router.FindRoute(plain)
	if err != nil {
		return nil // not described
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true},
	}
	if response.StatusCode < http.StatusMultipleChoices {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: response.StatusCode, Header: response.Header, Options: in.Options}
	return openapi3filter.ValidateResponse(r.Context(), out.SetBodyBytes(got))
}

// document asks the platform once for its document, the way that the request took.
func (t *Transport) document(r *http.Request) (routers.Router, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.router != nil {
		return t.router, nil
	}
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.Scheme+"://"+r.URL.Host+"/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	ask.Host = r.Host
	response, err := t.next.RoundTrip(ask)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	d, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("its document, status %d: %w", response.StatusCode, err)
	}
	t.router, err = legacy.NewRouter(d)
	return t.router, err
}
