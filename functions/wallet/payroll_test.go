package wallet

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/toyblc/block"
)

// pay settles the chain harbor and wants so many blocks paid.
func (w *town) pay(t *testing.T, want int) {
	t.Helper()
	paid, sum, err := w.payroll.pay(t.Context(), chainObject("harbor"))
	if err != nil || paid != want {
		t.Errorf("paid %d blocks, want %d; error %v", paid, want, err)
	}
	if (sum > 0) != (want > 0) {
		t.Errorf("paid %d blocks and %s OX", paid, sum)
	}
}

func (w *town) wantBalance(t *testing.T, account string, want money.Amount) {
	t.Helper()
	if got := w.book.balance(account); got != want {
		t.Errorf("%s has %s OX, want %s", account, got, want)
	}
}

func TestConfirmedBlocksPayTheirExpectedHashesOnce(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(10))
	w.pay(t, 7)
	w.wantBalance(t, "user-a", worth(prefix(7)))
	w.pay(t, 0) // delivered twice
	w.wantBalance(t, "user-a", worth(prefix(7)))
	e := w.book.entries["user-a"][0]
	want := ledger.Entry{
		Account: "user-a", Number: 1, Key: "reward/uid-harbor/1", Kind: ledger.KindReward, Amount: worth(prefix(1)),
		Balance: worth(prefix(1)), Pool: "pool", Slot: 2, Chain: "uid-harbor", Height: 1,
	}
	if e != want {
		t.Errorf("booked %+v, want %+v", e, want)
	}
}

func TestABlockPaysWhenEnoughBlocksStandOnIt(t *testing.T) {
	for _, row := range []struct{ confirmations, height, want int }{
		{3, 0, 0}, {3, 1, 0}, {3, 3, 0}, {3, 4, 1}, {3, 5, 2}, {0, 1, 1}, {0, 5, 5}, {1, 5, 4}, {10, 5, 0}, {11, 12, 1},
	} {
		t.Run(fmt.Sprintf("%d blocks, %d confirmations", row.height, row.confirmations), func(t *testing.T) {
			w := newTown(t)
			w.payroll.confirmations = int64(row.confirmations)
			w.nodes.set("harbor", prefix(row.height))
			w.pay(t, row.want)
			w.wantBalance(t, "user-a", worth(prefix(row.want)))
		})
	}
}

func TestAGrowingChainIsPaidStepByStep(t *testing.T) {
	w := newTown(t)
	paid := 0
	for _, height := range []int{1, 2, 3, 4, 5, 9, 14, 15, 16, 30, 40} { // past the window of eleven and back at its edges
		w.nodes.set("harbor", prefix(height))
		want := max(0, height-3)
		w.pay(t, want-paid)
		paid = want
		w.wantBalance(t, "user-a", worth(prefix(want)))
	}
}

func TestAChainOfManyPagesIsPaidWhole(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(40))
	w.payroll.nodes = short{w.payroll.nodes, 13} // pages far below what was asked for
	w.pay(t, 37)
	w.wantBalance(t, "user-a", worth(prefix(37)))
}

func TestWhoHasNoPaidSlotOfThisChainIsNotPaid(t *testing.T) {
	for name, change := range map[string]func(*signer){
		"a signer of another chain": func(s *signer) { s.ChainID = "uid-other" },
		"an unknown signer":         func(s *signer) { s.PublicKey = publicOf(9).String() },
	} {
		w := newTown(t)
		s := w.signers.docs[publicOf(1).String()]
		change(&s)
		w.signers.docs = map[string]signer{s.PublicKey: s}
		w.nodes.set("harbor", prefix(10))
		w.pay(t, 0)
		if len(w.book.entries) != 0 {
			t.Errorf("%s: booked %+v", name, w.book.entries)
		}
	}
}

func TestEveryMinerIsPaidForItsOwnBlocks(t *testing.T) {
	w := newTown(t)
	p, _ := mined()
	blocks := grow(p, prefix(5), 6, 2)
	w.signers.docs[publicOf(2).String()] = signer{PublicKey: publicOf(2).String(), Account: "user-b", ChainID: p.ChainID}
	w.nodes.set("harbor", blocks)
	w.pay(t, 8)
	w.wantBalance(t, "user-a", worth(blocks[1:6]))
	w.wantBalance(t, "user-b", worth(blocks[6:9]))
}

