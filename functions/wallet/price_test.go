package wallet

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
)

// figures are an operator's: a million hashes in a second of a whole CPU, and one OX for 10^9.
var figures = forecast{hashes: 1_000_000, rate: money.OX}

func as(t *testing.T, user string) context.Context {
	return access.With(t.Context(), access.Principal{UserID: user})
}

func TestThePriceListIsTheOperatorsCheapestFirst(t *testing.T) {
	f := &listMinerTypes{types: minertype.Default(), forecast: figures}
	got, err := f.Handle(t.Context(), &wallet.ListMinerTypesRequest{})
	wantKind(t, "listing", err, "")
	// 0.05 of a CPU x 10^6 hashes x 86400 s = 4.32 x 10^9 hashes.
	want := []wallet.MinerType{
		{Name: "S1.SMALL1", CPU: "50m", Memory: "128Mi", Share: 0.05, Price: 50 * money.OX, ExpectedPerDay: 4_320_000},
		{Name: "S1.SMALL2", CPU: "100m", Memory: "256Mi", Share: 0.10, Price: 100 * money.OX, ExpectedPerDay: 8_640_000},
		{Name: "M1.MEDIUM1", CPU: "150m", Memory: "512Mi", Share: 0.15, Price: 150 * money.OX, ExpectedPerDay: 12_960_000},
		{Name: "M1.MEDIUM2", CPU: "250m", Memory: "1024Mi", Share: 0.25, Price: 250 * money.OX, ExpectedPerDay: 21_600_000},
	}
	if diff := cmp.Diff(want, got.Items); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	empty := &listMinerTypes{}
	if got, err := empty.Handle(t.Context(), nil); err != nil || got.Items == nil || len(got.Items) != 0 {
		t.Errorf("an operator who sells nothing: %+v, %v", got, err)
	}
}

// desk is quote-minerset for a user with so much money, two paid slots and a quota.
func desk(t *testing.T, funds money.Amount, limit allowed) *quoteMinerSet {
	t.Helper()
	book := newMemory()
	if _, err := book.Credit(t.Context(), ledger.Entry{Account: "user-a", Key: "gift", Amount: funds + 100*money.OX}); err != nil {
		t.Fatal(err)
	}
	types := minertype.Default()
	for n := range int64(2) {
		terms := ledger.Terms{Limit: func(context.Context) (int64, error) { return 2, nil }, Price: func(string) money.Amount { return 50 * money.OX }}
		if err := book.BuySlot(t.Context(), ledger.Slot{Account: "user-a", Pool: "p", Number: n, MinerType: "S1.SMALL1"}, terms); err != nil {
			t.Fatal(err)
		}
	}
	return &quoteMinerSet{book: book.open, limits: limit, types: types, forecast: figures}
}

func TestAQuoteTellsWhatItCostsWhatIsThereAndWhatItBrings(t *testing.T) {
	for _, row := range []struct {
		name  string
		funds money.Amount
		limit allowed
		plan  wallet.MinerSetPlan
		want  wallet.Quote
	}{
		{"all of it can be paid", 1000 * money.OX, 10, wallet.MinerSetPlan{MinerType: "S1.SMALL1", Replicas: 3}, wallet.Quote{
			SlotPrice: 50 * money.OX, Price: 150 * money.OX, Balance: 1000 * money.OX, QuotaLeft: 8, Affordable: 3, ExpectedPerDay: 12_960_000}},
		{"money ends first", 110 * money.OX, 10, wallet.MinerSetPlan{MinerType: "S1.SMALL1", Replicas: 3}, wallet.Quote{
			SlotPrice: 50 * money.OX, Price: 150 * money.OX, Balance: 110 * money.OX, QuotaLeft: 8, Affordable: 2, ExpectedPerDay: 12_960_000}},
		{"quota ends first", 1000 * money.OX, 3, wallet.MinerSetPlan{MinerType: "M1.MEDIUM2", Replicas: 3}, wallet.Quote{
			SlotPrice: 250 * money.OX, Price: 750 * money.OX, Balance: 1000 * money.OX, QuotaLeft: 1, Affordable: 1, ExpectedPerDay: 64_800_000}},
		{"a quota that was lowered below what is paid", 1000 * money.OX, 1, wallet.MinerSetPlan{MinerType: "S1.SMALL1", Replicas: 1}, wallet.Quote{
			SlotPrice: 50 * money.OX, Price: 50 * money.OX, Balance: 1000 * money.OX, ExpectedPerDay: 4_320_000}},
		{"ten thousand", 60 * money.OX, 20_000, wallet.MinerSetPlan{MinerType: "S1.SMALL1", Replicas: 10_000}, wallet.Quote{
			SlotPrice: 50 * money.OX, Price: 500_000 * money.OX, Balance: 60 * money.OX, QuotaLeft: 19_998, Affordable: 1, ExpectedPerDay: 43_200_000_000}},
	} {
		f := desk(t, row.funds, row.limit)
		row.want.MinerType, row.want.Replicas = row.plan.MinerType, row.plan.Replicas
		for range 2 { // repeated
			got, err := f.Handle(as(t, "user-a"), &wallet.QuoteRequest{Body: row.plan})
			wantKind(t, row.name, err, "")
			if diff := cmp.Diff(&row.want, got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", row.name, diff)
			}
		}
	}
}

func TestAQuoteThatCannotBeMadeSaysWhy(t *testing.T) {
	plan := wallet.MinerSetPlan{MinerType: "S1.SMALL1", Replicas: 1}
	for _, row := range []struct {
		name   string
		plan   wallet.MinerSetPlan
		change func(*quoteMinerSet)
		want   fault.Kind
		field  string
	}{
		{"a type that is not for sale", wallet.MinerSetPlan{MinerType: "S9.HUGE", Replicas: 1}, func(*quoteMinerSet) {}, fault.Invalid, "minerType"},
		{"more than money can say", wallet.MinerSetPlan{MinerType: "S1.SMALL1", Replicas: math.MaxInt64}, func(*quoteMinerSet) {}, fault.Invalid, "replicas"},
		{"the quota is away", plan, func(f *quoteMinerSet) { f.limits = allowed(-1) }, fault.Busy, ""},
		{"the ledger is away", plan, func(f *quoteMinerSet) { f.book = (&memory{away: true}).open }, fault.Busy, ""},
	} {
		f := desk(t, 0, 10)
		row.change(f)
		_, err := f.Handle(as(t, "user-a"), &wallet.QuoteRequest{Body: row.plan})
		wantKind(t, row.name, err, row.want)
		if got := fault.Of(err).Metadata["field"]; got != row.field {
			t.Errorf("%s: names the field %q, want %q", row.name, got, row.field)
		}
	}
}
