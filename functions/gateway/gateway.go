package gateway

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/platform"
)

// routesFile is generated from the catalog of operations.
//
//go:embed routes.json
var routesFile []byte

// document is generated from the catalog of operations too.
//
//go:embed openapi.json
var document []byte

// route says which operation answers, and whether with a stream.
type route struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Operation string `json:"operation"`
	Stream    bool   `json:"stream"`
}

func newGateway(p *platform.Platform) (http.Handler, error) {
	var routes []route
	decoder := json.NewDecoder(bytes.NewReader(routesFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&routes); err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	mux, err := newMux(p, routes)
	return strict(limited(p, mux)), err
}

func newMux(p *platform.Platform, routes []route) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	to := operations{transport: pooled(p.HTTP.Transport), log: p.Log, internal: newInternal(), vouched: origin.NewVoucher(p.Config.OriginKey.Bytes), stopping: p.Stopping, idle: streamIdle}
	for _, r := range routes {
		target, err := url.Parse(fmt.Sprintf(p.Config.Services, r.Operation))
		if err != nil {
			return nil, fmt.Errorf("address of %q: %w", r.Operation, err)
		}
		h := to.proxy(target)
		if r.Stream {
			h = to.stream(h)
		} else {
			h = bounded(h)
		}
		mux.Handle(r.Method+" "+r.Path, h)
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
