package node

import (
	"embed"
	"net/http"
)

// page is the explorer: it reads, and everything that it needs is here.
//
//go:embed page/index.html page/explorer.css page/explorer.js
var page embed.FS

// document describes the HTTP face. It is kept by hand; a test compares it with the
// routes that there are and with what they answer.
//
//go:embed openapi.json
var document []byte

// pagePolicy lets the page load and ask nothing but its own node, run no script that
// a chain's data could bring in, and be shown in no other page.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// showPage serves one of its files.
func showPage(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		http.ServeFileFS(w, r, page, "page/"+name)
	})
}

func showDocument(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(document) // fails only when the caller is gone
	return nil
}
