package wallet

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

// In lists by namespace.
func (o objects) In(_ context.Context, namespace string) ([]v1beta1.Chain, error) {
	if o.away {
		return nil, fault.New(fault.Busy, "Unavailable", "away")
	}
	var own []v1beta1.Chain
	for _, c := range o.chains {
		if c.Namespace == namespace {
			own = append(own, c)
		}
	}
	return own, nil
}

// earnings is get-earnings over the town's chains; user-a has paid the pool that signs harbor.
func (w *town) earnings(t *testing.T, chains ...*v1beta1.Chain) *getEarnings {
	t.Helper()
	w.book.entries["user-a"] = append(w.book.entries["user-a"], ledger.Entry{Account: "user-a", Number: 1, Kind: ledger.KindSlot, Pool: "pool"})
	all := objects{}
	for _, c := range chains {
		all.chains = append(all.chains, *c)
	}
	return &getEarnings{book: w.book.open, chains: all, payroll: w.payroll, patience: 10 * time.Second}
}

func (f *getEarnings) of(t *testing.T, user string) *wallet.Earnings {
	t.Helper()
	got, err := f.Handle(as(t, user), &wallet.GetEarningsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (w *town) wantEarnings(t *testing.T, f *getEarnings, confirmed, pending money.Amount) {
	t.Helper()
	want := &wallet.Earnings{
		UserID: "user-a", Confirmed: confirmed, Pending: pending,
		Pools: []wallet.PoolEarnings{{Pool: "pool", Slots: 1, Confirmed: confirmed, Pending: pending}},
	}
	if diff := cmp.Diff(want, f.of(t, "user-a")); diff != "" {
		t.Errorf("earnings (-want +got)\n%s", diff)
	}
}

func TestWhatIsPendingIsWhatIsPaidLater(t *testing.T) {
	w := newTown(t)
	f := w.earnings(t, chainObject("harbor"))
	w.nodes.set("harbor", prefix(0))
	w.wantEarnings(t, f, 0, 0)
	for _, height := range []int{1, 3, 5, 12, 40} {
		w.nodes.set("harbor", prefix(height))
		settled := max(0, int(w.cursors.docs["uid-harbor"].Height))
		w.wantEarnings(t, f, worth(prefix(settled)), worth(prefix(height))-worth(prefix(settled))) // not settled yet
		before := w.book.balance("user-a")
		if _, _, err := w.payroll.pay(t.Context(), chainObject("harbor")); err != nil {
			t.Fatal(err)
		}
		confirmed := worth(prefix(max(0, height-3)))
		w.wantEarnings(t, f, confirmed, worth(prefix(height))-confirmed)
		if got := w.book.balance("user-a") - before; got != confirmed-worth(prefix(settled)) {
			t.Errorf("at height %d %s OX came", height, got)
		}
	}
	w.payroll.confirmations = 0 // and in the end everything that was pending has come
	if _, _, err := w.payroll.pay(t.Context(), chainObject("harbor")); err != nil {
		t.Fatal(err)
	}
	w.wantEarnings(t, f, worth(prefix(40)), 0)
}

func TestEarningsAreTheCallersOwnOnOwnAndPublicChains(t *testing.T) {
	w := newTown(t)
	p, _ := mined()
	public := chainObject("harbor")
	public.Namespace = v1beta1.ChainNamespace
	blocks := grow(p, prefix(2), 3, 2)
	blocks = grow(p, blocks, 1, 9) // whoever that is
	w.signers.docs[publicOf(2).String()] = signer{PublicKey: publicOf(2).String(), Account: "user-b", ChainID: p.ChainID, Pool: "gone"}
	w.nodes.set("harbor", blocks)
	f := w.earnings(t, public)
	w.wantEarnings(t, f, 0, worth(blocks[:3]))
	others := worth(blocks[3:6])
	want := &wallet.Earnings{UserID: "user-b", Pending: others, Pools: []wallet.PoolEarnings{}, Former: wallet.PoolEarnings{Pending: others}}
	if diff := cmp.Diff(want, f.of(t, "user-b")); diff != "" {
		t.Errorf("somebody whose pool is gone (-want +got)\n%s", diff)
	}
	want = &wallet.Earnings{UserID: "user-c", Pools: []wallet.PoolEarnings{}}
	if diff := cmp.Diff(want, f.of(t, "user-c")); diff != "" {
		t.Errorf("somebody without miners (-want +got)\n%s", diff)
	}
}

func TestAChainThatCannotBeReadIsNamed(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(5))
	hang := make(chan struct{})
	defer close(hang)
	w.nodes.hang["hanging"] = hang
	f := w.earnings(t, chainObject("harbor"), chainObject("away"), chainObject("hanging"))
	f.patience = 500 * time.Millisecond
	got := f.of(t, "user-a")
	if diff := cmp.Diff([]string{"away", "hanging"}, got.Unread); diff != "" || got.Pending != worth(prefix(5)) {
		t.Errorf("pending %s, unread %v", got.Pending, got.Unread)
	}
}

func TestEarningsThatCannotBeReadAreNotGuessed(t *testing.T) {
	w := newTown(t)
	f := w.earnings(t)
	f.chains = objects{away: true}
	_, err := f.Handle(as(t, "user-a"), nil)
	wantKind(t, "the object API away", err, fault.Busy)
	w.book.away = true
	_, err = f.Handle(as(t, "user-a"), nil)
	wantKind(t, "the ledger away", err, fault.Busy)
}

// settling is a book that books a reward whenever it is asked for the account, so many times.
type settling struct {
	*memory
	w    *town
	left int
}

func (s *settling) Account(ctx context.Context, name string) (ledger.Account, error) {
	a, err := s.memory.Account(ctx, name)
	if s.left--; s.left >= 0 {
		s.w.payroll.confirmations--
		_, _, err = s.w.payroll.pay(ctx, chainObject("harbor"))
	}
	return a, err
}

func TestARewardThatComesMeanwhileIsNotCountedTwice(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(10))
	f := w.earnings(t, chainObject("harbor"))
	slow := &settling{memory: w.book, w: w, left: 2}
	f.book = func(context.Context) (book, error) { return slow, nil }
	got := f.of(t, "user-a")
	if got.Confirmed+got.Pending != worth(prefix(10)) || got.Confirmed != worth(prefix(9)) {
		t.Errorf("confirmed %s and pending %s, want together %s", got.Confirmed, got.Pending, worth(prefix(10)))
	}
}
