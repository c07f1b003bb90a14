package chain

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
)

// node answers as the node of every chain does; it serves the headers it is told to have.
type node struct {
	status int
	blocks []block.Header
	asked  []string
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.asked = append(n.asked, r.URL.RequestURI())
	if n.status != 0 {
		w.WriteHeader(n.status)
		return
	}
	if r.URL.Path == "/user-a/harbor/v1/status" || r.URL.Path == "/kube-system/ocean/v1/status" {
		fmt.Fprintf(w, `{"height":%d,"head":"%064d","target":%q,"peers":3,"synced":true,"waiting":2,"hashRate":0}`, len(n.blocks), 7, block.MaxTarget())
		return
	}
	_ = json.NewEncoder(w).Encode(n.blocks)
}

func key(n byte) (k block.PublicKey) { k[0] = n; return k }

// mined are blocks a second apart, each signed by the key of its number; genesis is not among them.
func mined(from int64, keys ...byte) (blocks []block.Header) {
	for i, k := range keys {
		blocks = append(blocks, block.Header{Index: int64(i + 1), Timestamp: from + int64(i), Target: block.MaxTarget(), Address: "user-a", PublicKey: key(k)})
	}
	return blocks
}

func (w *world) statusOf(n *node, caller string, in chain.StatusRequest, now time.Time) (*chain.Status, error) {
	w.t.Helper()
	server := httptest.NewServer(n)
	w.t.Cleanup(server.Close)
	f := &getChainStatus{
		chains: w.open, miners: func(ns string) miners { return w.objects.Miners(ns) }, now: func() time.Time { return now },
		nodes: nodes{chainnode.Nodes{HTTP: http.DefaultClient, Pattern: server.URL + "/%[2]s/%[1]s"}},
	}
	return f.Handle(as(w.t, caller), &in)
}

func TestGetChainStatus(t *testing.T) {
	w := harbors(t)
	m, err := w.objects.Miners("user-a").Create(t.Context(), &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: "pool-0"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m.Status.PublicKey = key(2).String()
	if _, err := w.objects.Miners("user-a").UpdateStatus(t.Context(), m, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	n := &node{blocks: mined(1000, 1, 2, 1, 1, 2)}
	got, err := w.statusOf(n, "user-a", chain.StatusRequest{Name: "harbor", Blocks: 3}, time.Unix(1008, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := &chain.Status{
		Name: "harbor", Namespace: "user-a", Height: 5, Head: fmt.Sprintf("%064d", 7), Target: block.MaxTarget().String(),
		Difficulty: 4096, HashRate: 4 * 4096 / 8, Peers: 3, Synced: true, Waiting: 2, Counted: 5,
		Won: []chain.Won{
			{Address: "user-a", PublicKey: key(1).String(), Blocks: 3},
			{Miner: "pool-0", Address: "user-a", PublicKey: key(2).String(), Blocks: 2},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n.asked[1] != "/user-a/harbor/v1/headers?from=3&limit=3" {
		t.Errorf("asked %q", n.asked)
	}
}

func TestAYoungChainHasAStatusToo(t *testing.T) {
	w := harbors(t)
	n := &node{}
	got, err := w.statusOf(n, "user-b", chain.StatusRequest{Name: "ocean", Blocks: 100}, time.Unix(1008, 0))
	if err != nil || got.Namespace != "kube-system" || got.Height != 0 || got.HashRate != 0 || got.Won == nil || len(got.Won) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if n.asked[1] != "/kube-system/ocean/v1/headers?from=1&limit=100" {
		t.Errorf("asked %q: the genesis block is nobody's", n.asked)
	}
}

func TestHashRate(t *testing.T) {
	for _, row := range []struct {
		name   string
		blocks []block.Header
		now    int64
		want   float64
	}{
		{"no blocks", nil, 5, 0},
		{"one block proves nothing", mined(1000, 1), 1100, 0},
		{"two in a second", mined(1000, 1, 1), 1001, 4096},
		{"a chain that stands still slows down", mined(1000, 1, 1), 1004, 1024},
		{"clocks that disagree", mined(1000, 1, 1), 990, 0},
	} {
		if got := hashRate(row.blocks, time.Unix(row.now, 0)); math.Abs(got-row.want) > 1e-6 {
			t.Errorf("%s: got %f, want %f", row.name, got, row.want)
		}
	}
}

func TestAStatusThatCannotBeHad(t *testing.T) {
	w := harbors(t)
	for _, row := range []struct {
		name string
		node *node
		in   chain.StatusRequest
		kind fault.Kind
	}{
		{"a node that is not ready", &node{status: http.StatusServiceUnavailable}, chain.StatusRequest{Name: "harbor", Blocks: 1}, fault.Busy},
		{"a node that talks nonsense", &node{blocks: mined(1, 1)}, chain.StatusRequest{Name: "lake", Blocks: 1}, fault.Busy},
		{"a chain that is not there", &node{}, chain.StatusRequest{Name: "sea", Blocks: 1}, fault.Missing},
		{"another's chain", &node{}, chain.StatusRequest{Name: "harbor", Namespace: "user-b", Blocks: 1}, fault.Denied},
	} {
		_, err := w.statusOf(row.node, "user-a", row.in, time.Unix(1008, 0))
		wantFault(t, row.name, err, row.kind, "")
	}
}
