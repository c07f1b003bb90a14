package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	store "go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/token"
)

// building is a platform and the way to it.
type building struct {
	*client.Client
	vars     map[string]string
	keys     map[string]string
	db       *mongo.Database
	document document
}

// document is as much as the test needs of what the platform says of itself.
type document struct {
	Paths map[string]map[string]struct {
		Responses   map[string]any
		RequestBody struct {
			Content map[string]struct{ Schema shape }
		}
	}
	Components struct{ Schemas map[string]shape }
}

type shape struct {
	Ref        string `json:"$ref"`
	Type       any
	Enum       []any
	Required   []string
	Properties map[string]shape
}

func enter(t *testing.T, state string) *building {
	t.Helper()
	vars, err := readEnv(state)
	check(t, err)
	b := &building{Client: client.New(vars["ONEX_ADDR"], client.Options{}), vars: vars}
	text, err := os.ReadFile(filepath.Join(state, "keys.json"))
	check(t, err)
	check(t, json.Unmarshal(text, &b.keys))
	db, err := mongo.Connect(store.Client().ApplyURI(vars["ONEX_MONGO"]))
	check(t, err)
	t.Cleanup(func() { _ = db.Disconnect(context.WithoutCancel(t.Context())) })
	b.db = db.Database("onex")
	check(t, json.Unmarshal([]byte(b.ask(t, http.MethodGet, "/openapi.json", "", "").body), &b.document))
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// said is an answer.
type said struct {
	status                int
	reason, message, body string
	header                http.Header
}

func (s said) String() string { return fmt.Sprintf("%d %s %q", s.status, s.reason, s.message) }

// ask sends a request, with headers as names and values in turn.
func (b *building) ask(t *testing.T, method, path, token, body string, headers ...string) said {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.vars["ONEX_ADDR"]+path, strings.NewReader(body))
	check(t, err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(t, err)
	got := said{status: response.StatusCode, body: string(text), header: response.Header}
	if response.StatusCode >= 300 {
		var p struct{ Reason, Message string }
		check(t, json.Unmarshal(text, &p))
		got.reason, got.message = p.Reason, p.Message
	}
	return got
}

func (b *building) signUp(t *testing.T, name string) string {
	t.Helper()
	u, err := b.CreateUser(t.Context(), user.Create{Username: name, Nickname: name, Password: doorsPassword, Email: name + "@example.org", Phone: phoneOf(name)})
	check(t, err)
	return u.UserID
}

// phoneOf is a number that nobody else in the test has.
func phoneOf(name string) string {
	n := 0
	for _, c := range name {
		n = n*31 + int(c)
	}
	return fmt.Sprintf("18%09d", n%1_000_000_000)
}

func (b *building) logIn(t *testing.T, name, password string) *session.Tokens {
	t.Helper()
	tokens, err := b.Login(t.Context(), session.Login{Username: name, Password: password})
	check(t, err)
	return tokens
}

// ownKey is a token by an own key of who is logged in, and the id of the key.
func (b *building) ownKey(t *testing.T, access string) (text, id string) {
	t.Helper()
	made, err := b.WithToken(access).CreateSecret(t.Context(), secret.Create{Name: "doors-" + fmt.Sprint(time.Now().UnixNano())})
	check(t, err)
	text, err = token.NewSecretToken(made.SecretID, made.SecretKey, time.Now(), time.Now().Add(time.Hour))
	check(t, err)
	return text, made.SecretID
}

func (b *building) sign(t *testing.T, key string, c token.Claims) string {
	t.Helper()
	var private config.PrivateKey
	check(t, private.UnmarshalText([]byte(b.keys[key])))
	signer := token.NewLoginSigner(private.PrivateKey, time.Now)
	if key == "ONEX_PLATFORM_KEY" {
		signer = token.NewPlatformSigner(private.PrivateKey, time.Now)
	}
	text, err := signer.Sign(c)
	check(t, err)
	return text
}
