package runner_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	apiaudit "onex.io/onex/shared/api/audit"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/token"
)

// ownNames are the operations that name what is the caller's own, and find no fault where there is nothing of the name.
func ownNames() []string { return []string{"delete-secret"} }

// openDoors are the operations that answer who shows no token. They stand here by hand: the catalog cannot open another
// by mistake.
func openDoors() []string { return []string{"create-user", "get-token-keys", "login"} }

// callers are the tokens of the columns of the matrix.
type callers struct {
	// refused are whose tokens do not hold, by what is wrong with them.
	refused map[string]string
	// eve is a user by an own key, ada another, who owns the chain. Keys end with no session.
	eve, ada, admin, platform string
	login                     func() string // a new log-in of eve
	adaID, chain              string
	// dan is a user and cora an administrator of whom a row for each operation says that they may not.
	dan, cora *forbidden
}

const doorsPassword = "correct horse battery"

func (b *building) callers(t *testing.T) *callers {
	t.Helper()
	password, err := os.ReadFile(b.vars["ONEX_ADMIN_PASSWORD_FILE"])
	check(t, err)
	c := &callers{refused: map[string]string{}, chain: "adas-chain", login: func() string { return b.logIn(t, "eve", doorsPassword).AccessToken }}
	b.signUp(t, "eve")
	c.adaID = b.signUp(t, "ada")
	c.eve, _ = b.ownKey(t, c.login())
	c.ada, _ = b.ownKey(t, b.logIn(t, "ada", doorsPassword).AccessToken)
	c.admin, _ = b.ownKey(t, b.logIn(t, "admin", strings.TrimSpace(string(password))).AccessToken)
	c.platform = b.sign(t, "ONEX_PLATFORM_KEY", token.Claims{Subject: "reconciler", Kind: token.Platform, Expires: time.Now().Add(time.Hour)})
	_, err = b.WithToken(c.ada).CreateSecret(t.Context(), secret.Create{Name: c.chain})
	check(t, err)
	_, err = b.WithToken(c.ada).CreateChain(t.Context(), &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: c.chain}, Spec: v1beta1.ChainSpec{DisplayName: "Ada's", MinerType: "S1.SMALL1"}})
	check(t, err)
	b.refuse(t, c)
	c.dan, c.cora = b.newForbidden(t, c.admin, "dan", false), b.newForbidden(t, c.admin, "cora", true)
	b.inForce(t, c.dan, lasts()["get-wallet"])
	b.inForce(t, c.cora, lasts()["list-users"])
	return c
}

// refuse makes the tokens that do not hold.
func (b *building) refuse(t *testing.T, c *callers) {
	t.Helper()
	c.refused["no token"], c.refused["garbage"] = "", "garbage.in.here"
	live := c.login()
	c.refused["a wrong signature"] = live[:len(live)-8] + "AAAAAAAA"
	c.refused["an expired one"] = b.sign(t, "ONEX_TOKEN_KEY", token.Claims{
		Subject: identity.UserID("eve"), Session: "s", Kind: token.Access, Expires: time.Now().Add(-time.Minute),
	})
	c.refused["one of a session that has ended"] = c.login()
	check(t, b.WithToken(c.refused["one of a session that has ended"]).Logout(t.Context()))
	var id string
	c.refused["one by a key that is disabled"], id = b.ownKey(t, c.login())
	b.disableKey(t, id)
	b.signUp(t, "mallory")
	c.refused["one of a user who is disabled"], _ = b.ownKey(t, b.logIn(t, "mallory", doorsPassword).AccessToken)
	there, err := identity.NewUsers(b.db).Set(t.Context(), identity.UserID("mallory"), bson.D{{Key: "status", Value: identity.Disabled}})
	if err != nil || !there {
		t.Fatal(there, err)
	}
	// What was let in a moment ago may be let in for another second.
	for what, text := range c.refused {
		eventually(t, what+" is refused", func() bool { return b.ask(t, http.MethodGet, "/v1/wallet", text, "").status == http.StatusUnauthorized })
	}
}

