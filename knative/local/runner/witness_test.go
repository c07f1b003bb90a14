package runner_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	store "go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/knative/local/kafka"
	"onex.io/onex/knative/local/mongo"
	"onex.io/onex/knative/local/runner"
)

// The secrets of the tests of the witness. Two of them nobody shows to it: it knows them by their looks.
const (
	heardPassword  = "correct horse battery"
	heardToken     = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyLWEifQ.c2lnbmF0dXJl"
	heardSecretKey = "0b5e1c1e-secret-key"
	heardHash      = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
	unseenToken    = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLWIifQ.YW5vdGhlci1vbmU"
	unseenHash     = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
)

// platformOfOne is just what speaks of a platform: servers, a gateway that says what it is told to, and a witness.
type platformOfOne struct {
	*witness
	log     *slog.Logger
	gateway string
	kafka   string
	db      *driver.Database
	state   string
}

func newPlatformOfOne(t *testing.T) *platformOfOne {
	t.Helper()
	var o runner.Options
	p := &platformOfOne{witness: newWitness(&o), state: t.TempDir()}
	p.log = o.Log
	gateway := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { // says what it is asked to
		rw.Header().Set("X-Said", r.URL.Query().Get("header"))
		if r.URL.Query().Get("refuse") != "" {
			rw.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(rw, r.URL.Query().Get("body"))
	}))
	t.Cleanup(gateway.Close)
	p.gateway = p.before(t, gateway.URL)
	streams, err := kafka.Start(t.Context(), kafka.Options{Dir: t.TempDir(), Topics: []kafka.Topic{{Name: "audit", Partitions: 3}, {Name: "silent", Partitions: 1}}})
	check(t, err)
	t.Cleanup(streams.Close)
	p.kafka = streams.Addr()
	documents, err := mongo.Start(mongo.Options{Dir: t.TempDir()})
	check(t, err)
	t.Cleanup(documents.Close)
	c, err := driver.Connect(store.Client().ApplyURI(documents.URI()))
	check(t, err)
	t.Cleanup(func() { _ = c.Disconnect(context.WithoutCancel(t.Context())) })
	p.db = c.Database("onex")
	return p
}

// ask has the gateway say something, in reply to a request that shows the secrets.
func (p *platformOfOne) ask(t *testing.T, method, path string, says map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.gateway+path, strings.NewReader(fmt.Sprintf(`{"in":[{"password":%q}]}`, heardPassword)))
	check(t, err)
	q := r.URL.Query()
	for name, text := range says {
		q.Set(name, text)
	}
	r.URL.RawQuery = q.Encode()
	r.Header.Set("Authorization", "Bearer "+heardToken)
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	answer.Body.Close()
}

func (p *platformOfOne) put(t *testing.T, collection string, document any) {
	t.Helper()
	_, err := p.db.Collection(collection).InsertOne(t.Context(), document)
	check(t, err)
}

func (p *platformOfOne) produce(t *testing.T, r *kgo.Record) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(p.kafka))
	check(t, err)
	defer c.Close()
	r.Topic = "audit"
	check(t, c.ProduceSync(t.Context(), r).FirstErr())
}

