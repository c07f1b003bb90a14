package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

func TestTheCatalogCanBeDeployed(t *testing.T) {
	all := catalog.Operations()
	if err := catalog.Check(all); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(all, func(a, b op.Operation) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the operations are not ordered by name")
	}
	for _, o := range all {
		found, ok := catalog.Find(o.Name)
		if !ok || found.Name != o.Name {
			t.Errorf("operation %q is not found", o.Name)
		}
	}
	if _, ok := catalog.Find("no-such"); ok {
		t.Error("found what is not there")
	}
	if _, ok := catalog.Find(""); ok {
		t.Error("found what has no name")
	}
}

func TestADeclarationThatCannotBeDeployedIsReportedByName(t *testing.T) {
	good := op.Operation{Name: "a", Summary: "Does a.", Allow: access.SignedIn, Wakes: op.On(op.Get("/a"))}
	change := func(f func(*op.Operation)) op.Operation { o := good; f(&o); return o }
	for _, row := range []struct {
		name string
		all  []op.Operation
		want string // empty: fine
	}{
		{"none", nil, ""},
		{"a good one", []op.Operation{good}, ""},
		{"the same path by another method", []op.Operation{good, change(func(o *op.Operation) { o.Name, o.Wakes = "b", op.On(op.Post("/a")) })}, ""},
		{"an event needs nobody's leave", []op.Operation{change(func(o *op.Operation) { o.Allow, o.Wakes = "", op.On(op.Told("t")) })}, ""},
		{"a public one answers for itself", []op.Operation{change(func(o *op.Operation) { o.Allow, o.Public = "", true })}, ""},
		{"no name", []op.Operation{change(func(o *op.Operation) { o.Name = "" })}, `""`},
		{"a name that is no label", []op.Operation{change(func(o *op.Operation) { o.Name = "Get_Wallet" })}, `"Get_Wallet"`},
		{"a name that begins with a digit", []op.Operation{change(func(o *op.Operation) { o.Name = "1a" })}, `"1a"`},
		{"a name that is too long", []op.Operation{change(func(o *op.Operation) { o.Name = strings.Repeat("a", 64) })}, "aaaa"},
		{"one name twice", []op.Operation{good, change(func(o *op.Operation) { o.Wakes = op.On(op.Get("/b")) })}, `"a" is declared twice`},
		{"no summary", []op.Operation{change(func(o *op.Operation) { o.Summary = "" })}, "no summary"},
		{"nothing that wakes it", []op.Operation{change(func(o *op.Operation) { o.Wakes = nil })}, "nothing that wakes it"},
		{"one route twice", []op.Operation{good, change(func(o *op.Operation) { o.Name = "b" })}, "GET /a"},
		{"two that get the dead letters", []op.Operation{change(func(o *op.Operation) { o.Wakes = op.On(op.DeadLetters()) }), change(func(o *op.Operation) { o.Name, o.Wakes = "b", op.On(op.DeadLetters()) })}, `"a" and "b" both get the dead letters`},
		{"a route that lets nobody in", []op.Operation{change(func(o *op.Operation) { o.Allow = "" })}, "lets nobody in"},
	} {
		err := catalog.Check(row.all)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.name, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: got %v, want %q in it", row.name, err, row.want)
		}
	}
}
