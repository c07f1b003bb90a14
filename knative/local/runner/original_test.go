package runner_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/identity"
)

// The shapes of replies: what the original's have, with its types. After a plus stands what is ours alone, which its
// clients pass over; after a question mark what may be left out. What the original's have and ours never do: the
// hash of a password, a secret's key but in the reply that makes it, and dataDir in lists, which it never fills.
const (
	userShape   = `{"userID":"text","username":"text","nickname":"text","email":"text","phone":"text","secrets":"int64","createdAt":"time","updatedAt":"time","+status":"text"}`
	tokensShape = `{"refreshToken":"text","accessToken":"text","type":"text","expiresAt":"int64"}`
	secretShape = `{"userID":"text","name":"text","secretID":"text","expires":"int64","status":"int32","description":"text","createdAt":"time","updatedAt":"time"}`
	madeShape   = `{"userID":"text","name":"text","secretID":"text","secretKey":"text","expires":"int64","status":"int32","description":"text","createdAt":"time","updatedAt":"time"}`
	objectShape = `{"?apiVersion":"text","?kind":"text","metadata":"any","spec":"any","?status":"any"}`
	poolShape   = `{"name":"text","replicas":"int32","displayName":"text","deletePolicy":"text","MinerTemplate":{"minerType":"text","chainName":"text"},"createdAt":"time","updatedAt":"time","+namespace":"text","+readyReplicas":"int32","+ready":"bool","?message":"text"}`
	minerShape  = `{"name":"text","displayName":"text","minerType":"text","chainName":"text","status":"text","createdAt":"time","updatedAt":"time","+namespace":"text","+ready":"bool","?message":"text","?minerSet":"text","?slot":"int32"}`
	errorShape  = `{"code":"int32","reason":"text","message":"text","metadata":"any"}`
)

// pool is a MinerSet as a client of the original sends one: whole.
const pool = `{"apiVersion":"apps.onex.io/v1beta1","kind":"MinerSet","metadata":{"name":"%s","creationTimestamp":null},"spec":{"replicas":1,"displayName":"Olga's","deletePolicy":"Random","template":{"metadata":{},"spec":{"chainName":"%s","minerType":"S1.SMALL1"}}},"status":{}}`

// exchange is a request as clients of the original send them, and the reply that they can read: its shape, or the
// reason of a refusal.
type exchange struct {
	name, method, path, as, body string
	status                       int
	want                         string
}

// TestAClientOfTheOriginal asks what such a client can ask, through the gateway, in order.
func TestAClientOfTheOriginal(t *testing.T) {
	o := options(t.TempDir())
	start(t, o)
	b := enter(t, o.State)
	b.exchange(t, exchange{"a sign-up", "POST", "/v1/users", "", `{"username":"olga","nickname":"","password":"onex(#)666","email":"olga@example.com","phone":"18128841234","unknown":[1]}`, 200, userShape})
	olga := b.logIn(t, "olga", "onex(#)666")
	password, err := os.ReadFile(b.vars["ONEX_ADMIN_PASSWORD_FILE"])
	check(t, err)
	admin := b.logIn(t, "admin", strings.TrimSpace(string(password)))
	t.Run("the user center", func(t *testing.T) { b.userCenter(t, olga, admin) })
	t.Run("objects", func(t *testing.T) { b.ofTheGateway(t, olga) })
	t.Run("what is left out", func(t *testing.T) { b.leftOut(t, olga) })
	t.Run("policies by the original's names", func(t *testing.T) { b.originalNames(t, olga, admin) })
	t.Run("a password that the original hashed", b.originalHash)
	t.Run("a token that a shell signs", func(t *testing.T) { b.shellToken(t, olga) })
	t.Run("the end", func(t *testing.T) { b.goodbye(t, olga, admin) })
}

