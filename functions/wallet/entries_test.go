package wallet

import (
	"fmt"
	"slices"
	"testing"

	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
)

func TestEntriesArePagedDownwards(t *testing.T) {
	book := newMemory()
	f := &listEntries{book: book.open}
	for i := range 5 {
		for _, account := range []string{"user-a", "user-b"} {
			e := ledger.Entry{Account: account, Key: fmt.Sprint(account, i), Kind: ledger.KindGift, Amount: 1}
			if _, err := book.Credit(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct {
		name   string
		user   string
		in     wallet.ListEntriesRequest
		want   []int64
		before int64
	}{
		{"the newest", "user-a", wallet.ListEntriesRequest{Limit: 2}, []int64{5, 4}, 4},
		{"the next", "user-a", wallet.ListEntriesRequest{Limit: 2, Before: 4}, []int64{3, 2}, 2},
		{"the last", "user-a", wallet.ListEntriesRequest{Limit: 2, Before: 2}, []int64{1}, 0},
		{"just all", "user-a", wallet.ListEntriesRequest{Limit: 5}, []int64{5, 4, 3, 2, 1}, 0},
		{"before the first", "user-a", wallet.ListEntriesRequest{Limit: 2, Before: 1}, nil, 0},
		{"before one that is not there yet", "user-a", wallet.ListEntriesRequest{Limit: 1, Before: 1000}, []int64{5}, 5},
		{"of a wallet that is empty", "user-new", wallet.ListEntriesRequest{Limit: 2}, nil, 0},
	} {
		got, err := f.Handle(as(t, row.user), &row.in)
		wantKind(t, row.name, err, "")
		var numbers []int64
		for _, e := range got.Items {
			numbers = append(numbers, e.Number)
		}
		if !slices.Equal(numbers, row.want) || got.Before != row.before || got.Items == nil {
			t.Errorf("%s: got %v, next %d; want %v, %d", row.name, numbers, got.Before, row.want, row.before)
		}
	}
	book.away = true
	_, err := f.Handle(as(t, "user-a"), &wallet.ListEntriesRequest{Limit: 1})
	wantKind(t, "the ledger away", err, fault.Busy)
}
