package catalog_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/op"
)

// way is one route of an operation, and what reads its requests.
type way struct {
	op.Route
	operation op.Operation
	reader    http.Handler
}

func ways() []way {
	var all []way
	for _, o := range catalog.Operations() {
		reader := o.Describe(op.NewDocument())
		for _, r := range o.Routes() {
			if r.Method != "" {
				all = append(all, way{r, o, reader})
			}
		}
	}
	return all
}

// sample is a body of the route's own shape, with nothing in it.
func (w way) sample() []byte {
	in, _ := w.operation.Handler.Types()
	if f, ok := in.FieldByName("Body"); ok {
		text, err := json.Marshal(reflect.New(f.Type).Interface())
		if err == nil {
			return text
		}
	}
	return nil
}

// FuzzBodies sends every operation of the catalog what a stranger could. The adapter that reads it never panics, never
// takes it for a fault of the platform, and refuses in the platform's own form.
func FuzzBodies(f *testing.F) {
	all, variable := ways(), regexp.MustCompile(`\{[a-zA-Z]+\}`)
	for i, w := range all {
		f.Add(uint16(i), "a", "limit=1&offset=0&namespace=b", w.sample())
		f.Add(uint16(i), "A b/../%", "limit=-1&limit=x&since=1e9&allowed=maybe&;", []byte(`{"name":null,"expires":"-9223372036854775809","metadata":{"name":1,"labels":[]},"spec":7,"replicas":1e99}`))
	}
	for _, body := range []string{"", "null", "[]", `"`, "{", `{"a":`, strings.Repeat("[", 20_000), strings.Repeat(`{"spec":`, 5_000), "\xff\xfe", `{"password":"\ud800"}`, `{"email":"a@ b.com","phone":""}`} {
		f.Add(uint16(0), "a", "", []byte(body))
	}
	f.Fuzz(func(t *testing.T, which uint16, name, query string, body []byte) {
		w := all[int(which)%len(all)]
		r := httptest.NewRequestWithContext(t.Context(), w.Method, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		path := strings.NewReplacer("/", "_", "\x00", "_").Replace(name)
		if path == "" || path == "." || path == ".." {
			path = "x"
		}
		r.URL.Path, r.URL.RawQuery = variable.ReplaceAllString(w.Path, strings.ReplaceAll(path, "$", "_")), query
		got := httptest.NewRecorder()
		w.reader.ServeHTTP(got, r)
		switch {
		case got.Code >= 500 || got.Code == http.StatusNotFound:
			t.Errorf("%s %q?%s with %q: %d %s", r.Method, r.URL.Path, query, body, got.Code, got.Body)
		case got.Code >= 400:
			wantOurs(t, got)
		}
	})
}

// wantOurs wants a refusal in the platform's form, without the names of Go's types.
func wantOurs(t *testing.T, got *httptest.ResponseRecorder) {
	t.Helper()
	var p struct {
		Code            int
		Reason, Message string
	}
	if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || p.Code != got.Code || p.Reason == "" || p.Message == "" {
		t.Errorf("%d %s: %v", got.Code, got.Body, err)
	}
	for _, internal := range []string{"Go struct", "Go value", "v1beta1.", "reflect", "goroutine"} {
		if strings.Contains(p.Message, internal) {
			t.Errorf("the caller learns %q", p.Message)
		}
	}
}
