package runner_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/knative/local/runner"
)

// witness stands before a gateway and hears everything: what is asked and replied, what is logged, and in the end what
// the store has kept, records of decisions and dead letters among it. Whatever is a secret among it, it keeps as one.
type witness struct {
	mu      sync.Mutex
	secrets map[string]string // what it is, by its text
	said    []utterance
	log     bytes.Buffer
}

// utterance is something that the platform said, where, and what of it may be secret.
type utterance struct{ where, text, may string }

// newWitness hears the platform that is started with o.
func newWitness(o *runner.Options) *witness {
	w := &witness{secrets: map[string]string{}}
	o.Log = slog.New(slog.NewJSONHandler(w, nil))
	return w
}

// Write takes a line of the log.
func (w *witness) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

func (w *witness) hear(where, text, may string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, utterance{where, text, may})
}

// shortest is in bytes: anything shorter would be found everywhere.
const shortest = 8

func (w *witness) keep(what, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(text) >= shortest {
		w.secrets[text] = what
	}
}

// harvest keeps the secrets of a JSON text: each field that has one.
func (w *witness) harvest(text []byte) {
	var fields map[string]any
	if json.Unmarshal(text, &fields) != nil {
		return
	}
	for name, v := range fields {
		value, _ := v.(string)
		switch lower := strings.ToLower(name); {
		case strings.Contains(lower, "password"):
			w.keep("password", value)
		case strings.HasSuffix(lower, "token"):
			w.keep("token", value)
		case lower == "secretkey":
			w.keep("secret key", value)
		}
	}
}

// before is a proxy to the gateway at addr that hears both sides.
func (w *witness) before(t *testing.T, addr string) string {
	t.Helper()
	to, err := url.Parse(addr)
	check(t, err)
	proxy := &httputil.ReverseProxy{
		FlushInterval:  -1,
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		ModifyResponse: w.reply,
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		w.harvest(body)
		if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.Count(token, ".") == 2 {
			w.keep("token", token)
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// reply hears an answer that ends. Log-in and refresh show tokens, and who makes a secret is shown its key.
func (w *witness) reply(r *http.Response) error {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.harvest(body)
	may := map[string]string{
		"POST /v1/auth/login": "token", "POST /v1/auth/refresh-token": "token", "POST /v1/secrets": "secret key",
	}[r.Request.Method+" "+r.Request.URL.Path]
	if r.StatusCode >= http.StatusMultipleChoices {
		may = ""
	}
	w.hear(fmt.Sprint("the reply to ", r.Request.Method, " ", r.Request.URL.Path, " ", r.StatusCode), fmt.Sprint(r.Header, string(body)), may)
	return nil
}

// stored hears what the store has kept, and keeps the hashes of passwords as secrets.
func (w *witness) stored(t *testing.T, b *building) {
	t.Helper()
	names, err := b.db.ListCollectionNames(t.Context(), bson.D{})
	check(t, err)
	for _, name := range names {
		cursor, err := b.db.Collection(name).Find(t.Context(), bson.D{})
		check(t, err)
		for cursor.Next(t.Context()) {
			elements, err := cursor.Current.Elements()
			check(t, err)
			for _, e := range elements {
				if text, ok := e.Value().StringValueOK(); ok && (strings.HasPrefix(text, "$argon2") || strings.HasPrefix(text, "$2")) {
					w.keep("hash", text)
				}
			}
			w.hear("the store, "+name, string(cursor.Current), "hash")
		}
		check(t, cursor.Err())
	}
}

// keys keeps the platform's own: all but the public halves.
func (w *witness) keys(b *building) {
	for name, key := range b.keys {
		if !strings.Contains(name, "PUBLIC") {
			w.keep("key of the platform", key)
		}
	}
}

// verdict names each place where a secret was told.
func (w *witness) verdict(t *testing.T, b *building) {
	t.Helper()
	w.stored(t, b)
	w.keys(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	kinds, wheres := map[string]int{}, map[string]int{}
	said := append(w.said, utterance{"the log", w.log.String(), ""})
	for text, what := range w.secrets {
		kinds[what]++
		for _, u := range said {
			if u.may != what && strings.Contains(u.text, text) {
				t.Errorf("%s holds a %s", u.where, what)
			}
		}
	}
	for _, u := range said {
		where, _, _ := strings.Cut(u.where, " /")
		wheres[strings.SplitN(where, ",", 2)[0]]++
	}
	t.Logf("looked for %v in %v and %d bytes of log", kinds, wheres, w.log.Len())
	for _, what := range []string{"password", "token", "secret key", "hash", "key of the platform"} {
		if kinds[what] == 0 {
			t.Errorf("no %s was in play", what)
		}
	}
	if wheres["the reply to POST"] == 0 || wheres["the store"] == 0 || w.log.Len() == 0 {
		t.Errorf("this hears nothing of something: %v", wheres)
	}
}
