package local_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/knative/local/kafka"
	"onex.io/onex/knative/local/redis"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// town is the operations of identity on the embedded servers, with a user and an administrator who have signed up.
type town struct {
	url   string
	users identity.Users
	cache *redis.Server
	keys  map[string]string
}

const password = "correct horse"

func newTown(t *testing.T, settings map[string]string) *town {
	t.Helper()
	cache, err := redis.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cache.Close)
	streams, err := kafka.Start(t.Context(), kafka.Options{Dir: t.TempDir(), Topics: []kafka.Topic{{Name: audit.Topic, Partitions: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(streams.Close)
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	w := &town{cache: cache, keys: vars}
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"] = start(t).URI(), cache.Addr(), streams.Addr()
	for name, value := range settings {
		vars[name] = value
	}
	c, err := config.ReadMap(vars)
	if err != nil {
		t.Fatal(err)
	}
	p := platform.New(c, platform.Options{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = p.Close(context.WithoutCancel(t.Context())) })
	w.serve(t, p)
	return w
}

func (w *town) serve(t *testing.T, p *platform.Platform) {
	t.Helper()
	mux := http.NewServeMux()
	for _, name := range []string{
		"login", "logout", "logout-everywhere", "refresh-token", "authenticate", "get-token-keys", "create-secret", "get-wallet", "buy-slot",
		"get-user", "list-users", "update-user", "change-password", "enable-user", "disable-user", "delete-user", "list-logins",
		"list-secrets", "get-secret", "update-secret", "delete-secret", "authorize", "auth", "list-policies", "put-policy", "delete-policy",
		"list-role-bindings", "put-role-binding", "delete-role-binding",
	} {
		o, _ := catalog.Find(name)
		h, err := o.HTTP(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range o.Routes() {
			mux.Handle(r.Method+" "+r.Path, h)
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	db, err := p.Mongo()
	if err != nil {
		t.Fatal(err)
	}
	w.url, w.users = server.URL, identity.NewUsers(db)
	for name, admin := range map[string]bool{"alice": false, "bob": false, "root": true} {
		u := &identity.User{ID: identity.UserID(name), Username: name, PasswordHash: identity.Passwords{}.Hash(password), Status: identity.Active, Admin: admin}
		must(t, w.users.Insert(t.Context(), u.ID, u))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func disabled() bson.D { return bson.D{{Key: "status", Value: identity.Disabled}} }

func (w *town) client() *client.Client { return client.New(w.url, client.Options{}) }

func (w *town) login(t *testing.T, name string) (*client.Client, *session.Tokens) {
	t.Helper()
	tokens, err := w.client().Login(t.Context(), session.Login{Username: name, Password: password})
	must(t, err)
	return w.client().WithToken(tokens.AccessToken), tokens
}

// look is what a client gets of an operation that every user may call.
func look(t *testing.T, c *client.Client) error {
	t.Helper()
	_, err := c.GetWallet(t.Context(), 1)
	return err
}

func wantRefused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || fault.KindOf(err) != fault.Unauthenticated || fault.ReasonOf(err) != "Unauthorized" || fault.Of(err).Message != "a valid token is needed" {
		t.Errorf("%s: %v", what, err)
	}
}

// within polls until what was ended is refused; a second is promised, the rest is for a busy machine.
func within(t *testing.T, what string, c *client.Client) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := look(t, c)
		if err != nil {
			wantRefused(t, what, err)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still let in", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestSessionsOnRealServers(t *testing.T) {
	w := newTown(t, nil)
	alice, tokens := w.login(t, "alice")
	other, _ := w.login(t, "alice")
	must(t, look(t, alice))

	next, err := w.client().WithToken(tokens.RefreshToken).RefreshToken(t.Context())
	must(t, err)
	must(t, look(t, w.client().WithToken(next.AccessToken)))
	if _, err := alice.RefreshToken(t.Context()); fault.KindOf(err) != fault.Denied {
		t.Errorf("an access token bought a pair: %v", err)
	}
	_, err = w.client().WithToken(tokens.RefreshToken).RefreshToken(t.Context())
	wantRefused(t, "a refresh token used again", err)
	_, err = w.client().WithToken(next.RefreshToken).RefreshToken(t.Context())
	wantRefused(t, "the pair that it had bought", err)
	within(t, "the session of a refresh token used again", w.client().WithToken(next.AccessToken))
	must(t, look(t, other))

	must(t, other.Logout(t.Context()))
	within(t, "a session that was logged out", other)
	third, tokens := w.login(t, "alice")
	must(t, w.client().WithToken(tokens.RefreshToken).Logout(t.Context()))
	within(t, "a session that was logged out by its refresh token", third)
}

func TestOwnKeysOnRealServers(t *testing.T) {
	w := newTown(t, nil)
	alice, _ := w.login(t, "alice")
	made, err := alice.CreateSecret(t.Context(), secret.Create{Name: "ci", Description: "builds"})
	must(t, err)
	own := client.New(w.url, client.Options{Token: client.SecretToken(made.SecretID, made.SecretKey, time.Now)})
	wallet, err := own.GetWallet(t.Context(), 1)
	if err != nil || wallet.UserID != identity.UserID("alice") {
		t.Fatalf("got %+v, %v", wallet, err)
	}
	_, err = own.CreateSecret(t.Context(), secret.Create{Name: "ci"})
	if fault.ReasonOf(err) != "SecretAlreadyExists" {
		t.Errorf("a name that is there: %v", err)
	}
	forged := client.New(w.url, client.Options{Token: client.SecretToken(made.SecretID, made.SecretKey+"x", time.Now)})
	wantRefused(t, "another key", look(t, forged))
	unknown := client.New(w.url, client.Options{Token: client.SecretToken(identity.NewSecretID(), made.SecretKey, time.Now)})
	wantRefused(t, "an unknown id", look(t, unknown))
	old, err := token.NewSecretToken(made.SecretID, made.SecretKey, time.Now(), time.Now().Add(-time.Minute))
	must(t, err)
	wantRefused(t, "a token that has ended", look(t, w.client().WithToken(old)))
	if err := own.Logout(t.Context()); fault.KindOf(err) != fault.Denied {
		t.Errorf("a key has no session to end: %v", err)
	}

	w.cache.Close() // Redis away: the store answers
	must(t, look(t, own))
	must(t, look(t, alice))
	there, err := w.users.Set(t.Context(), identity.UserID("alice"), disabled())
	if err != nil || !there {
		t.Fatal(there, err)
	}
	wantRefused(t, "the key of a disabled user", look(t, own))
	wantRefused(t, "the session of a disabled user", look(t, alice))
}

func TestADisabledUserTakesKeysAndSessionsAlongWithinASecond(t *testing.T) {
	w := newTown(t, nil)
	alice, _ := w.login(t, "alice")
	made, err := alice.CreateSecret(t.Context(), secret.Create{Name: "ci"})
	must(t, err)
	own := client.New(w.url, client.Options{Token: client.SecretToken(made.SecretID, made.SecretKey, time.Now)})
	must(t, look(t, own))
	if _, err := w.users.Set(t.Context(), identity.UserID("alice"), disabled()); err != nil {
		t.Fatal(err)
	}
	within(t, "a key", own)
	within(t, "a session", alice)
}

func TestWhoMayAskWhoseATokenIs(t *testing.T) {
	for _, row := range []struct {
		opened string
		anyone bool
	}{{"", false}, {"false", false}, {"true", true}} {
		w := newTown(t, map[string]string{"ONEX_OPEN_AUTHENTICATE": row.opened})
		alice, tokens := w.login(t, "alice")
		root, _ := w.login(t, "root")
		ask := session.Authenticate{Token: tokens.AccessToken}
		if who, err := root.Authenticate(t.Context(), ask); err != nil || who.UserID != identity.UserID("alice") {
			t.Errorf("opened %q: an administrator is told %+v, %v", row.opened, who, err)
		}
		for name, c := range map[string]*client.Client{"nobody": w.client(), "a user": alice} {
			who, err := c.Authenticate(t.Context(), ask)
			if told := err == nil && who.UserID == identity.UserID("alice"); told != row.anyone {
				t.Errorf("opened %q: %s is told %+v, %v", row.opened, name, who, err)
			}
			_, mayErr := c.Authorize(t.Context(), policy.Question{Sub: identity.UserID("alice"), Obj: "*", Act: "get-wallet"})
			_, bothErr := c.Auth(t.Context(), policy.TokenQuestion{Token: tokens.AccessToken, Obj: "*", Act: "get-wallet"})
			if (mayErr == nil) != row.anyone || (bothErr == nil) != row.anyone {
				t.Errorf("opened %q: %s asks who may: %v, %v", row.opened, name, mayErr, bothErr)
			}
		}
		_, err := root.Authenticate(t.Context(), session.Authenticate{Token: tokens.RefreshToken})
		wantRefused(t, "a refresh token", err)
	}
}

func TestASecretsEndMayBeAStringOrANumber(t *testing.T) {
	w := newTown(t, nil)
	_, tokens := w.login(t, "alice")
	for body, want := range map[string]int{
		`{"name":"a","expires":"4102444800"}`: 200, `{"name":"b","expires":4102444800}`: 200, `{"name":"c"}`: 200, `{"name":"d","expires":0}`: 200,
		`{"name":"e","expires":"soon"}`: 400, `{"name":"f","expires":1.5}`: 400, `{"name":"g","expires":true}`: 400, `{"name":"h","expires":"99999999999999999999"}`: 400,
		`{"name":"i","expires":1}`: 400, `{"name":""}`: 400, `{}`: 400,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v1/secrets", strings.NewReader(body))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want || want == 400 && !strings.Contains(string(text), `"field":"body`) {
			t.Errorf("%s: %d %s", body, answer.StatusCode, text)
		}
	}
}
