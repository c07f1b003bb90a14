package runner_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/access"
	apiaudit "onex.io/onex/shared/api/audit"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
)

// forbidden is who may do nothing at all of what the level of an operation would let him do: for each there is a row that
// denies just that.
type forbidden struct {
	name, id, access, refresh string
	before                    map[string]string // all that the store had of him, by collection and id
}

// A forbidden user asks about what is his own, so that nothing else stands in his way.
const forbiddenColumn = "one whom a row forbids it"

// mayElse says whom the level lets in who is then forbidden: a user or an administrator. Of the rest, rows say nothing.
func mayElse(o op.Operation) (admin, ok bool) {
	switch o.Allow {
	case access.SignedIn, access.LoggedIn, access.Renewing:
		return false, true
	case access.Admin, access.Openable:
		return true, true
	}
	return false, false
}

// newForbidden signs up a user with a secret of the own, and puts up the rows.
func (b *building) newForbidden(t *testing.T, root, name string, admin bool) *forbidden {
	t.Helper()
	f := &forbidden{name: name, id: b.signUp(t, name)}
	there, err := identity.NewUsers(b.db).Set(t.Context(), f.id, bson.D{{Key: "admin", Value: admin}})
	if err != nil || !there {
		t.Fatal(there, err)
	}
	tokens := b.logIn(t, name, doorsPassword)
	f.access, f.refresh = tokens.AccessToken, tokens.RefreshToken
	_, err = b.WithToken(f.access).CreateSecret(t.Context(), secret.Create{Name: name})
	check(t, err)
	b.settled(t, f)
	for _, o := range forbids(admin) {
		check(t, b.WithToken(root).PutPolicy(t.Context(), name+"-"+o, policy.Rule{Sub: f.id, Obj: "*", Act: o, Eft: "deny"}))
	}
	f.before = b.belongings(t, f.id)
	return f
}

// settled waits until the platform has done what a sign-up has it do.
func (b *building) settled(t *testing.T, f *forbidden) {
	t.Helper()
	kubetest.Eventually(t, recorded, func() string {
		wallet, err := b.WithToken(f.access).GetWallet(t.Context(), 0)
		check(t, err)
		intents := 0
		for place := range b.belongings(t, f.id) {
			if strings.HasPrefix(place, "outbox/") {
				intents++
			}
		}
		if wallet.Balance > 0 && intents == 0 {
			return ""
		}
		return fmt.Sprintf("%s has %s OX, and %d events are to be told", f.name, wallet.Balance, intents)
	})
}

// lasts are reads, whose rows are put after all others. The rows are one document: when one is in force, so are those
// before.
func lasts() map[string]string {
	return map[string]string{"get-wallet": "/v1/wallet", "list-users": "/v1/users"}
}

// forbids are the operations that rows forbid a user, or an administrator.
func forbids(admin bool) (all []string) {
	for _, o := range catalog.Operations() {
		if needs, ok := mayElse(o); ok && needs == admin && len(o.Routes()) > 0 {
			all = append(all, o.Name)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(lasts()[a]) - len(lasts()[b]) })
	return all
}

// inForce waits until the rows are.
func (b *building) inForce(t *testing.T, f *forbidden, path string) {
	t.Helper()
	eventually(t, f.name+" is refused", func() bool { return b.ask(t, http.MethodGet, path, f.access, "").status == http.StatusForbidden })
}

// belongings are the documents that have to do with somebody, but for records of decisions and the rows themselves.
func (b *building) belongings(t *testing.T, id string) map[string]string {
	t.Helper()
	names, err := b.db.ListCollectionNames(t.Context(), bson.D{})
	check(t, err)
	all := map[string]string{}
	for _, name := range names {
		if name == "audit" || name == "policies" {
			continue
		}
		cursor, err := b.db.Collection(name).Find(t.Context(), bson.D{})
		check(t, err)
		for cursor.Next(t.Context()) {
			if text := cursor.Current.String(); strings.Contains(text, id) {
				all[name+"/"+cursor.Current.Lookup("_id").String()] = text
			}
		}
		check(t, cursor.Err())
	}
	return all
}

// forbids is the column of those whom a row forbids it.
func (c *callers) forbids(o op.Operation, r op.Route) []cell {
	admin, ok := mayElse(o)
	if !ok {
		return nil
	}
	f := c.dan
	if admin {
		f = c.cora
	}
	text := f.access
	if o.Allow == access.Renewing {
		text = f.refresh
	}
	name := f.name
	if variable.FindString(r.Path) == "{userID}" {
		name = f.id
	}
	return []cell{{forbiddenColumn, text, name, is(403, "Forbidden")}}
}

// nothingDone wants all that was the forbidden one's to be as it was, and each refusal to be on record with its row.
func (b *building) nothingDone(t *testing.T, c *callers) {
	for _, f := range []*forbidden{c.dan, c.cora} {
		kubetest.Eventually(t, time.Minute, func() string { return changes(f.name, f.before, b.belongings(t, f.id)) })
		chains, err := b.WithToken(c.admin).ListChains(t.Context(), chain.ListRequest{Namespace: f.id})
		if err != nil || chains.TotalCount != 0 {
			t.Errorf("%s: %+v, %v, want no chain", f.name, chains, err)
		}
		b.onRecord(t, c, f)
	}
}

// changes tells what was made, changed or removed of somebody's belongings.
func changes(name string, before, after map[string]string) string {
	var all strings.Builder
	for _, place := range slices.Sorted(maps.Keys(after)) {
		if before[place] != after[place] {
			fmt.Fprintf(&all, "%s: %s was made or changed: %s, before %s\n", name, place, after[place], before[place])
		}
	}
	for _, place := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[place]; !there {
			fmt.Fprintf(&all, "%s: %s is gone\n", name, place)
		}
	}
	return all.String()
}

func (b *building) onRecord(t *testing.T, c *callers, f *forbidden) {
	t.Helper()
	want := map[string]bool{}
	for _, o := range forbids(f == c.cora) {
		want[o+" policy/"+f.name+"-"+o] = true
	}
	if len(want) < 5 {
		t.Fatalf("%d operations: the catalog was not read", len(want))
	}
	kubetest.Eventually(t, recorded, func() string {
		found, err := b.WithToken(c.admin).ListAudit(t.Context(), apiaudit.ListRequest{Subject: f.id, Allowed: "false", Limit: 500})
		check(t, err)
		for _, r := range found.Records {
			delete(want, r.Operation+" "+r.Rule)
		}
		if len(want) > 0 {
			return fmt.Sprintf("%s: not on record are %v", f.name, slices.Sorted(maps.Keys(want)))
		}
		return ""
	})
}
