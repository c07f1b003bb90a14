package gateway

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
)

// What a caller may not say to an operation, one by one: hop-by-hop headers, who the caller is as proxies tell it, what
// Knative's parts tell each other, what an event is, and what belongs to the gateway.
func TestNoInternalHeaderComesThrough(t *testing.T) {
	seen := make(chan http.Header, 1)
	w := newTown(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	forged := []string{
		"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Upgrade",
		"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-User", "X-Real-Ip", "X-Client-Ip",
		"K-Network-Probe", "K-Network-Hash", "K-Proxy-Request", "K-Passthrough-Lb", "K-Kubelet-Probe", "Knative-Serving-Tag", "Knative-Serving-Default-Route",
		"Knative-Serving-Namespace", "Knative-Serving-Revision", "Ce-Id", "Ce-Type", "Ce-Source", "Ce-Specversion", "Ce-Traceparent",
		"X-Request-Id", "X-Envoy-Original-Path", "X-Envoy-Retry-On", "X-B3-Traceid", "B3", "Baggage", "X-Original-Url", "X-Rewrite-Url",
		"X-Http-Method-Override", "X-Onex-User",
	}
	header := http.Header{"Connection": {"X-Hop"}, "X-Hop": {"1"}}
	for _, name := range forged {
		if name != "Connection" && name != "Upgrade" && name != "Trailer" {
			header[name] = []string{"forged"}
		}
	}
	w.do(t, http.MethodPost, "/v1/users", "{}", header)
	got := <-seen
	for _, name := range append(forged, "X-Hop") {
		if v, there := got[name]; there {
			t.Errorf("%s: %q is passed on", name, v)
		}
	}
}

func TestNobodyChangesTheProtocol(t *testing.T) {
	for _, to := range []string{"websocket", "h2c"} {
		seen := make(chan http.Header, 1)
		w := newTown(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
		w.do(t, http.MethodPost, "/v1/users", "{}", http.Header{"Connection": {"Upgrade, Http2-Settings"}, "Upgrade": {to}, "Http2-Settings": {"AAMAAABkAARAAAAAAAIAAAAA"}})
		got := <-seen
		for _, name := range []string{"Connection", "Upgrade", "Http2-Settings"} {
			if v, there := got[name]; there {
				t.Errorf("to %s: %s: %q is passed on", to, name, v)
			}
		}
	}
}

func TestWhatACallerMaySayComesThrough(t *testing.T) {
	seen := make(chan http.Header, 1)
	w := newTown(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	said := http.Header{
		"Authorization": {"Bearer x"}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "Accept-Language": {"zh"},
		"Accept-Encoding": {"br"}, "Idempotency-Key": {"k"}, "X-Idempotent-Id": {"i"}, "Last-Event-Id": {"7"}, "If-Match": {"e"}, "User-Agent": {"curl"},
		"Tracestate": {"a=b"}, "Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, "Keynote": {"k"}, "Center": {"c"},
	}
	w.do(t, http.MethodPost, "/v1/users", "{}", said)
	got := <-seen
	for name, v := range said {
		if name != "Traceparent" && !slices.Equal(got[name], v) {
			t.Errorf("%s: %q, want %q", name, got[name], v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, there := said[name]; !there && name != "Content-Length" {
			t.Errorf("the gateway adds %s: %q", name, got[name])
		}
	}
}

func TestTheTransportHasRoomForEveryCaller(t *testing.T) {
	own, ok := pooled(nil).(*http.Transport)
	if !ok || own == http.DefaultTransport || own.MaxIdleConnsPerHost < 200 || !own.DisableCompression {
		t.Errorf("%+v", own)
	}
	other := roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
	if _, same := pooled(other).(roundTrip); !same {
		t.Error("a transport of another kind was replaced")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