func (b *building) userCenter(t *testing.T, olga, admin *session.Tokens) {
	r, id := olga.RefreshToken, identity.UserID("olga")
	question := fmt.Sprintf(`{"token":%q,"sub":%q,"obj":"*","act":"/gateway.v1.Gateway/CreateMinerSet"}`, olga.AccessToken, id)
	for _, e := range []exchange{
		{"a log-in", "POST", "/v1/auth/login", "", `{"username":"olga","password":"onex(#)666"}`, 200, tokensShape},
		{"a wrong password", "POST", "/v1/auth/login", "", `{"username":"olga","password":"wrong"}`, 401, "UserLoginFailed"},
		{"a name that is taken", "POST", "/v1/users", "", `{"username":"olga","nickname":"","password":"onex(#)666","email":"","phone":""}`, 409, "UserAlreadyExists"},
		{"oneself", "GET", "/v1/users/olga", r, "", 200, userShape},
		{"all", "GET", "/v1/users?limit=0&offset=0", admin.RefreshToken, "", 200, `{"totalCount":"int64","Users":[` + userShape + `]}`},
		{"a change", "PUT", "/v1/users/olga", r, `{"username":"olga","nickname":"Olga","email":"olga@example.org","phone":"18128840000"}`, 200, "{}"},
		{"a change of one field, the others null", "PUT", "/v1/users/olga", r, `{"username":"olga","nickname":"Olga","email":null,"phone":null}`, 200, "{}"},
		{"a password", "PUT", "/v1/users/olga/update-password", r, `{"username":"olga","oldPassword":"onex(#)666","newPassword":"onex(#)667"}`, 200, "{}"},
		{"a key", "POST", "/v1/secrets", r, `{"name":"ci","expires":"0","description":""}`, 200, madeShape},
		{"a key of a name that is there", "POST", "/v1/secrets", r, `{"name":"ci","expires":0}`, 409, "SecretAlreadyExists"},
		{"the keys", "GET", "/v1/secrets?limit=0&offset=0", r, "", 200, `{"totalCount":"int64","Secrets":[` + secretShape + `]}`},
		{"one key", "GET", "/v1/secrets/ci", r, "", 200, secretShape},
		{"a key that is disabled", "PUT", "/v1/secrets/ci", r, `{"name":"ci","expires":"4102444800","status":0,"description":"builds"}`, 200, "{}"},
		{"a key that is deleted", "DELETE", "/v1/secrets/ci", r, "", 200, "{}"},
		{"and again", "DELETE", "/v1/secrets/ci", r, "", 200, "{}"},
		{"a key that is not there", "GET", "/v1/secrets/ci", r, "", 404, "SecretNotFound"},
		{"a change of it", "PUT", "/v1/secrets/ci", r, `{"status":1}`, 404, "SecretNotFound"},
		{"no bearer", "GET", "/v1/secrets", "", "", 401, "Unauthorized"},
		{"whose a token is", "POST", "/v1/auth/authenticate", admin.AccessToken, question, 200, `{"userID":"text"}`},
		{"who may", "POST", "/v1/auth/authorize", admin.AccessToken, question, 200, `{"allowed":"bool","+rule":"text"}`},
		{"both", "POST", "/v1/auth/auth", admin.AccessToken, question, 200, `{"userID":"text","allowed":"bool","+rule":"text"}`},
		{"whose, asked by nobody", "POST", "/v1/auth/authenticate", "", question, 401, "Unauthorized"},
		{"who may, asked by nobody", "POST", "/v1/auth/authorize", "", question, 401, "Unauthorized"},
		{"both, asked by nobody", "POST", "/v1/auth/auth", "", question, 401, "Unauthorized"},
	} {
		b.exchange(t, e)
	}
}

