package gateway

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/trace"
)

// routesFile is generated from the catalog of operations.
//
//go:embed routes.json
var routesFile []byte

// document is generated from the catalog of operations too.
//
//go:embed openapi.json
var document []byte

// route says which operation answers.
type route struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Operation string `json:"operation"`
}

func newGateway(p *platform.Platform) (http.Handler, error) {
	var routes []route
	decoder := json.NewDecoder(bytes.NewReader(routesFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&routes); err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	mux, err := newMux(p, routes)
	return strict(mux), err
}

func newMux(p *platform.Platform, routes []route) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	for _, r := range routes {
		target, err := url.Parse(fmt.Sprintf(p.Config.Services, r.Operation))
		if err != nil {
			return nil, fmt.Errorf("address of %q: %w", r.Operation, err)
		}
		mux.Handle(r.Method+" "+r.Path, proxy(target, p.HTTP.Transport, p.Log))
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // the caller may be gone
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		op.WriteError(r.Context(), w, fault.New(fault.Missing, "PageNotFound", "no operation answers %s %s", r.Method, r.URL.Path))
	})
	return mux, nil
}

// proxy passes a request on under the operation's own host name. Answers stream through as they come.
func proxy(target *url.URL, transport http.RoundTripper, log *slog.Logger) http.Handler {
	p := &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target) // and the host name with it
			r.Out.Header.Del(op.RequestIDHeader)
			trace.ToRequest(r.In.Context(), r.Out.Header)
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("X-Content-Type-Options") // the gateway has set its own
			r.Header.Del("Cache-Control")
			r.Header.Del(hsts)
			if r.Header.Get(op.RequestIDHeader) == "" {
				r.Header.Set(op.RequestIDHeader, op.RequestID(r.Request.Context()))
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			log.WarnContext(r.Context(), "operation away", "host", target.Host, "request", op.RequestID(r.Context()), "trace", trace.ID(r.Context()), "error", err)
			w.Header().Set(op.RequestIDHeader, op.RequestID(r.Context()))
			op.WriteError(r.Context(), w, fault.New(fault.Busy, "OperationAway", "the operation does not answer now: %w", err))
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del(op.RequestIDHeader) // the operation has one of its own, and the cause in its log beside it
		p.ServeHTTP(w, r)
	})
}
