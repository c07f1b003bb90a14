package local_test

import (
	"testing"
	"time"

	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/unix"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

// eventually polls until f says yes; a second is promised, the rest is for a busy machine.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not yet", what)
		}
	}
}

func denied(err error) bool { return err != nil && fault.KindOf(err) == fault.Denied }

// decision is what authorize says of alice.
func decision(t *testing.T, c *client.Client, act string) policy.Decision {
	t.Helper()
	d, err := c.Authorize(t.Context(), policy.Question{Sub: identity.UserID("alice"), Obj: "*", Act: act})
	must(t, err)
	return *d
}

func TestPoliciesOnRealServers(t *testing.T) {
	w := newTown(t, map[string]string{"ONEX_ADMIN_USERNAME": "root"})
	alice, _ := w.login(t, "alice")
	root, _ := w.login(t, "root")
	must(t, look(t, alice))

	for range 2 { // repeated
		must(t, root.PutPolicy(t.Context(), "no-looking", policy.Rule{Sub: "users", Obj: "*", Act: "get-wallet", Eft: "deny"}))
	}
	eventually(t, "a row that denies", func() bool { return denied(look(t, alice)) })
	if d := decision(t, root, "get-wallet"); d != (policy.Decision{Rule: "policy/no-looking"}) {
		t.Errorf("got %+v", d)
	}
	must(t, look(t, root)) // no row stops root
	must(t, root.DeletePolicy(t.Context(), "no-looking"))
	eventually(t, "a row that is gone", func() bool { return look(t, alice) == nil })

	_, err := alice.ListPolicies(t.Context())
	if !denied(err) {
		t.Errorf("a user lists the policies: %v", err)
	}
	must(t, root.PutPolicy(t.Context(), "readers", policy.Rule{Sub: "readers", Obj: "/v1/policies", Act: "list-policies"}))
	must(t, root.PutRoleBinding(t.Context(), policy.BindRequest{Role: "readers", Sub: identity.UserID("alice")}))
	eventually(t, "a role", func() bool {
		list, err := alice.ListPolicies(t.Context())
		return err == nil && list.TotalCount == 1 && list.Policies[0].Eft == "allow"
	})
	if _, err := alice.ListRoleBindings(t.Context()); !denied(err) {
		t.Errorf("what no row allows: %v", err)
	}
	must(t, root.PutPolicy(t.Context(), "guards", policy.Rule{Sub: "readers", Obj: "*", Act: "disable-user"}))
	eventually(t, "what a row allows of administrators' work is done to others", func() bool { return alice.DisableUser(t.Context(), "bob") == nil })
	if err := alice.DisableUser(t.Context(), "root"); !denied(err) {
		t.Errorf("the first administrator is disabled: %v", err)
	}
	if err := alice.EnableUser(t.Context(), "bob"); !denied(err) {
		t.Errorf("what no row allows: %v", err)
	}
	must(t, root.DeleteRoleBinding(t.Context(), policy.UnbindRequest{Role: "readers", Sub: identity.UserID("alice")}))
	eventually(t, "a role that was taken away", func() bool { _, err := alice.ListPolicies(t.Context()); return denied(err) })
}

func TestKeysOnRealServers(t *testing.T) {
	w := newTown(t, nil)
	alice, _ := w.login(t, "alice")
	off, on, never, past := 0, 1, unix.Time(0), unix.Time(1)
	made, err := alice.CreateSecret(t.Context(), secret.Create{Name: "ci"})
	must(t, err)
	own := client.New(w.url, client.Options{Token: client.SecretToken(made.SecretID, made.SecretKey, time.Now)})
	stands := func() bool { return look(t, own) == nil }
	falls := func() bool { return !stands() }
	eventually(t, "a new key", stands)
	for _, step := range []struct {
		what   string
		update secret.Update
		then   func() bool
	}{
		{"a key that is disabled", secret.Update{Status: &off}, falls},
		{"a key that is enabled again", secret.Update{Status: &on}, stands},
		{"a key that ends", secret.Update{Expires: &past}, falls},
		{"a key that ends no more", secret.Update{Expires: &never}, stands},
	} {
		must(t, alice.UpdateSecret(t.Context(), "ci", step.update))
		eventually(t, step.what, step.then)
	}
	got, err := alice.GetSecret(t.Context(), "ci")
	if err != nil || got.SecretID != made.SecretID || got.Status != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	for range 2 { // repeated
		must(t, alice.DeleteSecret(t.Context(), "ci"))
	}
	eventually(t, "a key that is deleted", falls)
	wantRefused(t, "a key that is deleted", look(t, own))
	list, err := alice.ListSecrets(t.Context(), secret.ListRequest{Page: page.Page{Limit: 100}})
	if err != nil || list.TotalCount != 0 || len(list.Secrets) != 0 {
		t.Errorf("listed %+v, %v", list, err)
	}
	if _, err := alice.GetSecret(t.Context(), "ci"); fault.ReasonOf(err) != "SecretNotFound" {
		t.Errorf("got %v", err)
	}
}
