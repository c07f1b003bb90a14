package minertype_test

import (
	"slices"
	"strings"
	"testing"

	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
)

func TestDefaultListsTheFourTypesOfTheOriginalInItsOrder(t *testing.T) {
	want := []minertype.Type{
		{Name: "S1.SMALL1", CPU: "50m", Memory: "128Mi", Share: 0.05, Price: 50 * money.OX},
		{Name: "S1.SMALL2", CPU: "100m", Memory: "256Mi", Share: 0.10, Price: 100 * money.OX},
		{Name: "M1.MEDIUM1", CPU: "150m", Memory: "512Mi", Share: 0.15, Price: 150 * money.OX},
		{Name: "M1.MEDIUM2", CPU: "250m", Memory: "1024Mi", Share: 0.25, Price: 250 * money.OX},
	}
	if got := minertype.Default().List(); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestOperatorsCatalog(t *testing.T) {
	for _, row := range []struct{ name, text, wantErr string }{
		{"a good list", `[{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"5"}]`, ""},
		{"an empty list, which sells nothing", `[]`, ""},
		{"a price of nothing", `[{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"0"}]`, "price must be above 0"},
		{"a price below nothing", `[{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"-1"}]`, "price must be above 0"},
		{"a price in coins", `[{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"0.5"}]`, "whole number of micro-OX"},
		{"a share above one CPU", `[{"name":"A","cpu":"1","memory":"1Gi","share":2,"price":"1"}]`, "share must be"},
		{"a share of nothing", `[{"name":"A","cpu":"1","memory":"1Gi","price":"1"}]`, "share must be"},
		{"no name", `[{"cpu":"1","memory":"1Gi","share":1,"price":"1"}]`, "without a name"},
		{"one name twice", `[{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"5"},{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"6"}]`, "listed twice"},
		{"a CPU that is no quantity", `[{"name":"A","cpu":"half","memory":"1Gi","share":1,"price":"5"}]`, `cpu "half"`},
		{"no memory", `[{"name":"A","cpu":"1","share":1,"price":"5"}]`, `memory ""`},
		{"not JSON", `A=5`, "miner types"},
	} {
		var c minertype.Catalog
		err := c.UnmarshalText([]byte(row.text))
		switch {
		case row.wantErr == "" && err != nil:
			t.Errorf("%s: %v", row.name, err)
		case row.wantErr != "" && (err == nil || !strings.Contains(err.Error(), row.wantErr)):
			t.Errorf("%s: error %v, want %q", row.name, err, row.wantErr)
		}
	}
}

func TestTheListIsOrderedByPriceThenName(t *testing.T) {
	var c minertype.Catalog
	if err := c.UnmarshalText([]byte(`[
		{"name":"C","cpu":"1","memory":"1Gi","share":1,"price":"5"}, {"name":"B","cpu":"1","memory":"1Gi","share":1,"price":"9"},
		{"name":"A","cpu":"1","memory":"1Gi","share":1,"price":"5"}]`)); err != nil {
		t.Fatal(err)
	}
	var names string
	for _, kind := range c.List() {
		names += kind.Name
	}
	if names != "ACB" {
		t.Errorf("listed as %s", names)
	}
	if _, ok := c.Get("S1.SMALL1"); ok {
		t.Error("an operator's list still holds what was there before")
	}
}

func TestAListThatIsRefusedLeavesTheOldOne(t *testing.T) {
	c := minertype.Default()
	if err := c.UnmarshalText([]byte(`[{"name":"A"}]`)); err == nil || len(c.List()) != 4 {
		t.Errorf("got %v, %d types", err, len(c.List()))
	}
}
