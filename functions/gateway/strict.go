package gateway

import "net/http"

const (
	hsts = "Strict-Transport-Security"
	year = "max-age=31536000"
)

// strict tells a browser that came by HTTPS to come by nothing else for a year. How it came the ingress says; who
// says it in the ingress's place over plain HTTP gains nothing, because browsers heed the answer over HTTPS alone.
func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-Proto") == "https" {
			w.Header().Set(hsts, year)
		}
		next.ServeHTTP(w, r)
	})
}
