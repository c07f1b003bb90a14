package wallet

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/toyblc/block"
)

// short is a node whose pages are shorter than asked for.
type short struct {
	of blockReader
	n  int
}

func (s short) Blocks(ctx context.Context, c *v1beta1.Chain, from int64) ([]block.Block, error) {
	page, err := s.of.Blocks(ctx, c, from)
	return page[:min(s.n, len(page))], err
}

// nonsense is a node that answers something else.
func nonsense(w *town) blockReader {
	of := w.payroll.nodes.(nodes)
	of.HTTP = &http.Client{Transport: answers(`{"blocks":`)}
	return of
}

type answers string

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = w.WriteString(string(a))
	return w.Result(), nil
}

// dying books so many entries and then nothing more, as a process does that is killed.
type dying struct {
	*memory
	left int
}

func (d *dying) open(context.Context) (book, error) { return d, nil }

func (d *dying) Credit(ctx context.Context, e ledger.Entry) (bool, error) {
	if d.left--; d.left < 0 {
		return false, fault.New(fault.Busy, "StoreAway", "away")
	}
	return d.memory.Credit(ctx, e)
}

// objects are the chains that the object API knows.
type objects struct {
	chains []v1beta1.Chain
	away   bool
}

func (o objects) Get(_ context.Context, namespace, name string) (*v1beta1.Chain, error) {
	for i := range o.chains {
		if o.chains[i].Name == name && o.chains[i].Namespace == namespace {
			return &o.chains[i], nil
		}
	}
	return nil, fault.New(fault.Missing, "NotFound", "chain %q is not there", name)
}

func (o objects) All(context.Context) ([]v1beta1.Chain, error) {
	if o.away {
		return nil, fault.New(fault.Busy, "Unavailable", "away")
	}
	return o.chains, nil
}

func (w *town) function(chains ...*v1beta1.Chain) *settleChain {
	f := &settleChain{payroll: w.payroll, log: silence(), patience: 10 * time.Second}
	all := objects{}
	for _, c := range chains {
		all.chains = append(all.chains, *c)
	}
	f.chains = all
	return f
}

func told(t *testing.T, kind, source string) cloudevents.Event {
	t.Helper()
	e, err := eventing.New(kind, source, "1", noon, eventing.BlockMinedData{ChainID: "forged", Height: 1000000, Hash: "forged"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnEventOnlySaysWhichChainToReadAndMayComeAnyTime(t *testing.T) {
	w := newTown(t)
	f := w.function(chainObject("harbor"))
	w.nodes.set("harbor", prefix(10))
	for range 2 { // delivered twice
		if err := f.Handle(t.Context(), told(t, eventing.BlockMined, eventing.ChainSource("user-a", "harbor"))); err != nil {
			t.Fatal(err)
		}
		w.wantBalance(t, "user-a", worth(prefix(7)))
	}
	w.nodes.set("harbor", prefix(12))
	if err := f.Handle(t.Context(), told(t, eventing.BlockMined, eventing.ChainSource("user-a", "harbor"))); err != nil { // delivered late
		t.Fatal(err)
	}
	w.wantBalance(t, "user-a", worth(prefix(9)))
}

func TestAForgedEventGainsNothing(t *testing.T) {
	w := newTown(t)
	f := w.function(chainObject("harbor"))
	w.nodes.set("harbor", prefix(10))
	for name, row := range map[string]struct {
		source string
		want   fault.Kind
	}{
		"a source that is no chain":        {"/users", fault.Invalid},
		"a chain that is not there":        {eventing.ChainSource("user-a", "atlantis"), fault.Missing},
		"a chain of another namespace":     {eventing.ChainSource("user-b", "harbor"), fault.Missing},
		"a source that climbs":             {"/namespaces/../chains/harbor", fault.Missing},
		"a source of a source of a source": {"/namespaces/user-a/chains/harbor/blocks/1", fault.Invalid},
	} {
		err := f.Handle(t.Context(), told(t, eventing.BlockMined, row.source))
		if err == nil || fault.KindOf(err) != row.want {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
	}
	if len(w.book.entries) != 0 {
		t.Errorf("booked %+v", w.book.entries)
	}
}

func TestATickSettlesEveryChainThatCanBe(t *testing.T) {
	w := newTown(t)
	hang := make(chan struct{})
	defer close(hang)
	w.nodes.hang["hanging"] = hang
	w.nodes.set("hanging", prefix(10))
	w.nodes.set("harbor", prefix(10))
	f := w.function(chainObject("away"), chainObject("hanging"), chainObject("harbor"), chainObject("gone"))
	f.patience = 2 * time.Second
	if err := f.Handle(t.Context(), told(t, eventing.Tick, "/apis/v1/namespaces/onex/pingsources/settle-chain")); err != nil {
		t.Errorf("a tick that settles what it can has failed: %v", err)
	}
	w.wantBalance(t, "user-a", worth(prefix(7)))
}

func TestATickThatHasManyHangingChainsSettlesTheOthers(t *testing.T) {
	w := newTown(t)
	hang := make(chan struct{})
	defer close(hang)
	chains := []*v1beta1.Chain{chainObject("harbor")}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		w.nodes.hang[name] = hang
		chains = append(chains, chainObject(name))
	}
	w.nodes.set("harbor", prefix(10))
	f := w.function(chains...)
	f.patience = 200 * time.Millisecond
	if err := f.Handle(t.Context(), told(t, eventing.Tick, "/apis/v1/namespaces/onex/pingsources/settle-chain")); err != nil {
		t.Error(err)
	}
	w.wantBalance(t, "user-a", worth(prefix(7)))
}

func TestATickWithoutTheObjectAPIComesAgain(t *testing.T) {
	f := newTown(t).function()
	f.chains = objects{away: true}
	if err := f.Handle(t.Context(), told(t, eventing.Tick, "/x")); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
}
