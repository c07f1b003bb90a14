package gateway

import (
	"net/http"
	"strings"

	"onex.io/onex/shared/op"
)

// internal are the headers that the platform, Knative and what stands around them say to each other: whole names, and
// what others begin with. A caller who sets one would choose the revision that answers, be taken for a probe, or appear
// as somebody else in a log. The hop-by-hop headers are dropped by the proxy itself, but for those of an upgrade: nothing
// here speaks another protocol than HTTP, and what stands between must not begin to.
type internal struct{ names, starts []string }

func newInternal() internal {
	return internal{
		names: []string{
			op.RequestIDHeader, "Connection", "Upgrade", "Http2-Settings", "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "Baggage", "B3",
		},
		starts: []string{"K-", "Knative-", "Ce-", "X-Forwarded-", "X-Envoy-", "X-B3-", "X-Onex-", "Proxy-"},
	}
}

// strip drops them from the headers of a request. There are few headers, and mostly none of these.
func (i internal) strip(h http.Header) {
	for _, name := range i.names {
		delete(h, name)
	}
	for name := range h {
		for _, start := range i.starts {
			if strings.HasPrefix(name, start) {
				delete(h, name)
				break
			}
		}
	}
}