// send sends an event to a Broker that answers it.
func (p *platformOfOne) send(t *testing.T, header, data, answer string) {
	t.Helper()
	broker := p.overhear("the Broker", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != data {
			t.Errorf("the Broker gets %q, %v", got, err)
		}
		_, _ = io.WriteString(rw, answer)
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/onex/default", strings.NewReader(data))
	r.Header.Set("Ce-Type", "io.onex.user.created.v1")
	r.Header.Set("Ce-Subject", header)
	broker.ServeHTTP(httptest.NewRecorder(), r)
}

func (p *platformOfOne) write(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join(p.state, file)
	check(t, os.MkdirAll(filepath.Dir(path), 0o700))
	check(t, os.WriteFile(path, []byte(text), 0o600))
}

// behave does all that may be done with secrets.
func (p *platformOfOne) behave(t *testing.T) {
	t.Helper()
	pair := fmt.Sprintf(`{"accessToken":%q,"refreshToken":%q,"type":"Bearer"}`, heardToken, unseenToken)
	p.ask(t, "POST", "/v1/auth/login", map[string]string{"body": pair})
	p.ask(t, "POST", "/v1/auth/refresh-token", map[string]string{"body": pair})
	p.ask(t, "POST", "/v1/secrets", map[string]string{"body": fmt.Sprintf(`{"secretID":"s","secretKey":%q}`, heardSecretKey)})
	p.ask(t, "GET", "/v1/wallet", map[string]string{"body": `{"balance":"1"}`})
	p.put(t, "users", bson.D{{Key: "_id", Value: "user-a"}, {Key: "passwordHash", Value: heardHash}})
	p.produce(t, &kgo.Record{Value: []byte(`{"operation":"login"}`)})
	p.send(t, "user-a", `{"userID":"user-a"}`, "")
	p.log.Info("user removed", "user", "user-a")
	p.write(t, "logs/functions/login.log", "logged in\n")
	p.write(t, "keys.json", unseenToken) // no log
}

func (p *platformOfOne) judged(t *testing.T) []string {
	t.Helper()
	p.hearStore(t, p.db)
	p.hearTopics(t, p.kafka)
	p.hearFiles(t, p.state)
	return p.findings()
}

func TestTheWitnessFindsASecretWhereverItIsTold(t *testing.T) {
	says := func(method, path, part, text string) func(*testing.T, *platformOfOne) {
		return func(t *testing.T, p *platformOfOne) { p.ask(t, method, path, map[string]string{part: text}) }
	}
	p := newPlatformOfOne(t)
	p.behave(t)
	if found := p.judged(t); len(found) > 0 {
		t.Fatalf("what may be told is found: %q", found)
	}
	for _, row := range []struct {
		name string
		leak func(*testing.T, *platformOfOne)
		want string
	}{
		{"a hash in a reply", says("GET", "/v1/users/a", "body", `{"password":"`+heardHash+`"}`), "replies (GET /v1/users/a 200): a hash"},
		{"a password in an error", says("POST", "/v1/users", "body", "no: "+heardPassword), "replies (POST /v1/users 200): a password"},
		{"a token in a header", says("GET", "/v1/wallet", "header", heardToken), "replies (GET /v1/wallet 200): a token"},
		{"a key where it is listed", says("GET", "/v1/secrets", "body", `{"secretKey":"`+heardSecretKey+`"}`), "replies (GET /v1/secrets 200): a secret key"},
		{"a token in another field of a log-in", says("POST", "/v1/auth/login", "body", `{"kind":"`+heardToken+`"}`), "replies (POST /v1/auth/login 200): a token"},
		{"a password in a log-in's reply", says("POST", "/v1/auth/login", "body", `{"accessToken":"x","password":"`+heardPassword+`"}`), "replies (POST /v1/auth/login 200): a password"},
		{"a token in a log-in's refusal", func(t *testing.T, p *platformOfOne) {
			p.ask(t, "POST", "/v1/auth/login", map[string]string{"refuse": "yes", "body": `{"accessToken":"` + heardToken + `"}`})
		}, "replies (POST /v1/auth/login 401): a token"},
		{"a password in an event", func(t *testing.T, p *platformOfOne) { p.send(t, "", heardPassword, "") }, "events (the Broker, io.onex.user.created.v1): a password"},
		{"a token that nobody has shown, in an event's attribute", func(t *testing.T, p *platformOfOne) { p.send(t, unseenToken, "", "") }, "events (the Broker, io.onex.user.created.v1): a token"},
		{"a hash in an event's answer", func(t *testing.T, p *platformOfOne) { p.send(t, "", "", unseenHash) }, "events (the answer of the Broker): a hash"},
		{"a key in a record", func(t *testing.T, p *platformOfOne) { p.produce(t, &kgo.Record{Value: []byte(heardSecretKey)}) }, "topics (audit): a secret key"},
		{"a password in a record's key", func(t *testing.T, p *platformOfOne) { p.produce(t, &kgo.Record{Key: []byte(heardPassword)}) }, "topics (audit): a password"},
		{"a token in a record's header", func(t *testing.T, p *platformOfOne) {
			p.produce(t, &kgo.Record{Headers: []kgo.RecordHeader{{Key: "as", Value: []byte(heardToken)}}})
		}, "topics (audit): a token"},
		{"a password in a log line", func(_ *testing.T, p *platformOfOne) { p.log.Info("x", "with", heardPassword) }, "log lines (the platform): a password"},
		{"a token in the log of an operation", func(t *testing.T, p *platformOfOne) { p.write(t, "logs/functions/auth.log", heardToken) }, "log lines (logs/functions/auth.log): a token"},
		{"a hash in a log that was put aside", func(t *testing.T, p *platformOfOne) { p.write(t, "logs/pods/a_b.log.old", heardHash) }, "log lines (logs/pods/a_b.log.old): a hash"},
		{"a private key in the object API's log", func(t *testing.T, p *platformOfOne) { p.write(t, "kube/kube.log", "-----BEGIN EC PRIVATE KEY-----") }, "log lines (kube/kube.log): a key of the platform"},
		{"a key in a dead letter", func(t *testing.T, p *platformOfOne) {
			p.put(t, "deadletters", bson.D{{Key: "cause", Value: heardSecretKey}})
		}, "the store (deadletters): a secret key"},
		{"a hash deep in a document", func(t *testing.T, p *platformOfOne) {
			p.put(t, "history", bson.D{{Key: "a", Value: bson.A{bson.D{{Key: "b", Value: unseenHash}}}}})
		}, "the store (history): a hash"},
		{"a password with the user", func(t *testing.T, p *platformOfOne) {
			p.put(t, "users", bson.D{{Key: "nickname", Value: heardPassword}})
		}, "the store (users): a password"},
		{"a token in an event of the object API", func(_ *testing.T, p *platformOfOne) { p.hear(happenings, "user-a/Failed", heardToken) }, "happenings (user-a/Failed): a token"},
	} {
		before := p.findings()
		row.leak(t, p)
		found := slices.DeleteFunc(p.judged(t), func(f string) bool { return slices.Contains(before, f) })
		if !slices.Equal(found, []string{row.want}) {
			t.Errorf("%s: found %q, want %q", row.name, found, row.want)
		}
	}
}
