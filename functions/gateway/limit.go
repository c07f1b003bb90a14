package gateway

import (
	"net/http"

	"onex.io/onex/shared/op"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/platform"
)

// limited lets nobody ask more often than an address may, and notes from which one a request came.
func limited(p *platform.Platform, next http.Handler) http.Handler {
	addresses := p.Addresses()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := origin.Caller(r, p.Config.TrustedProxies)
		if err := addresses.Take(r.Context(), origin.Bucket(caller)); err != nil {
			op.WriteError(r.Context(), w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(origin.With(r.Context(), caller.String())))
	})
}
