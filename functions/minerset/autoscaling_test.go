package minerset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/stream"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func scaled(a v1beta1.Autoscaling) v1beta1.MinerSet {
	m := set("pool", "S1.SMALL1") // 50 OX
	m.Spec.Autoscaling = &a
	return m
}

func byMoney(reserve, each int64) v1beta1.Autoscaling {
	return v1beta1.Autoscaling{MaxReplicas: 100, WalletBalance: &v1beta1.WalletBalanceTrigger{ReserveOX: reserve, OXPerMiner: each}}
}

func byBlocks(each, seconds int32) v1beta1.Autoscaling {
	return v1beta1.Autoscaling{MaxReplicas: 100, EventRate: &v1beta1.EventRateTrigger{BlocksPerMiner: each, WindowSeconds: seconds}}
}

func byLag(topic string, each int64) v1beta1.Autoscaling {
	return v1beta1.Autoscaling{MaxReplicas: 100, KafkaLag: &v1beta1.KafkaLagTrigger{Topic: topic, Group: "shop", RecordsPerMiner: each}}
}

func byClock() v1beta1.Autoscaling {
	return v1beta1.Autoscaling{MaxReplicas: 3, Clock: &v1beta1.ClockTrigger{Start: "0 8 * * *", End: "0 9 * * *", Replicas: 3}}
}

