package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/sse"
	"onex.io/onex/toyblc/block"
)

// teller is a node that streams some text and then holds the line until its caller goes.
type teller struct {
	text  string
	hold  bool
	asked []string
	gone  chan struct{}
}

func (n *teller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.asked = append(n.asked, r.URL.RequestURI())
	w.Header().Set("Content-Type", sse.ContentType)
	fmt.Fprint(w, n.text)
	w.(http.Flusher).Flush()
	if n.hold {
		<-r.Context().Done()
		close(n.gone)
	}
}

// blockText is how a node tells of a block.
func blockText(b block.Block) string {
	raw, _ := json.Marshal(b)
	return fmt.Sprintf("id: %d\nevent: block\ndata: %s\n\n", b.Index, raw)
}

func (w *world) watch(ctx context.Context, n http.Handler, in chain.WatchRequest, send func(sse.Event[chain.WatchEvent]) error) error {
	w.t.Helper()
	server := httptest.NewServer(n)
	w.t.Cleanup(server.Close)
	f := &watchChain{chains: w.open, nodes: nodes{chainnode.Nodes{HTTP: http.DefaultClient, Pattern: server.URL + "/%[2]s/%[1]s"}}}
	return f.Handle(ctx, &in, send)
}

func TestBlocksArePassedOnInTheWordsOfTheAPI(t *testing.T) {
	w := newWorld(t)
	w.add("user-a", "harbor")
	b := mined(1000, 7)[0]
	n := &teller{text: ":\n\n" + blockText(b) + "event: reorg\ndata: {\"height\":4}\n\nevent: news\ndata: {}\n\n"}
	var got []sse.Event[chain.WatchEvent]
	err := w.watch(as(t, "user-a"), n, chain.WatchRequest{Name: "harbor"}, func(e sse.Event[chain.WatchEvent]) error { got = append(got, e); return nil })
	if err != nil || len(got) != 3 || got[0].Name != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if e := got[1]; e.ID != "1" || e.Name != "block" || e.Data.Height != 1 || e.Data.Block.PublicKey != b.PublicKey.String() ||
		e.Data.Block.Address != "user-a" || e.Data.Block.Hash != b.Hash.String() || !e.Data.Block.At.Equal(b.Time()) {
		t.Errorf("a block is told as %+v %+v", e, e.Data.Block)
	}
	if e := got[2]; e.ID != "" || e.Name != "reorg" || e.Data.Height != 4 || e.Data.Block != nil {
		t.Errorf("a reorganization is told as %+v", e)
	}
}

func TestAStreamBeginsWhereTheCallerLeftIt(t *testing.T) {
	w := newWorld(t)
	w.add("user-a", "harbor")
	w.add("kube-system", "ocean")
	for _, row := range []struct {
		in   chain.WatchRequest
		want string
	}{
		{chain.WatchRequest{Name: "harbor"}, "/user-a/harbor/v1/blocks/stream"},
		{chain.WatchRequest{Name: "harbor", From: 7}, "/user-a/harbor/v1/blocks/stream?from=7"},
		{chain.WatchRequest{Name: "harbor", From: 7, LastEventID: "9"}, "/user-a/harbor/v1/blocks/stream?from=10"},
		{chain.WatchRequest{Name: "harbor", LastEventID: "0"}, "/user-a/harbor/v1/blocks/stream?from=1"},
		{chain.WatchRequest{Name: "ocean"}, "/kube-system/ocean/v1/blocks/stream"},
	} {
		n := &teller{}
		if err := w.watch(as(t, "user-a"), n, row.in, func(sse.Event[chain.WatchEvent]) error { return nil }); err != nil {
			t.Errorf("%+v: %v", row.in, err)
		}
		if len(n.asked) != 1 || n.asked[0] != row.want {
			t.Errorf("%+v asks %q, want %s", row.in, n.asked, row.want)
		}
	}
}

func TestWhoMayNotWatchIsRefusedBeforeTheNodeIsAsked(t *testing.T) {
	w := newWorld(t)
	w.add("user-a", "harbor")
	never := func(e sse.Event[chain.WatchEvent]) error { t.Errorf("sent was %+v", e); return nil }
	n := &teller{}
	wantFault(t, "another's by its namespace", w.watch(as(t, "user-b"), n, chain.WatchRequest{Name: "harbor", Namespace: "user-a"}, never), fault.Denied, "namespace")
	wantFault(t, "another's by its name", w.watch(as(t, "user-b"), n, chain.WatchRequest{Name: "harbor"}, never), fault.Missing, "")
	if len(n.asked) > 0 {
		t.Errorf("the node was asked %q", n.asked)
	}
	wantFault(t, "a node that is away", w.watch(as(t, "user-a"), &node{status: 503}, chain.WatchRequest{Name: "harbor"}, never), fault.Busy, "")
}

func TestTheNodeHearsWhenTheListenerGoes(t *testing.T) {
	w := newWorld(t)
	w.add("user-a", "harbor")
	for name, row := range map[string]func(leave context.CancelFunc) error{
		"the listener leaves":    func(leave context.CancelFunc) error { leave(); return nil },
		"the line to it is dead": func(context.CancelFunc) error { return errors.New("dead") },
	} {
		t.Run(name, func(t *testing.T) {
			n := &teller{text: blockText(mined(1000, 7)[0]), hold: true, gone: make(chan struct{})}
			ctx, leave := context.WithCancel(as(t, "user-a"))
			defer leave()
			_ = w.watch(ctx, n, chain.WatchRequest{Name: "harbor"}, func(sse.Event[chain.WatchEvent]) error { return row(leave) })
			<-n.gone
		})
	}
}