// disableKey does in the store what its operation does.
func (b *building) disableKey(t *testing.T, id string) {
	t.Helper()
	keys, eve := b.db.Collection("secrets"), bson.D{{Key: "_id", Value: identity.UserID("eve")}}
	var ring bson.M
	check(t, keys.FindOne(t.Context(), eve).Decode(&ring))
	found := false
	for _, s := range ring["secrets"].(bson.A) {
		key := s.(bson.D)
		if !slices.ContainsFunc(key, func(e bson.E) bool { return e.Value == id }) {
			continue
		}
		for i := range key {
			if key[i].Key == "status" {
				key[i].Value, found = int64(identity.SecretDisabled), true
			}
		}
	}
	if !found {
		t.Fatalf("key %s is not in %v", id, ring)
	}
	_, err := keys.ReplaceOne(t.Context(), eve, ring)
	check(t, err)
}

var variable = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// cell is one request of the matrix.
type cell struct {
	column, token, name string
	want                func(said) string // what is wrong with the answer; empty for nothing
}

// body is nothing at all, but where the object is somebody's, or a row forbids it: what is wrong with a request must not
// hide that.
func (c cell) body(least string) string {
	if c.column == somebodyElses || c.column == forbiddenColumn {
		return least
	}
	return "{}"
}

const somebodyElses = "somebody else's"

func is(status int, reason string) func(said) string {
	return func(s said) string {
		if s.status != status || s.reason != reason {
			return fmt.Sprintf("want %d %s", status, reason)
		}
		return ""
	}
}

// letIn is any answer of the operation itself: it may still find the request wrong, or what it names missing.
func letIn(s said) string {
	if s.status == 401 || s.status == 403 || s.status == 429 || s.status >= 500 {
		return "want to be let in"
	}
	return ""
}

// notHis is the answer about what belongs to somebody else: it is not there, or not for the caller.
func notHis(s said) string {
	if s.status == 403 && (s.reason == "Forbidden" || s.reason == "UserOperationForbidden") || s.status == 404 && s.reason != "PageNotFound" {
		return ""
	}
	return "want 403 Forbidden or 404"
}

// row is what each caller gets of an operation.
func (c *callers) row(o op.Operation, r op.Route) []cell {
	if slices.Contains(openDoors(), o.Name) {
		return []cell{{"no token", "", "nobody", notShut}}
	}
	var cells []cell
	for what, text := range c.refused {
		cells = append(cells, cell{what, text, "nothing", is(401, "Unauthorized")})
	}
	lacks, admin := c.platform, letIn
	switch o.Allow {
	case access.Platform, access.Scaler:
		lacks, admin = c.eve, is(403, "Forbidden")
	case access.Admin:
		lacks = c.eve
	case access.Openable:
		lacks = c.eve
	case access.LoggedIn, access.Renewing:
		admin = is(403, "Forbidden") // by a key, which has no session
	}
	cells = append(cells, cell{"one without the permission", lacks, "nothing", is(403, "Forbidden")}, cell{"an administrator's", c.admin, "nothing", admin})
	if o.Allow == access.SignedIn && variable.MatchString(r.Path) {
		want := notHis
		if slices.Contains(ownNames(), o.Name) {
			want = is(200, "")
		}
		cells = append(cells, cell{somebodyElses, c.eve, cmp.Or(c.names()[variable.FindString(r.Path)], c.chain), want})
	}
	return append(cells, c.forbids(o, r)...)
}

// names are ada's, by what they are called in paths; any other is that of her chain.
func (c *callers) names() map[string]string {
	return map[string]string{"{username}": "ada", "{userID}": c.adaID}
}

// notShut is any answer that is not about a token of the platform's.
func notShut(s said) string {
	if s.status == 401 && s.reason == "Unauthorized" || s.status == 403 || s.status >= 500 {
		return "want an answer"
	}
	return ""
}

// TestEveryDoor asks every operation of the catalog as everybody, through the gateway. An operation that is new is in it.
func TestEveryDoor(t *testing.T) {
	o := options(t.TempDir())
	start(t, o)
	b := enter(t, o.State)
	c := b.callers(t)
	t.Run("the matrix", func(t *testing.T) { b.matrix(t, c) })
	t.Run("nothing was done for whom a row forbids it", func(t *testing.T) { b.nothingDone(t, c) })
	t.Run("what is somebody else's by its namespace", func(t *testing.T) { b.namespaces(t, c) })
	t.Run("nothing of ada's was touched", func(t *testing.T) {
		if _, err := b.WithToken(c.ada).GetChain(t.Context(), chain.GetRequest{Name: c.chain}); err != nil {
			t.Error(err)
		}
		if _, err := b.WithToken(c.ada).GetSecret(t.Context(), c.chain); err != nil {
			t.Error(err)
		}
	})
	t.Run("a key has a request done once, whatever becomes of Redis", func(t *testing.T) { b.onceForAll(t, c) })
	t.Run("a token that was asked for has a request done once", func(t *testing.T) { b.tokenFlow(t, c) })
	t.Run("an administrator reads what was decided, and from where", func(t *testing.T) { b.records(t, c) })
}

