package catalog_test

import (
	"slices"
	"testing"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/access"
)

// Who may call what without being signed in stands here by hand: an operation that opens its door by mistake must not
// open it in the test as well.
func TestDoorsThatDoNotNeedASignedInUser(t *testing.T) {
	want := map[access.Level][]string{
		access.Anyone:   {"create-user", "get-token-keys", "login"},
		access.Openable: {"auth", "authenticate", "authorize"}, // closed unless the operator opens it
		access.LoggedIn: {"logout", "logout-everywhere"},
		access.Renewing: {"refresh-token"},
		access.Platform: {"buy-slot"},
		access.Scaler:   {"measure-minerset"},
		"":              {"gateway"}, // it passes every request on, and whoever it passes it to asks
	}
	got := map[access.Level][]string{}
	for _, o := range catalog.Operations() {
		if len(o.Routes()) > 0 && o.Allow != access.SignedIn && o.Allow != access.Admin {
			got[o.Allow] = append(got[o.Allow], o.Name)
		}
	}
	for _, level := range []access.Level{access.Anyone, access.Openable, access.LoggedIn, access.Renewing, access.Platform, access.Scaler, ""} {
		if !slices.Equal(got[level], want[level]) {
			t.Errorf("level %q: %v, want %v", level, got[level], want[level])
		}
		delete(got, level)
	}
	if len(got) > 0 {
		t.Errorf("levels that nobody knows: %v", got)
	}
}
