package local_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/crypto/bcrypt"

	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/token"
)

// plain sends a request as any client in any language would, and tells status and body.
func (w *town) plain(t *testing.T, method, path, bearer, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+bearer)
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, string(text)
}

func (w *town) enter(t *testing.T, in session.Login) (*client.Client, *session.Tokens) {
	t.Helper()
	tokens, err := w.client().Login(t.Context(), in)
	must(t, err)
	return w.client().WithToken(tokens.AccessToken), tokens
}

// The names, the types and the refresh token as bearer are those of the original's clients.
func TestTheUserCenterSpeaksAsTheOriginalDoes(t *testing.T) {
	w := newTown(t, nil)
	_, alice := w.login(t, "alice")
	_, root := w.login(t, "root")
	_, bob := w.login(t, "bob")
	for _, row := range []struct {
		name, method, path, bearer, body string
		status                           int
		want                             []string // parts of the body
	}{
		{"oneself", "GET", "/v1/users/alice", alice.RefreshToken, "", 200, []string{`"userID":"` + identity.UserID("alice") + `"`, `"username":"alice"`, `"secrets":"0"`}},
		{"by an access token", "GET", "/v1/users/alice", alice.AccessToken, "", 200, nil},
		{"another", "GET", "/v1/users/bob", alice.RefreshToken, "", 403, []string{`"reason":"UserOperationForbidden"`}},
		{"nobody", "GET", "/v1/users/carol", root.RefreshToken, "", 404, []string{`"reason":"UserNotFound"`}},
		{"all, for a user", "GET", "/v1/users?limit=10&offset=0", alice.RefreshToken, "", 403, []string{`"reason":"Forbidden"`}},
		{"all", "GET", "/v1/users?limit=0&offset=0", root.RefreshToken, "", 200, []string{`"totalCount":"3"`, `"Users":[`, `"username":"bob"`}},
		{"a page", "GET", "/v1/users?limit=1&offset=5", root.RefreshToken, "", 200, []string{`"totalCount":"3"`, `"Users":[]`}},
		{"a change", "PUT", "/v1/users/alice", alice.RefreshToken, `{"nickname":"Al","email":"al@example.com","phone":"18128840000"}`, 200, []string{"{}"}},
		{"a change by an administrator", "PUT", "/v1/users/bob", root.RefreshToken, `{"nickname":"Bo"}`, 200, []string{"{}"}},
		{"a change of another", "PUT", "/v1/users/bob", alice.RefreshToken, `{"nickname":"Bo"}`, 403, []string{`"reason":"UserOperationForbidden"`}},
		{"no e-mail address", "PUT", "/v1/users/alice", alice.RefreshToken, `{"email":"a@ b.com"}`, 400, []string{`"field":"body.email"`, `"reason":"InvalidParameter"`}},
		{"no phone number", "PUT", "/v1/users/alice", alice.RefreshToken, `{"phone":"1812884xxxx"}`, 400, []string{`"field":"body.phone"`}},
		{"a password too short", "PUT", "/v1/users/alice/update-password", alice.RefreshToken, `{"oldPassword":"correct horse","newPassword":"x"}`, 400, []string{`"field":"body.newPassword"`}},
		{"a wrong old password", "PUT", "/v1/users/alice/update-password", alice.RefreshToken, `{"oldPassword":"wrong horse","newPassword":"another horse"}`, 400, []string{`"field":"body.oldPassword"`}},
		{"another's password", "PUT", "/v1/users/alice/update-password", root.RefreshToken, `{"oldPassword":"correct horse","newPassword":"another horse"}`, 403, []string{`"reason":"UserOperationForbidden"`}},
		{"the password", "PUT", "/v1/users/alice/update-password", alice.RefreshToken, `{"oldPassword":"correct horse","newPassword":"another horse"}`, 200, []string{"{}"}},
		{"what is not the user center's, by a refresh token", "GET", "/v1/wallet", bob.RefreshToken, "", 403, nil},
		{"a log-in", "POST", "/v1/auth/login", "", `{"username":"alice","password":"another horse","unknown":1}`, 200, []string{`"refreshToken":"`, `"accessToken":"`, `"type":"Bearer"`, `"expiresAt":"`}},
		{"a refresh by an access token", "POST", "/v1/auth/refresh-token", bob.AccessToken, "{}", 403, nil},
		{"a refresh", "POST", "/v1/auth/refresh-token", bob.RefreshToken, "{}", 200, []string{`"refreshToken":"`}},
	} {
		status, body := w.plain(t, row.method, row.path, row.bearer, row.body)
		if status != row.status {
			t.Errorf("%s: %d %s, want %d", row.name, status, body, row.status)
		}
		for _, part := range row.want {
			if !strings.Contains(body, part) {
				t.Errorf("%s: %s, want %s in it", row.name, body, part)
			}
		}
		if strings.Contains(body, "argon2id") || strings.Contains(strings.ToLower(body), `"password"`) {
			t.Errorf("%s: %s", row.name, body)
		}
	}
}