func (b *building) matrix(t *testing.T, c *callers) {
	asked := 0
	for _, o := range catalog.Operations() {
		for _, r := range o.Routes() {
			if r.Method == "" {
				continue // the gateway's own, which passes everything on
			}
			for _, cell := range c.row(o, r) {
				asked++
				got := b.ask(t, r.Method, variable.ReplaceAllString(r.Path, cell.name), cell.token, cell.body(b.body(t, r)))
				if wrong := cell.want(got); wrong != "" {
					t.Errorf("%s (%s %s), %s: %s, %s", o.Name, r.Method, r.Path, cell.column, got, wrong)
				}
				if got.status == 401 && got.reason == "Unauthorized" && got.message != "a valid token is needed" {
					t.Errorf("%s, %s: the caller learns %q", o.Name, cell.column, got.message)
				}
				b.documented(t, o.Name, r, got)
			}
		}
	}
	if asked < 250 {
		t.Errorf("%d requests: the catalog was not read", asked)
	}
}

// documented wants the status to be one that the OpenAPI document names for the route.
func (b *building) documented(t *testing.T, name string, r op.Route, got said) {
	t.Helper()
	route := b.document.Paths[r.Path][strings.ToLower(r.Method)]
	if _, ok := route.Responses[fmt.Sprint(got.status)]; !ok {
		t.Errorf("%s answers %s, of which the document says nothing", name, got)
	}
}

// body is the least that the route takes: each field that it needs, and nothing that makes sense.
func (b *building) body(t *testing.T, r op.Route) string {
	t.Helper()
	text, err := json.Marshal(b.least(b.document.Paths[r.Path][strings.ToLower(r.Method)].RequestBody.Content["application/json"].Schema))
	check(t, err)
	return string(text)
}

func (b *building) least(s shape) any {
	if s.Ref != "" {
		s = b.document.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == "string":
		return "nothing"
	case s.Type == "integer" || s.Type == "number":
		return 1
	case s.Type == "boolean":
		return true
	case s.Type == "array":
		return []any{}
	}
	object := map[string]any{}
	for _, name := range s.Required {
		object[name] = b.least(s.Properties[name])
	}
	return object
}

// namespaces asks in ada's namespace whatever can be asked in a namespace.
func (b *building) namespaces(t *testing.T, c *callers) {
	for _, o := range catalog.Operations() {
		in, _ := o.Handler.Types()
		if in == nil || o.Allow != access.SignedIn || !asksNamespace(o) {
			continue
		}
		for _, r := range o.Routes() {
			got := b.ask(t, r.Method, variable.ReplaceAllString(r.Path, c.chain)+"?namespace="+c.adaID, c.eve, b.body(t, r))
			if wrong := is(403, "Forbidden")(got); wrong != "" {
				t.Errorf("%s in another's namespace: %s, %s", o.Name, got, wrong)
			}
		}
	}
}

func asksNamespace(o op.Operation) bool {
	in, _ := o.Handler.Types()
	for i := range in.NumField() {
		if in.Field(i).Tag.Get("query") == "namespace" {
			return true
		}
	}
	return false
}

// recorded is how long a decision may take to be on record, and what follows from a sign-up to be done.
const recorded = 2 * time.Minute

// records finds a refusal and an allowed change among what was decided.
func (b *building) records(t *testing.T, c *callers) {
	admin := b.WithToken(c.admin)
	for what, in := range map[string]apiaudit.ListRequest{
		"a user who is no administrator": {Subject: identity.UserID("eve"), Operation: "set-quota", Allowed: "false"},
		"a change by a key":              {Subject: c.adaID, Operation: "create-secret", Allowed: "true"},
	} {
		var r apiaudit.Record
		kubetest.Eventually(t, recorded, func() string {
			found, err := admin.ListAudit(t.Context(), in)
			check(t, err)
			if len(found.Records) == 0 {
				return what + ": not on record"
			}
			r = found.Records[0]
			return ""
		})
		if r.Remote != "127.0.0.1" || r.Rule == "" || r.Object == "" || r.RequestID == "" || r.TraceID == "" || r.TokenKind == "" {
			t.Errorf("%s: %+v", what, r)
		}
	}
}
