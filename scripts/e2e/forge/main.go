// Command forge posts what it is told to, wherever it runs: the test of the whole platform runs it in a pod with a user,
// to see that what comes from there changes nothing.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"onex.io/onex/scripts/e2e/forgery"
)

func main() {
	var all []forgery.Forgery
	if err := json.Unmarshal([]byte(os.Getenv("ONEX_FORGERIES")), &all); err != nil {
		fmt.Fprintln(os.Stderr, "forge: ONEX_FORGERIES:", err)
		os.Exit(1)
	}
	failed := false
	for _, f := range all {
		status, err := post(f)
		fmt.Println(status, f.URL, f.Header["Ce-Type"], err)
		failed = failed || err != nil
	}
	if failed {
		os.Exit(1)
	}
}

// post tries until it is answered: what it asks may have to wake up.
func post(f forgery.Forgery) (status int, err error) {
	client := &http.Client{Timeout: 30 * time.Second}
	for range 5 {
		var request *http.Request
		if request, err = http.NewRequest(http.MethodPost, f.URL, strings.NewReader(f.Body)); err != nil {
			return 0, err
		}
		for name, value := range f.Header {
			request.Header.Set(name, value)
		}
		var response *http.Response
		if response, err = client.Do(request); err == nil {
			return response.StatusCode, response.Body.Close()
		}
		time.Sleep(time.Second)
	}
	return 0, err
}
