package e2e

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/eventing"
	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
)

// defaultDeny tries every route of every operation without a token that is good for it.
//
// What answers without an access token stands here by hand: an operation that opens its door by mistake must not open
// it in the test as well.
func (w *world) defaultDeny(t *testing.T, ada *life.Life) {
	openToAnyone, openToRefresh := []string{"create-user", "get-token-keys", "login"}, []string{
		"change-password", "create-secret", "delete-secret", "get-secret", "list-secrets", "logout", "logout-everywhere",
		"refresh-token", "update-secret",
	}
	access := ada.Tokens.AccessToken
	tokens := map[string]string{"no": "", "a forged": access[:len(access)-4] + "AAAA", "a refresh": ada.Tokens.RefreshToken}
	for _, o := range catalog.Operations() {
		if o.Public || slices.Contains(openToAnyone, o.Name) {
			continue
		}
		for _, r := range o.Routes() {
			for name, token := range tokens {
				if name == "a refresh" && slices.Contains(openToRefresh, o.Name) {
					continue
				}
				got, err := w.plain(t.Context(), r.Method, someone(r), "{}", token)
				if err != nil || !strings.HasPrefix(got, "401 ") && !strings.HasPrefix(got, "403 ") {
					t.Errorf("%s with %s token: %q, %v", o.Name, name, got, err)
				}
			}
		}
	}
	if err := ada.Client.BuySlot(t.Context(), slotOf(ada)); fault.KindOf(err) != fault.Denied {
		t.Errorf("a user bought a slot as if part of the platform: %v", err)
	}
}

var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// someone is a path of the route, about something that does not exist.
func someone(r op.Route) string { return placeholder.ReplaceAllString(r.Path, "nothing-of-the-kind") }

// wake calls an operation by a route or an event of its own. A refusal is an answer, too: the operation gave it.
func (w *world) wake(ctx context.Context, t *testing.T, l *life.Life, name string) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	o, _ := catalog.Find(name)
	switch {
	case slices.ContainsFunc(o.Wakes, func(k op.Wake) bool { return k.Schedule != nil }):
		_ = w.tick(ctx, name)
	case name == "record-object":
		_ = w.tellChange(t, l.User.UserID, "nothing-of-the-kind")
	case o.GetsDeadLetters():
		_ = w.tellNonsense(t, eventing.UserCreated, l.User.UserID)
	case o.Public:
		_, _ = w.plain(ctx, "GET", "/v1/nothing", "", "")
	case len(o.Routes()) > 0:
		_, _ = w.plain(ctx, o.Routes()[0].Method, someone(o.Routes()[0]), "{}", l.Tokens.AccessToken)
	}
}
