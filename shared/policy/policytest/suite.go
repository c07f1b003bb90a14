// Package policytest is the conformance suite of the rules: what must hold of them on every store, however many
// administrators come at once.
package policytest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/policy"
)

// Run runs the suite in databases of its own, each named after db.
func Run(t *testing.T, db *mongo.Database) {
	for name, test := range map[string]func(*testing.T, policy.Store){
		"there are none at first":                           none,
		"a row is kept, replaced and forgotten by its name": keptByName,
		"a binding is kept once and forgotten":              bound,
		"a change that changes nothing leaves the number":   unchanged,
		"of many who write at once nobody is lost":          many,
	} {
		t.Run(name, func(t *testing.T) {
			own := db.Client().Database(db.Name() + "-" + bson.NewObjectID().Hex())
			t.Cleanup(func() { _ = own.Drop(context.WithoutCancel(t.Context())) })
			test(t, policy.NewStore(own))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func row(name string, effect access.Effect) policy.Row {
	return policy.Row{Name: name, Sub: "operators", Obj: "*", Act: "set-quota", Eft: effect}
}

// read is the rules, of which the number must be the version.
func read(t *testing.T, s policy.Store) *policy.Rules {
	t.Helper()
	r, err := s.Read(t.Context())
	must(t, err)
	number, err := s.Number(t.Context())
	must(t, err)
	if number != r.Version {
		t.Errorf("the number is %d, the version %d", number, r.Version)
	}
	return r
}

func none(t *testing.T, s policy.Store) {
	must(t, s.Delete(t.Context(), "x"))
	must(t, s.Unbind(t.Context(), policy.Binding{Sub: "a", Role: "b"}))
	if r := read(t, s); r.Version != 0 || len(r.Rows)+len(r.Bindings) != 0 {
		t.Errorf("got %+v", r)
	}
}

func keptByName(t *testing.T, s policy.Store) {
	must(t, s.Put(t.Context(), row("a", access.Allow)))
	must(t, s.Put(t.Context(), row("b", access.Allow)))
	must(t, s.Put(t.Context(), row("a", access.Deny)))
	if r := read(t, s); len(r.Rows) != 2 || r.Rows[0] != row("a", access.Deny) || r.Rows[1] != row("b", access.Allow) || r.Version != 3 {
		t.Errorf("got %+v", r)
	}
	for range 2 { // repeated
		must(t, s.Delete(t.Context(), "a"))
	}
	if r := read(t, s); len(r.Rows) != 1 || r.Rows[0].Name != "b" || r.Version != 4 {
		t.Errorf("got %+v", r)
	}
}

func bound(t *testing.T, s policy.Store) {
	for range 2 { // repeated
		must(t, s.Bind(t.Context(), policy.Binding{Sub: "user-a", Role: "operators"}))
	}
	must(t, s.Bind(t.Context(), policy.Binding{Sub: "user-b", Role: "operators"}))
	if r := read(t, s); len(r.Bindings) != 2 || r.Version != 2 {
		t.Errorf("got %+v", r)
	}
	for range 2 {
		must(t, s.Unbind(t.Context(), policy.Binding{Sub: "user-a", Role: "operators"}))
	}
	if r := read(t, s); len(r.Bindings) != 1 || r.Bindings[0].Sub != "user-b" || r.Version != 3 {
		t.Errorf("got %+v", r)
	}
}

func unchanged(t *testing.T, s policy.Store) {
	for range 3 {
		must(t, s.Put(t.Context(), row("a", access.Allow)))
	}
	if r := read(t, s); r.Version != 1 {
		t.Errorf("the version is %d", r.Version)
	}
}

func many(t *testing.T, s policy.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := s.Put(t.Context(), row(fmt.Sprint(i), access.Allow)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if r := read(t, s); len(r.Rows) != 8 || r.Version != 8 {
		t.Errorf("%d rows at version %d", len(r.Rows), r.Version)
	}
}