func TestARefreshTokenThatIsSpentCallsNothing(t *testing.T) {
	w := newTown(t, nil)
	_, tokens := w.login(t, "alice")
	old := w.client().WithToken(tokens.RefreshToken)
	next, err := old.RefreshToken(t.Context())
	must(t, err)
	w.cache.Flush() // or it would hold for a second
	_, err = old.GetUser(t.Context(), "alice")
	wantRefused(t, "the token before", err)
	if _, err := w.client().WithToken(next.RefreshToken).GetUser(t.Context(), "alice"); err != nil {
		t.Errorf("the token now: %v", err)
	}
	_, err = old.RefreshToken(t.Context())
	wantRefused(t, "the token before, to renew", err)
	w.cache.Flush()
	_, err = w.client().WithToken(next.RefreshToken).GetUser(t.Context(), "alice")
	wantRefused(t, "the whole family", err)
}

func TestAWebLogInEndsTheOneBeforeAndThePhoneStays(t *testing.T) {
	w := newTown(t, nil)
	in := func(kind string) *client.Client {
		c, _ := w.enter(t, session.Login{Username: "alice", Password: password, Kind: kind})
		return c
	}
	web, phone, api := in("web"), in("phone"), in("")
	must(t, look(t, web))
	next := in("web")
	within(t, "the web session before", web)
	for name, c := range map[string]*client.Client{"web": next, "phone": phone, "api": api} {
		if err := look(t, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.client().Login(t.Context(), session.Login{Username: "alice", Password: password, Kind: "fridge"}); fault.Of(err).Metadata["field"] != "body.kind" {
		t.Errorf("a kind that nobody knows: %v", err)
	}
	must(t, next.LogoutEverywhere(t.Context()))
	for name, c := range map[string]*client.Client{"web": next, "phone": phone, "api": api} {
		within(t, name+" after a log-out everywhere", c)
	}
	must(t, look(t, in("web")))
}

func TestAChangedPasswordLeavesTheSessionThatChangedIt(t *testing.T) {
	w := newTown(t, nil)
	here, _ := w.login(t, "alice")
	there, _ := w.login(t, "alice")
	must(t, here.ChangePassword(t.Context(), "alice", user.ChangePassword{OldPassword: password, NewPassword: "another horse"}))
	within(t, "the other session", there)
	w.cache.Flush()
	must(t, look(t, here))
	if _, err := w.client().Login(t.Context(), session.Login{Username: "alice", Password: password}); fault.ReasonOf(err) != "UserLoginFailed" {
		t.Errorf("the password before: %v", err)
	}
	w.enter(t, session.Login{Username: "alice", Password: "another horse"})
}

func TestWhoLogsInByEMailOrPhone(t *testing.T) {
	w := newTown(t, nil)
	alice, _ := w.login(t, "alice")
	email, phone := "Al@Example.com", "+86 181 2884 0000"
	must(t, alice.UpdateUser(t.Context(), "alice", user.Update{Email: &email, Phone: &phone}))
	bob, _ := w.login(t, "bob")
	must(t, bob.UpdateUser(t.Context(), "bob", user.Update{Email: &email}))
	for _, name := range []string{"alice", "al@example.com", "+8618128840000"} {
		c, _ := w.enter(t, session.Login{Username: name, Password: password})
		if _, err := c.GetUser(t.Context(), "alice"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who would see other work for one address than for another would know which somebody has.
func TestAnAddressThatNobodyHasCostsTheStoreAsMuch(t *testing.T) {
	var asked []string
	seen := options.Client().ApplyURI(start(t).URI()).SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "find" {
			asked = append(asked, e.Command.Lookup("find").StringValue())
		}
	}})
	db, err := mongo.Connect(seen)
	must(t, err)
	t.Cleanup(func() { _ = db.Disconnect(context.WithoutCancel(t.Context())) })
	d := identity.NewDirectory(db.Database("onex"))
	alice := &identity.User{ID: identity.UserID("alice"), Username: "alice", Email: "a@example.com", Phone: "1234567", Status: identity.Active}
	must(t, d.Insert(t.Context(), alice.ID, alice))
	must(t, d.Claim(t.Context(), alice))
	for somebody, nobody := range map[string]string{"alice": "bob", "a@example.com": "b@example.com", "1234567": "7654321"} {
		var work []string
		for _, name := range []string{somebody, nobody} {
			asked = nil
			_, err := d.Find(t.Context(), name)
			if (err == nil) != (name == somebody) {
				t.Errorf("%s: %v", name, err)
			}
			work = append(work, strings.Join(asked, " "))
		}
		if work[0] != work[1] || work[0] == "" {
			t.Errorf("%s reads %q, %s reads %q", somebody, work[0], nobody, work[1])
		}
	}
}

func TestAStatusIsObeyedByLogInsSessionsAndTheList(t *testing.T) {
	w := newTown(t, nil)
	alice, _ := w.login(t, "alice")
	root, _ := w.login(t, "root")
	must(t, root.DisableUser(t.Context(), "alice"))
	within(t, "a disabled user", alice)
	if _, err := w.client().Login(t.Context(), session.Login{Username: "alice", Password: password}); fault.ReasonOf(err) != "UserLoginFailed" {
		t.Errorf("a disabled user logs in: %v", err)
	}
	must(t, root.EnableUser(t.Context(), "alice"))
	w.cache.Flush()
	wantRefused(t, "a session from before", look(t, alice))
	alice, _ = w.login(t, "alice")
	if err := alice.DisableUser(t.Context(), "root"); fault.KindOf(err) != fault.Denied || err == nil {
		t.Errorf("a user disables the administrator: %v", err)
	}
	list, err := root.ListUsers(t.Context(), user.ListRequest{Page: page.Page{Limit: 10}})
	if err != nil || list.TotalCount != 3 || len(list.Users) != 3 {
		t.Errorf("listed %+v, %v", list, err)
	}
}

func TestFailuresLockOutWithoutTellingWhoExistsAlsoAfterTheCacheIsEmptied(t *testing.T) {
	w := newTown(t, map[string]string{"ONEX_LOGIN_FAILURES": "3"})
	alice, _ := w.login(t, "alice")
	root, _ := w.login(t, "root")
	try := func(name, with string) string {
		status, body := w.plain(t, "POST", "/v1/auth/login", "", fmt.Sprintf(`{"username":%q,"password":%q}`, name, with))
		return fmt.Sprint(status, " ", body)
	}
	first := try("nobody", "wrong horse")
	for i := range 5 {
		for _, name := range []string{"alice", "nobody"} {
			if got := try(name, "wrong horse"); got != first {
				t.Errorf("guess %d at %s: %s, want %s", i, name, got, first)
			}
		}
		w.cache.Flush()
	}
	if got := try("alice", password); got != first {
		t.Errorf("the right password: %s", got)
	}
	must(t, look(t, alice)) // who works, goes on
	if got, err := root.GetUser(t.Context(), "alice"); err != nil || got.Status != "locked" {
		t.Errorf("told %+v, %v", got, err)
	}
	must(t, root.EnableUser(t.Context(), "alice"))
	w.login(t, "alice")
	logins, err := alice.ListLogins(t.Context(), user.LoginsRequest{Username: "alice", Page: page.Page{Limit: 100}})
	must(t, err)
	results := map[string]int{}
	for _, l := range logins.Items {
		results[l.Result]++
		if l.Address == "" || l.Client == "" || l.Kind != "api" || time.Since(l.At) > time.Hour {
			t.Errorf("told %+v", l)
		}
	}
	if logins.TotalCount != 8 || results["ok"] != 2 || results["wrong-password"] != 3 || results["too-many-tries"] != 3 || logins.Items[0].Result != "ok" {
		t.Errorf("told %d: %v", logins.TotalCount, results)
	}
}

// from is the status of a log-in from an address that the gateway vouches for.
func (w *town) from(t *testing.T, address, username, secret string) int {
	t.Helper()
	var key config.SymmetricKey
	must(t, key.UnmarshalText([]byte(w.keys["ONEX_ORIGIN_KEY"])))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v1/auth/login", strings.NewReader(fmt.Sprintf(`{"username":%q,"password":%q}`, username, secret)))
	must(t, err)
	origin.NewVoucher(key.Bytes).Vouch(r.Header, address)
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	must(t, answer.Body.Close())
	return answer.StatusCode
}

func TestAnAddressThatFailsTooOftenIsLockedOut(t *testing.T) {
	for _, row := range []struct{ name, guesses, same, another string }{
		{"one address of IPv4", "203.0.113.7", "203.0.113.7", "203.0.113.8"},
		{"the addresses of one network of IPv6", "2001:db8:1:2::%d", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"},
	} {
		w := newTown(t, map[string]string{"ONEX_LOGIN_FAILURES_PER_ADDRESS": "4"})
		for i := range 4 {
			if got := w.from(t, strings.ReplaceAll(row.guesses, "%d", fmt.Sprint(i)), fmt.Sprint("nobody-", i), "x"); got != 401 {
				t.Errorf("%s: guess %d: %d", row.name, i, got)
			}
		}
		if got := w.from(t, row.same, "alice", password); got != 401 {
			t.Errorf("%s: %d, want it to be locked out", row.name, got)
		}
		if got := w.from(t, row.another, "alice", password); got != 200 {
			t.Errorf("%s: another is answered %d", row.name, got)
		}
		alice, _ := w.login(t, "alice")
		logins, err := alice.ListLogins(t.Context(), user.LoginsRequest{Username: "alice", Page: page.Page{Limit: 100}})
		must(t, err)
		if logins.TotalCount != 2 || logins.Items[1].Address != row.another {
			t.Errorf("%s: told %+v, want the whole address", row.name, logins.Items)
		}
	}
}

func TestAHashOfTheOriginalIsRenewedByALogIn(t *testing.T) {
	w := newTown(t, nil)
	hash, err := bcrypt.GenerateFromPassword([]byte("onex(#)666"), bcrypt.DefaultCost)
	must(t, err)
	u := &identity.User{ID: identity.UserID("ann"), Username: "ann", PasswordHash: string(hash), Status: identity.Active}
	must(t, w.users.Insert(t.Context(), u.ID, u))
	for range 2 {
		w.enter(t, session.Login{Username: "ann", Password: "onex(#)666"})
	}
	if kept, err := w.users.Get(t.Context(), u.ID); err != nil || !strings.HasPrefix(kept.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// A library that knows nothing of us verifies our tokens by what is published, whichever of the keys has signed.
func TestTokensAreVerifiedByThePublishedKeys(t *testing.T) {
	older, err := config.NewKeys()
	must(t, err)
	newest, err := config.NewKeys()
	must(t, err)
	w := newTown(t, map[string]string{
		"ONEX_TOKEN_KEY": newest["ONEX_TOKEN_KEY"], "ONEX_TOKEN_PUBLIC_KEY": newest["ONEX_TOKEN_PUBLIC_KEY"] + "," + older["ONEX_TOKEN_PUBLIC_KEY"],
	})
	_, tokens := w.login(t, "alice")
	set, err := w.client().GetTokenKeys(t.Context())
	must(t, err)
	published := func(k *jwt.Token) (any, error) {
		for _, key := range set.Keys {
			if key.ID == k.Header["kid"] && key.Type == "OKP" && key.Curve == "Ed25519" && key.Algorithm == "EdDSA" {
				raw, err := base64.RawURLEncoding.DecodeString(key.X)
				return ed25519.PublicKey(raw), err
			}
		}
		return nil, fmt.Errorf("no key %v", k.Header["kid"])
	}
	var before config.PrivateKey
	must(t, before.UnmarshalText([]byte(older["ONEX_TOKEN_KEY"])))
	old, err := token.NewLoginSigner(before.PrivateKey, time.Now).Sign(token.Claims{Subject: "user-a", Kind: token.Access, Expires: time.Now().Add(time.Hour)})
	must(t, err)
	for name, text := range map[string]string{"the key now": tokens.AccessToken, "the key before": old} {
		claims := jwt.MapClaims{}
		if _, err := jwt.ParseWithClaims(text, claims, published); err != nil || claims["jti"] == "" || claims["jti"] == nil {
			t.Errorf("%s: %v, %v", name, claims, err)
		}
	}
	if len(set.Keys) != 2 {
		t.Errorf("published %+v", set.Keys)
	}
	status, body := w.plain(t, "GET", "/.well-known/jwks.json", "", "")
	if status != 200 || !strings.Contains(body, `"kty":"OKP"`) || strings.Contains(body, `"d"`) {
		t.Errorf("%d %s", status, body)
	}
}