func TestWhatCannotBeVerifiedIsNotPaid(t *testing.T) {
	for name, forge := range map[string]func([]block.Block){
		"a signature that is wrong":         func(b []block.Block) { b[2].Signature[0] ^= 1 },
		"a block signed over by another":    func(b []block.Block) { b[2] = block.Seal(b[2].Header, b[2].Data, keyOf(2)) },
		"a signer put in another's place":   func(b []block.Block) { b[2].PublicKey = publicOf(2) },
		"a target that is easier":           func(b []block.Block) { b[2].Target[0] = 0x0f },
		"a hash without its work":           func(b []block.Block) { b[2].Nonce++; b[2].Hash = b[2].Header.Hash() },
		"a block of another chain":          func(b []block.Block) { b[2].ChainID = "uid-other" },
		"another genesis":                   func(b []block.Block) { b[0].Data = "mine" },
		"a hole":                            func(b []block.Block) { copy(b[2:], b[3:]) },
		"a block twice":                     func(b []block.Block) { b[3] = b[2] },
		"a time far ahead":                  func(b []block.Block) { b[2].Timestamp = noon.Unix() + 1000 },
		"the first page begins too far up":  func(b []block.Block) { copy(b, b[1:]) },
		"data that the header does not say": func(b []block.Block) { b[2].Data = "forged" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			blocks := slices.Clone(prefix(10))
			forge(blocks)
			w.nodes.set("harbor", blocks)
			paid, _, err := w.payroll.pay(t.Context(), chainObject("harbor"))
			if err == nil || fault.KindOf(err) != fault.Busy || paid != 0 || len(w.book.entries) != 0 {
				t.Errorf("paid %d blocks, %v: %+v", paid, err, w.book.entries)
			}
			w.nodes.set("harbor", prefix(10)) // the node comes to its senses
			w.pay(t, 7)
		})
	}
}

func TestANodeThatDoesNotAnswerIsBusyAndSettlesNothing(t *testing.T) {
	for name, away := range map[string]func(*town){
		"it refuses":         func(w *town) { w.nodes.status = http.StatusInternalServerError },
		"it knows not":       func(w *town) { w.nodes.status = http.StatusNotFound },
		"the store is away":  func(w *town) { w.signers.away = true },
		"the cursor is away": func(w *town) { w.cursors.away = true },
		"the ledger is away": func(w *town) { w.book.away = true },
		"nobody listens": func(w *town) {
			w.payroll.nodes = nodes{chainnode.Nodes{HTTP: http.DefaultClient, Pattern: "http://127.0.0.1:1/%s/%s"}}
		},
		"it answers nonsense": func(w *town) { w.payroll.nodes = nonsense(w) },
	} {
		w := newTown(t)
		w.nodes.set("harbor", prefix(10))
		away(w)
		paid, _, err := w.payroll.pay(t.Context(), chainObject("harbor"))
		if err == nil || fault.KindOf(err) != fault.Busy || paid != 0 || len(w.book.entries) != 0 {
			t.Errorf("%s: paid %d blocks, %v", name, paid, err)
		}
	}
}

func TestACursorThatIsLostOrMovedBackPaysNothingTwice(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(20))
	w.pay(t, 17)
	for _, height := range []int64{0, 1, 5, 16} {
		w.cursors.docs["uid-harbor"] = cursor{ChainID: "uid-harbor", Height: height}
		w.pay(t, 0)
	}
	w.cursors.docs = map[string]cursor{}
	w.pay(t, 0)
	w.wantBalance(t, "user-a", worth(prefix(17)))
	if got := w.cursors.docs["uid-harbor"].Height; got != 17 {
		t.Errorf("the cursor stands at %d, want 17", got)
	}
}

func TestARestartInTheMiddleLosesAndDoublesNothing(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(20))
	mortal := &dying{memory: w.book, left: 5}
	w.payroll.book = mortal.open
	if paid, _, err := w.payroll.pay(t.Context(), chainObject("harbor")); err == nil || paid != 5 {
		t.Fatalf("paid %d, %v: the death did not happen", paid, err)
	}
	w.payroll.book = w.book.open
	w.pay(t, 12)
	w.wantBalance(t, "user-a", worth(prefix(17)))
}

func TestTwoWhoSettleAtOnceDoubleNothing(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(20))
	done := make(chan error, 4)
	for range cap(done) {
		go func() {
			_, _, err := w.payroll.pay(t.Context(), chainObject("harbor"))
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.wantBalance(t, "user-a", worth(prefix(17)))
}

func TestAReorganizationAfterSettlementPaysNoHeightTwice(t *testing.T) {
	w := newTown(t)
	p, _ := mined()
	w.nodes.set("harbor", prefix(10)) // 1 to 7 are paid to user-a
	w.pay(t, 7)
	other := grow(p, prefix(4), 10, 2) // from 5 on, another history of another miner
	w.signers.docs[publicOf(2).String()] = signer{PublicKey: publicOf(2).String(), Account: "user-b", ChainID: p.ChainID}
	w.nodes.set("harbor", other)
	w.pay(t, 4) // 8 to 11
	w.wantBalance(t, "user-a", worth(prefix(7)))
	w.wantBalance(t, "user-b", worth(other[8:12]))
	w.cursors.docs = map[string]cursor{} // and not even when everything is looked at again
	w.pay(t, 0)
}

func TestANodeThatIsShorterThanWhatIsSettledIsWaitedFor(t *testing.T) {
	w := newTown(t)
	w.nodes.set("harbor", prefix(20))
	w.pay(t, 17)
	for _, height := range []int{0, 5, 16} { // it starts anew and has to catch up
		w.nodes.set("harbor", prefix(height))
		w.pay(t, 0)
	}
	w.nodes.set("harbor", prefix(22))
	w.pay(t, 2)
}

func TestARateOfNothingPaysNothingAndGoesOn(t *testing.T) {
	w := newTown(t)
	w.payroll.rate = 0
	w.nodes.set("harbor", prefix(10))
	w.pay(t, 0)
	if got := w.cursors.docs["uid-harbor"].Height; got != 7 {
		t.Errorf("the cursor stands at %d, want 7", got)
	}
}
