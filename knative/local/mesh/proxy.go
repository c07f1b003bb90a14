package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"k8s.io/client-go/tools/cache"
)

// syncWait bounds how long a request waits for the first list of Services and Pods.
const syncWait = 5 * time.Second

// addrKey is the context key of the address that a request goes to.
type addrKey struct{}

// ServeHTTP takes a request as a proxy gets it, in absolute form or as CONNECT, and as a server gets it, by its Host
// header.
func (m *Mesh) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t, err := m.resolve(r.Context(), r.Host)
	switch {
	case err != nil:
		refuse(w, "NameUnknown", err.Error())
	case r.Method == http.MethodConnect:
		m.connect(w, r, t)
	case t.handler != nil:
		t.handler.ServeHTTP(w, asServer(r))
	default:
		m.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addrKey{}, t.addr)))
	}
}

// resolve waits for the caches only for a name that is not found without them.
func (m *Mesh) resolve(ctx context.Context, host string) (target, error) {
	t, err := m.find(host)
	if err == nil || m.informs == nil || m.ready() {
		return t, err
	}
	ctx, cancel := context.WithTimeout(ctx, syncWait)
	defer cancel()
	cache.WaitForCacheSync(ctx.Done(), m.synced...)
	return m.find(host)
}

func (m *Mesh) ready() bool {
	for _, synced := range m.synced {
		if !synced() {
			return false
		}
	}
	return true
}

// asServer turns a proxy's request into the one a server would have got.
func asServer(r *http.Request) *http.Request {
	s := r.Clone(r.Context())
	s.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery, ForceQuery: r.URL.ForceQuery}
	s.RequestURI = s.URL.RequestURI()
	s.Header.Del("Proxy-Connection")
	s.Header.Del("Proxy-Authorization")
	return s
}

// newProxy forwards to pods; it knows how to switch protocols, for WebSocket.
func (m *Mesh) newProxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			r.Out.URL.Host, _ = r.In.Context().Value(addrKey{}).(string)
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
		},
		FlushInterval: -1, // answers may be streams
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, context.Canceled) {
				m.log.Warn("request to pod", "host", r.Host, "error", err)
			}
			refuse(w, "PodUnreachable", "the pod behind "+r.Host+" does not answer")
		},
	}
}

// refuse answers in the platform's error form.
func refuse(w http.ResponseWriter, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadGateway)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": http.StatusBadGateway, "reason": reason, "message": message, "metadata": map[string]string{},
	})
}
