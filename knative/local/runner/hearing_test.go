package runner_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/knative/local/runner"
	"onex.io/onex/shared/kube"
)

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
			w.keep(aToken, token)
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// reply hears an answer that ends, but for what it may tell.
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
	where := fmt.Sprint(r.Request.Method, " ", r.Request.URL.Path, " ", r.StatusCode)
	w.hear(replies, where, fmt.Sprint(r.Header, string(without(body, known(where)))))
	return nil
}

// without is a JSON object without these fields.
func without(text []byte, fields []string) []byte {
	var all map[string]json.RawMessage
	if len(fields) == 0 || json.Unmarshal(text, &all) != nil {
		return text
	}
	for _, name := range fields {
		delete(all, name)
	}
	rest, err := json.Marshal(all)
	if err != nil {
		return text
	}
	return rest
}

// tap hears what is sent to the Broker, and to every operation that is no door for people: events, dead letters among
// them, and what is answered.
func (w *witness) tap(t *testing.T, p *runner.Platform) {
	t.Helper()
	check(t, p.Tap("broker-ingress", "knative-eventing", func(h http.Handler) http.Handler { return w.overhear("the Broker", h) }))
	for _, o := range catalog.Operations() {
		if o.Serves() && len(o.Routes()) == 0 {
			check(t, p.Tap(o.Name, "onex", func(h http.Handler) http.Handler { return w.overhear(o.Name, h) }))
		}
	}
}

func (w *witness) overhear(who string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		w.hear(events, who+", "+cmp.Or(r.Header.Get("Ce-Type"), r.Header.Get("Content-Type")), fmt.Sprint(r.URL, r.Header, string(body)))
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &echo{ResponseWriter: rw}
		next.ServeHTTP(answer, r)
		w.hear(events, "the answer of "+who, fmt.Sprint(rw.Header(), answer.text.String()))
	})
}

// echo is an answer that is heard as well.
type echo struct {
	http.ResponseWriter
	text bytes.Buffer
}

// Write passes on.
func (e *echo) Write(b []byte) (int, error) {
	e.text.Write(b)
	return e.ResponseWriter.Write(b)
}

// Unwrap is for what else a writer can do.
func (e *echo) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// watch hears the object API's own events, which go with their namespaces.
func (w *witness) watch(t *testing.T, kubeconfig string) {
	t.Helper()
	rest, err := kube.Config(kubeconfig)
	check(t, err)
	core, err := kubernetes.NewForConfig(rest)
	check(t, err)
	factory := informers.NewSharedInformerFactory(core, 0)
	hear := func(o any) {
		if e, ok := o.(*v1.Event); ok {
			text, _ := json.Marshal(e)
			w.hear(happenings, e.Namespace+"/"+e.Reason, string(text))
		}
	}
	_, err = factory.Core().V1().Events().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: hear, UpdateFunc: func(_, o any) { hear(o) }})
	check(t, err)
	factory.Start(t.Context().Done())
	t.Cleanup(factory.Shutdown) // by then the context has ended
}

// hearAll hears what is there in the end.
func (w *witness) hearAll(t *testing.T, b *building) {
	t.Helper()
	w.hearStore(t, b.db)
	w.hearTopics(t, b.vars["ONEX_KAFKA"])
	w.hearFiles(t, filepath.Dir(b.vars["ONEX_ADMIN_PASSWORD_FILE"]))
	for name, key := range b.keys { // all but the public halves
		if !strings.Contains(name, "PUBLIC") {
			w.keep(aPlatformKey, key)
		}
	}
}

// hearStore hears what the store has kept, and keeps the hashes of passwords as secrets.
func (w *witness) hearStore(t *testing.T, db *mongo.Database) {
	t.Helper()
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	check(t, err)
	for _, name := range names {
		cursor, err := db.Collection(name).Find(t.Context(), bson.D{})
		check(t, err)
		for cursor.Next(t.Context()) {
			var rest bson.D
			check(t, cursor.Decode(&rest))
			for _, e := range rest {
				if text, ok := e.Value.(string); ok && slices.Contains(known(name), e.Key) {
					w.keep(aHash, text)
				}
			}
			rest = slices.DeleteFunc(rest, func(e bson.E) bool { return slices.Contains(known(name), e.Key) })
			text, err := bson.Marshal(rest)
			check(t, err)
			w.hear(stored, name, string(text))
		}
		check(t, cursor.Err())
	}
}

// hearTopics hears every record of every topic of the streams at addr.
func (w *witness) hearTopics(t *testing.T, addr string) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr))
	check(t, err)
	defer c.Close()
	admin := kadm.NewClient(c)
	all, err := admin.ListTopics(t.Context())
	check(t, err)
	ends, err := admin.ListEndOffsets(t.Context(), all.Names()...)
	check(t, err)
	left, from := int64(0), map[string]map[int32]kgo.Offset{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left += o.Offset
			from[o.Topic] = map[int32]kgo.Offset{}
		}
	})
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			from[o.Topic][o.Partition] = kgo.NewOffset().AtStart()
		}
	})
	c.AddConsumePartitions(from)
	for left > 0 && t.Context().Err() == nil {
		fetched := c.PollFetches(t.Context())
		check(t, fetched.Err())
		fetched.EachRecord(func(r *kgo.Record) {
			left--
			w.hear(topics, r.Topic, fmt.Sprintf("%s %s %s", r.Key, r.Value, r.Headers))
		})
	}
}

// hearFiles hears the logs in the folder of a platform's state: of pods, of the object API, of operations that have
// processes of their own.
func (w *witness) hearFiles(t *testing.T, state string) {
	t.Helper()
	check(t, filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(strings.TrimSuffix(path, ".old"))
		if err != nil || d.IsDir() || ext != ".log" || strings.HasPrefix(path, filepath.Join(state, "kafka")) {
			return nil // what ends while this looks, is no log
		}
		text, err := os.ReadFile(path)
		if err == nil {
			w.hear(logs, strings.TrimPrefix(path, state+"/"), string(text))
		}
		return err
	}))
}