func TestASetThatScalesItselfBeginsWithTheFewest(t *testing.T) {
	seven := int32(7)
	for name, row := range map[string]struct {
		replicas *int32
		fewest   int32
		want     int32
	}{
		"no size is named, none must be there":  {nil, 0, 0},
		"no size is named, two must be there":   {nil, 2, 2},
		"a size is named, which is where it is": {&seven, 0, 7},
	} {
		m := scaled(byMoney(0, 50))
		m.Spec.Replicas, m.Spec.Autoscaling.MinReplicas = row.replicas, row.fewest
		made, err := newWorld(t).create("user-a", m)
		if err != nil || made.Spec.Replicas == nil || *made.Spec.Replicas != row.want {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
}

func TestOnlyWhatTheOperatorLetsThemIsFollowed(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("user-a", scaled(byLag("audit", 10)))
	wantField(t, "a topic of the platform's own", err, "spec.autoscaling.kafkaLag")
	if w.written(1) != 0 {
		t.Error("something was written")
	}
	if _, err := w.create("user-a", scaled(byLag("orders", 10))); err != nil {
		t.Error(err)
	}
}

func TestASetThatScalesItselfIsNotScaledByHand(t *testing.T) {
	w := newWorld(t)
	if _, err := w.create("user-a", scaled(byClock())); err != nil {
		t.Fatal(err)
	}
	for _, attempt := range []string{"first", "repeated"} {
		_, err := (&scaleMinerSet{minersets: w.open, scaler: w.objects}).Handle(as(t, "user-a"), &minerset.ScaleRequest{Name: "pool", Body: minerset.Scale{Replicas: 9}})
		wantKind(t, attempt, err, fault.Conflict)
		if fault.ReasonOf(err) != "Autoscaled" || !strings.Contains(fault.Of(err).Message, "spec.autoscaling") {
			t.Errorf("%s: %+v does not say why", attempt, fault.Of(err))
		}
	}
	if m, err := w.get("user-a", "pool", ""); err != nil || *m.Spec.Replicas != 0 {
		t.Errorf("the size is %+v, %v", m.Spec.Replicas, err)
	}
}

// purse is a wallet; nil is one that cannot be asked.
type purse struct{ account *ledger.Account }

func (p purse) open(context.Context) (accounts, error) {
	if p.account == nil {
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	}
	return p, nil
}

func (p purse) Account(_ context.Context, name string) (ledger.Account, error) {
	if name != p.account.ID {
		return ledger.Account{ID: name}, nil
	}
	return *p.account, nil
}

// measured is the answer to the autoscaler whose token says these.
func (w *world) measured(g gauges, p access.Principal) (int32, error) {
	w.t.Helper()
	got, err := (&measureMinerSet{minersets: w.open, gauges: g}).Handle(access.With(w.t.Context(), p), &minerset.MeasureRequest{Name: "pool"})
	if err != nil {
		return 0, err
	}
	return got.Wanted, nil
}

func (w *world) scaledSet(a v1beta1.Autoscaling) (*v1beta1.MinerSet, access.Principal) {
	w.t.Helper()
	m := scaled(a)
	f := &createMinerSet{minersets: w.open, chains: w.openChains, types: minertype.Default(), streams: []string{"orders/shop"}}
	made, err := f.Handle(as(w.t, "user-a"), &minerset.CreateRequest{Body: m})
	if err != nil {
		w.t.Fatal(err)
	}
	return made, access.Principal{UserID: "user-a", Pool: string(made.UID)}
}

func TestMoneyCallsForMiners(t *testing.T) {
	for name, row := range map[string]struct {
		reserve, each int64
		balance       money.Amount
		slots         int64
		want          int32
	}{
		"a miner for each 100 OX":                        {0, 100, 350 * money.OX, 0, 3},
		"the reserve does not count":                     {100, 100, 350 * money.OX, 0, 2},
		"a wallet below the reserve":                     {500, 100, 350 * money.OX, 0, 0},
		"no miner costs less than its slot":              {0, 1, 350 * money.OX, 0, 7},
		"what is paid stays, although the money is gone": {0, 100, 0, 4, 4},
		"what is paid stays, and what comes adds":        {0, 100, 250 * money.OX, 4, 6},
		"no more than the most":                          {0, 50, 1_000_000 * money.OX, 0, 100},
		"the largest numbers there are":                  {1_000_000_000_000, 1_000_000_000_000, 9_000_000_000_000 * money.OX, 0, 8},
	} {
		w := newWorld(t)
		m, p := w.scaledSet(byMoney(row.reserve, row.each))
		account := &ledger.Account{ID: "user-a", Balance: row.balance, Pools: []ledger.Pool{{ID: "another", Slots: 9}, {ID: string(m.UID), Slots: row.slots}}}
		g := gauges{balance: walletGauge{book: purse{account}.open, types: minertype.Default()}}
		for _, attempt := range []string{"first", "repeated"} {
			if got, err := w.measured(g, p); err != nil || got != row.want {
				t.Errorf("%s, %s: %d, %v, want %d", name, attempt, got, err, row.want)
			}
		}
	}
}

func TestATokenIsGoodForItsOwnSetAlone(t *testing.T) {
	w := newWorld(t)
	_, own := w.scaledSet(byMoney(0, 50))
	g := gauges{balance: walletGauge{book: purse{&ledger.Account{ID: "user-a"}}.open}}
	for name, row := range map[string]struct {
		p    access.Principal
		want fault.Kind
	}{
		"its own":                               {own, ""},
		"one that has taken its name":           {access.Principal{UserID: "user-a", Pool: "former"}, fault.Denied},
		"one of another's namespace":            {access.Principal{UserID: "user-b", Pool: own.Pool}, fault.Missing},
		"a token that names no set is no key":   {access.Principal{UserID: "user-a"}, fault.Denied},
		"not even an administrator's namespace": {access.Principal{UserID: "admin", Admin: true, Pool: own.Pool}, fault.Missing},
	} {
		_, err := w.measured(g, row.p)
		if row.want == "" && err != nil || row.want != "" && (err == nil || fault.KindOf(err) != row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

func TestWhatCannotBeMeasuredIsSaidAndNotGuessed(t *testing.T) {
	away := func(context.Context, stream.Reader) (int64, error) { return 0, errors.New("away") }
	for name, row := range map[string]struct {
		autoscaling *v1beta1.Autoscaling
		kind        fault.Kind
		reason      string
	}{
		"a wallet that cannot be asked": {ptr(byMoney(0, 50)), fault.Busy, "StoreAway"},
		"a node that does not answer":   {ptr(byBlocks(5, 60)), fault.Busy, "NodeAway"},
		"a stream that is away":         {ptr(byLag("orders", 10)), fault.Busy, "StreamAway"},
		"the clock":                     {ptr(byClock()), fault.Conflict, "NotMeasured"},
		"no autoscaling at all":         {nil, fault.Conflict, "NotAutoscaled"},
	} {
		w := newWorld(t)
		m := set("pool", "")
		m.Spec.Autoscaling = row.autoscaling
		made, err := w.create("user-a", m)
		if err != nil {
			t.Fatal(err)
		}
		g := gauges{
			balance: walletGauge{book: purse{}.open},
			blocks:  blocksGauge{chains: w.openChains, nodes: chainnode.Nodes{HTTP: http.DefaultClient, Pattern: "http://127.0.0.1:1/%s/%s"}, now: time.Now},
			lag:     lagGauge{allowed: []string{"orders/shop"}, lag: away},
		}
		_, err = w.measured(g, access.Principal{UserID: "user-a", Pool: string(made.UID)})
		if err == nil || fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
			t.Errorf("%s: %v, want %s", name, err, row.reason)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestTheLagCallsForMinersWhereItMayBeSeen(t *testing.T) {
	w := newWorld(t)
	_, p := w.scaledSet(byLag("orders", 10))
	var asked stream.Reader
	g := lagGauge{lag: func(_ context.Context, r stream.Reader) (int64, error) { asked = r; return 21, nil }}
	_, err := w.measured(gauges{lag: g}, p)
	wantField(t, "a group that was taken off the list", err, "spec.autoscaling.kafkaLag")
	g.allowed = []string{"orders/another", "orders/shop"}
	if got, err := w.measured(gauges{lag: g}, p); err != nil || got != 3 || asked != (stream.Reader{Topic: "orders", Group: "shop", Earliest: true}) {
		t.Errorf("%d, %v for %+v, want 3: a miner for each 10 of 21 records", got, err, asked)
	}
}

// node is a chain with a block each second until noon.
func node(t *testing.T, height int64) chainnode.Nodes {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/v1/status") {
			fmt.Fprintf(w, `{"height":%d}`, height)
			return
		}
		var from, limit int64
		_, _ = fmt.Sscan(r.URL.Query().Get("from"), &from)
		_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
		headers := []map[string]int64{}
		for i := from; i <= height && int64(len(headers)) < min(limit, 200); i++ {
			headers = append(headers, map[string]int64{"index": i, "timestamp": noon.Unix() - height + i})
		}
		_ = json.NewEncoder(w).Encode(headers)
	}))
	t.Cleanup(server.Close)
	return chainnode.Nodes{HTTP: server.Client(), Pattern: server.URL + "/%s/%s"}
}

func TestTheBlocksOfTheWindowCallForMiners(t *testing.T) {
	for name, row := range map[string]struct {
		height        int64
		each, seconds int32
		want          int32
	}{
		"a chain without a block":             {0, 5, 60, 0},
		"the first block":                     {1, 5, 60, 1},
		"a block each second, 60 of them":     {1000, 20, 60, 3},
		"a window over several pages":         {1000, 10, 500, 50},
		"the genesis block is nobody's":       {3, 1, 3600, 3},
		"no more is counted than calls":       {100_000, 1, 86400, 100},
		"not even a long chain is read whole": {100_000, 1000, 86400, 4},
	} {
		w := newWorld(t)
		_, p := w.scaledSet(byBlocks(row.each, row.seconds))
		g := gauges{blocks: blocksGauge{chains: w.openChains, nodes: node(t, row.height), now: func() time.Time { return noon }}}
		if got, err := w.measured(g, p); err != nil || got != row.want {
			t.Errorf("%s: %d, %v, want %d", name, got, err, row.want)
		}
	}
}
