package runner_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/op"
)

// onceForAll makes a secret twice under one key, and empties Redis in between.
func (b *building) onceForAll(t *testing.T, c *callers) {
	cache := redis.NewClient(&redis.Options{Addr: b.vars["ONEX_REDIS"]})
	defer cache.Close()
	key := client.WithKey(t.Context(), "made-once")
	ada := b.WithToken(c.ada)
	made, err := ada.CreateSecret(key, secret.Create{Name: "once"})
	check(t, err)
	for range 3 {
		check(t, cache.FlushAll(t.Context()).Err())
		again, err := ada.CreateSecret(key, secret.Create{Name: "once"})
		if err != nil || again.SecretID != made.SecretID || again.SecretKey != made.SecretKey {
			t.Errorf("again: %v", err)
		}
		for what, text := range c.refused {
			if got := b.ask(t, http.MethodGet, "/v1/wallet", text, ""); is(401, "Unauthorized")(got) != "" {
				t.Errorf("%s, after Redis was emptied: %s", what, got)
			}
		}
	}
	if got := b.ask(t, http.MethodPost, "/v1/secrets", c.ada, `{"name":"once"}`); got.status != 409 && got.status != 400 {
		t.Errorf("without the key: %s", got)
	}
}

// uuidV4 is what the original gives.
var uuidV4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// tokenFlow does what a client of the original does: it asks for a token, and sends it with a POST until it is answered.
func (b *building) tokenFlow(t *testing.T, c *callers) {
	ada := b.WithToken(c.ada)
	given, err := ada.GetIdempotencyToken(t.Context())
	check(t, err)
	next, err := ada.GetIdempotencyToken(t.Context())
	if err != nil || !uuidV4.MatchString(given.Token) || given.Token == next.Token {
		t.Fatalf("%+v and %+v, %v", given, next, err)
	}
	send := func(as, name, header string) said {
		return b.ask(t, http.MethodPost, "/v1/secrets", as, `{"name":"`+name+`"}`, header, given.Token)
	}
	const old, body = "X-Idempotent-ID", "by-token"
	first := send(c.ada, body, old)
	if first.status != http.StatusOK || first.header.Get(op.ReplayedHeader) != "" {
		t.Fatalf("the first time: %s %v", first, first.header)
	}
	for what, again := range map[string]said{"again": send(c.ada, body, old), "by the other header": send(c.ada, body, op.KeyHeader)} {
		if again.status != http.StatusOK || again.body != first.body || again.header.Get(op.ReplayedHeader) != "true" {
			t.Errorf("%s: %s %v", what, again, again.header)
		}
	}
	if got := send(c.ada, "another", old); is(422, "IdempotencyKeyReused")(got) != "" {
		t.Errorf("another request: %s", got)
	}
	if got := send(c.eve, body, old); got.status != http.StatusOK || got.body == first.body || got.header.Get(op.ReplayedHeader) != "" {
		t.Errorf("somebody else: %s %v", got, got.header)
	}
	made, err := ada.ListSecrets(t.Context(), secret.ListRequest{Page: page.Page{Limit: 100}})
	check(t, err)
	names := map[string]int{}
	for _, s := range made.Secrets {
		names[s.Name]++
	}
	if names[body] != 1 || names["another"] != 0 {
		t.Errorf("there are %v", names)
	}
}