func (b *building) ofTheGateway(t *testing.T, olga *session.Tokens) {
	a := olga.AccessToken
	if made := b.ask(t, http.MethodPost, "/v1/chains", a, `{"metadata":{"name":"isle"},"spec":{"displayName":"Isle","minerType":"S1.SMALL1"}}`); made.status != 200 {
		t.Fatal(made)
	}
	miner := b.firstMiner(t, a)
	for _, e := range []exchange{
		{"a token for a request", "GET", "/v1/idempotents", a, "", 200, `{"token":"text"}`},
		{"a pool", "POST", "/v1/minersets", a, fmt.Sprintf(pool, "crew", "isle"), 200, objectShape},
		{"a pool that is there", "POST", "/v1/minersets", a, fmt.Sprintf(pool, "crew", "isle"), 409, "AlreadyExists"},
		{"the pools", "GET", "/v1/minersets?limit=0&offset=0", a, "", 200, `{"totalCount":"int64","MinerSets":[` + poolShape + `]}`},
		{"one pool", "GET", "/v1/minersets/crew", a, "", 200, objectShape},
		{"another size", "PUT", "/v1/minersets/crew/scale", a, `{"name":"crew","replicas":2}`, 200, `{"+replicas":"int32"}`},
		{"a pool that is not there", "PUT", "/v1/minersets/none/scale", a, `{"replicas":2}`, 404, ""},
		{"the miners", "GET", "/v1/miners?limit=0&offset=0", a, "", 200, `{"totalCount":"int64","Miners":[` + minerShape + `]}`},
		{"one miner", "GET", "/v1/miners/" + miner, a, "", 200, objectShape},
		{"a miner that is not there", "GET", "/v1/miners/none", a, "", 404, ""},
		{"a pool that is deleted", "DELETE", "/v1/minersets/crew", a, "", 200, "{}"},
	} {
		b.exchange(t, e)
	}
}

// firstMiner waits for the miner that starts the chain.
func (b *building) firstMiner(t *testing.T, token string) string {
	t.Helper()
	var list struct{ Miners []struct{ Name string } }
	eventually(t, "the chain's first miner", func() bool {
		return json.Unmarshal([]byte(b.ask(t, http.MethodGet, "/v1/miners", token, "").body), &list) == nil && len(list.Miners) > 0
	})
	return list.Miners[0].Name
}

// leftOut asks for what this platform does not have, for reasons that docs/user-center.md names: the answer says so
// in the form that the client reads.
func (b *building) leftOut(t *testing.T, olga *session.Tokens) {
	for _, route := range []string{"GET /version", "PUT /v1/minersets", "POST /v1/miners", "PUT /v1/miners", "DELETE /v1/miners/crew-0"} {
		method, path, _ := strings.Cut(route, " ")
		b.exchange(t, exchange{route, method, path, olga.AccessToken, "{}", 404, "PageNotFound"})
	}
}

// originalNames has a row of the original decide about our operation: subject, object `*` and its name for it.
func (b *building) originalNames(t *testing.T, olga, admin *session.Tokens) {
	id := identity.UserID("olga")
	row := fmt.Sprintf(`{"sub":%q,"obj":"*","act":"/gateway.v1.Gateway/CreateMinerSet","eft":"deny"}`, id)
	nowhere := fmt.Sprintf(pool, "nowhere", "atlantis") // a chain that is not there
	reason := func() string {
		return b.ask(t, http.MethodPost, "/v1/minersets", olga.AccessToken, nowhere).reason
	}
	b.exchange(t, exchange{"a row", "PUT", "/v1/policies/no-pools", admin.AccessToken, row, 200, "{}"})
	eventually(t, "the row denies", func() bool { return reason() == "Forbidden" })
	said := b.ask(t, http.MethodPost, "/v1/auth/auth", admin.AccessToken, fmt.Sprintf(`{"token":%q,"obj":"*","act":"/gateway.v1.Gateway/CreateMinerSet"}`, olga.AccessToken))
	if !strings.Contains(said.body, `"allowed":false`) || !strings.Contains(said.body, `"rule":"policy/no-pools"`) || !strings.Contains(said.body, id) {
		t.Errorf("whether she may: %s", said.body)
	}
	b.exchange(t, exchange{"what it is not about", "GET", "/v1/minersets", olga.AccessToken, "", 200, `{"totalCount":"int64","MinerSets":"any"}`})
	b.exchange(t, exchange{"no row", "DELETE", "/v1/policies/no-pools", admin.AccessToken, "", 200, "{}"})
	eventually(t, "no row denies", func() bool { return reason() == "InvalidParameter" })
}

