package inventory

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"onex.io/onex/shared/access"
	api "onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/inventory"
)

// row is a shelf of so many cards.
type row struct {
	count int
	asked inventory.Query
	err   error
}

func (r *row) Search(_ context.Context, q inventory.Query) (cards []inventory.Card, err error) {
	r.asked = q
	for i := range r.count {
		id := fmt.Sprintf("user-a/Miner/m-%02d", i)
		if id > q.After && len(cards) < q.Limit {
			cards = append(cards, inventory.Card{ID: id, Item: api.Item{Name: id[13:]}})
		}
	}
	return cards, r.err
}

func (r *row) Count(context.Context) ([]api.Count, error) {
	if r.count == 0 {
		return nil, r.err
	}
	return []api.Count{{Kind: "Chain", Phase: "Ready", Count: 2}, {Kind: "Miner", Phase: "Running", Count: int64(r.count)}}, r.err
}

func as(t *testing.T, p access.Principal) context.Context { return access.With(t.Context(), p) }

func TestPagesFollowEachOtherToTheEnd(t *testing.T) {
	for _, size := range []struct{ count, pages int }{{0, 1}, {1, 1}, {3, 1}, {4, 2}, {6, 2}, {7, 3}} {
		f := &searchObjects{shelf: &row{count: size.count}}
		in, seen, pages := &api.SearchRequest{Limit: 3}, 0, 0
		for {
			found, err := f.Handle(as(t, access.Principal{UserID: "user-a"}), in)
			if err != nil || found.Items == nil {
				t.Fatalf("%+v, %v", found, err)
			}
			for _, i := range found.Items {
				if want := fmt.Sprintf("m-%02d", seen); i.Name != want {
					t.Errorf("of %d: %s, want %s", size.count, i.Name, want)
				}
				seen++
			}
			pages++
			if in.After = found.After; in.After == "" {
				break
			}
		}
		if seen != size.count || pages != size.pages {
			t.Errorf("of %d objects %d came, on %d pages, want %d", size.count, seen, pages, size.pages)
		}
	}
}

func TestWhoMaySeeWhat(t *testing.T) {
	user, admin := access.Principal{UserID: "user-a"}, access.Principal{UserID: "user-admin", Admin: true}
	for _, r := range []struct {
		name      string
		caller    access.Principal
		requested string
		want      string
		denied    bool
	}{
		{"a user sees the own namespace", user, "", "user-a", false},
		{"and may name it", user, "user-a", "user-a", false},
		{"but no other", user, "user-b", "", true},
		{"an administrator sees all", admin, "", "", false},
		{"or the one that is named", admin, "user-b", "user-b", false},
		{"nobody sees nothing", access.Principal{}, "", "", true},
	} {
		shelf := &row{}
		_, err := (&searchObjects{shelf: shelf}).Handle(as(t, r.caller), &api.SearchRequest{Namespace: r.requested, Limit: 1})
		if r.denied != (err != nil && fault.KindOf(err) == fault.Denied) || shelf.asked.Namespace != r.want || r.denied == (shelf.asked.Limit > 0) {
			t.Errorf("%s: asked %+v, %v", r.name, shelf.asked, err)
		}
	}
}

func TestAQueryIsPassedOnAsItIs(t *testing.T) {
	shelf := &row{}
	in := &api.SearchRequest{Kind: "Miner", Phase: "Running", Chain: "harbor", MinerType: "S1.SMALL1", Prefix: "pool-", Limit: 10, After: "YQ"}
	if _, err := (&searchObjects{shelf: shelf}).Handle(as(t, access.Principal{UserID: "user-a"}), in); err != nil {
		t.Fatal(err)
	}
	want := inventory.Query{
		Namespace: "user-a", Kind: "Miner", Phase: "Running", Chain: "harbor", MinerType: "S1.SMALL1", Prefix: "pool-", After: "a", Limit: 11,
	}
	if shelf.asked != want {
		t.Errorf("asked %+v, want %+v", shelf.asked, want)
	}
	in.After = "no page!"
	if _, err := (&searchObjects{shelf: shelf}).Handle(as(t, access.Principal{UserID: "user-a"}), in); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the end of no page: %v", err)
	}
}

func TestCountsAddUp(t *testing.T) {
	out, err := (&countObjects{shelf: &row{count: 5}}).Handle(t.Context(), &api.CountRequest{})
	if err != nil || out.Total != 7 || len(out.Counts) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err = (&countObjects{shelf: &row{}}).Handle(t.Context(), &api.CountRequest{}); err != nil || out.Total != 0 || out.Counts == nil {
		t.Errorf("an empty platform: %+v, %v", out, err)
	}
	away := fault.New(fault.Busy, "StoreAway", "away")
	if _, err := (&countObjects{shelf: &row{err: away}}).Handle(t.Context(), &api.CountRequest{}); !errors.Is(err, away) {
		t.Errorf("without the store: %v", err)
	}
	if _, err := (&searchObjects{shelf: &row{err: away}}).Handle(as(t, access.Principal{UserID: "user-a"}), &api.SearchRequest{Limit: 1}); !errors.Is(err, away) {
		t.Errorf("without the store: %v", err)
	}
}
