// Command bare is what a function's start is measured against: net/http alone, refusing everybody.
package main

import (
	"log"
	"net/http"
	"os"
)

func main() {
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(refuse)))
}

func refuse(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/healthz" {
		w.WriteHeader(http.StatusUnauthorized)
	}
}