// originalHash logs in with a hash that the original has stored.
func (b *building) originalHash(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("onex(#)666"), bcrypt.DefaultCost)
	check(t, err)
	ann := &identity.User{ID: identity.UserID("ann"), Username: "ann", PasswordHash: string(hash), Status: identity.Active}
	check(t, identity.NewUsers(b.db).Insert(t.Context(), ann.ID, ann))
	b.exchange(t, exchange{"its user", "POST", "/v1/auth/login", "", `{"username":"ann","password":"onex(#)666"}`, 200, tokensShape})
	b.exchange(t, exchange{"by another password", "POST", "/v1/auth/login", "", `{"username":"ann","password":"onex(#)667"}`, 401, "UserLoginFailed"})
}

// goodbye refreshes, leaves and is deleted.
func (b *building) goodbye(t *testing.T, olga, admin *session.Tokens) {
	last := b.logIn(t, "olga", "onex(#)667")
	for _, e := range []exchange{
		{"a refresh", "POST", "/v1/auth/refresh-token", olga.RefreshToken, "{}", 200, tokensShape},
		{"a log-out", "POST", "/v1/auth/logout", last.RefreshToken, "{}", 200, "{}"},
		{"a user who is deleted", "DELETE", "/v1/users/olga", admin.RefreshToken, "", 200, "{}"},
		{"and again", "DELETE", "/v1/users/olga", admin.RefreshToken, "", 200, "{}"},
		{"nobody", "GET", "/v1/users/nobody", admin.RefreshToken, "", 404, "UserNotFound"},
	} {
		b.exchange(t, e)
	}
}

// exchange asks, and compares the reply with what the client can read.
func (b *building) exchange(t *testing.T, e exchange) {
	t.Helper()
	got := b.ask(t, e.method, e.path, e.as, e.body)
	shape := e.want
	if e.status >= http.StatusBadRequest {
		shape = errorShape
		if e.want != "" && got.reason != e.want {
			t.Errorf("%s: %s, want %s", e.name, got, e.want)
		}
	}
	if got.status != e.status {
		t.Errorf("%s: %s %s, want %d", e.name, got, got.body, e.status)
		return
	}
	var want, reply any
	check(t, json.Unmarshal([]byte(shape), &want))
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil {
		t.Errorf("%s: %q: %v", e.name, got.body, err)
	} else if wrong := misfit("the reply", want, reply); wrong != "" {
		t.Errorf("%s: %s: %s", e.name, wrong, got.body)
	}
	if e.status >= http.StatusBadRequest && !strings.Contains(got.body, fmt.Sprintf(`"code":%d`, e.status)) {
		t.Errorf("%s: the code is not %d: %s", e.name, e.status, got.body)
	}
}

var digits = regexp.MustCompile(`^-?[0-9]+$`)

// misfit is where a value has not the shape that is wanted; empty when it has.
func misfit(where string, want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return where + " is no object"
		}
		return misfits(where, w, object)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) == 0 {
			return where + " is no list of anything"
		}
		for i, v := range list {
			if wrong := misfit(fmt.Sprintf("%s[%d]", where, i), w[0], v); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	if kind, _ := want.(string); !isOf(kind, got) {
		return fmt.Sprintf("%s is no %s", where, want)
	}
	return ""
}

func misfits(where string, want, got map[string]any) string {
	left := len(got)
	for name, shape := range want {
		plain := strings.TrimLeft(name, "+?")
		v, there := got[plain]
		switch {
		case there:
			left--
			if wrong := misfit(where+"."+plain, shape, v); wrong != "" {
				return wrong
			}
		case name[0] != '?':
			return where + " has no " + plain
		}
	}
	if left > 0 {
		return fmt.Sprintf("%s has more than %v", where, want)
	}
	return ""
}

// isOf knows the types of protobuf's JSON.
func isOf(kind string, v any) bool {
	text, isText := v.(string)
	number, isNumber := v.(float64)
	switch kind {
	case "text":
		return isText
	case "int64":
		return isText && digits.MatchString(text)
	case "int32":
		return isNumber && number == float64(int32(number))
	case "time":
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case "bool":
		_, ok := v.(bool)
		return ok
	}
	return kind == "any"
}
