package node_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// follower reads a stream of server-sent events.
type follower struct {
	t     *testing.T
	lines *bufio.Scanner
	resp  *http.Response
}

func follow(t *testing.T, n *running, query, lastEventID string) *follower {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", n.url("/v1/blocks/stream"+query), nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return &follower{t: t, lines: lines, resp: resp}
}

// next is the next event; all empty when the stream has ended.
func (f *follower) next() (kind, id, data string) {
	f.t.Helper()
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if kind != "" {
				return kind, id, data
			}
		}
	}
	return "", "", ""
}

// block wants the next event to be a block.
func (f *follower) block() (b block.Block) {
	f.t.Helper()
	kind, id, data := f.next()
	if err := json.Unmarshal([]byte(data), &b); err != nil || kind != "block" || id != fmt.Sprint(b.Index) {
		f.t.Fatalf("event %q id %q: %v, want a block with its height as id", kind, id, err)
	}
	return b
}

func TestAStreamTellsWhatIsThereAndThenWhatComes(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	eventually(t, "two blocks", func() bool { return n.status().Height >= 2 })
	all := follow(t, n, "?from=0", "")
	if got := all.resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type is %q", got)
	}
	var told []block.Block
	for height := range n.status().Height + 3 {
		told = append(told, all.block())
		if told[height].Index != height {
			t.Fatalf("told of block %d, want %d", told[height].Index, height)
		}
	}
	if again := follow(t, n, "?from=0", "1").block(); again != told[2] {
		t.Fatalf("who has seen block 1 is told of %d, want 2", again.Index)
	}
	if news := follow(t, n, "", "").block(); news.Index < told[len(told)-1].Index {
		t.Fatalf("who asks for news is told of %d", news.Index)
	}
}

func TestAStreamTakesBackWhatWasReorganized(t *testing.T) {
	other := mining(t, config(t, t.TempDir()))
	other.Address = "user-b"
	a, b := run(t, mining(t, config(t, t.TempDir()))), run(t, other)
	views := []*follower{follow(t, a, "?from=0", ""), follow(t, b, "?from=0", "")}
	eventually(t, "both have mined apart", func() bool { return a.status().Height >= 2 && b.status().Height >= 2 })
	if status, body := a.post("/v1/peers", fmt.Sprintf(`{"peer":%q}`, b.peer())); status != http.StatusAccepted {
		t.Fatalf("post: %d %s", status, body)
	}
	eventually(t, "one of them has given way", func() bool { return reorged(a) || reorged(b) })
	view := views[0]
	if !reorged(a) {
		view = views[1]
	}
	wantTakenBack(t, view)
}

// wantTakenBack follows a view until it was told of a reorganization and of what
// came instead, which links to what stands.
func wantTakenBack(t *testing.T, view *follower) {
	t.Helper()
	told, back := map[int64]block.Block{}, int64(-1)
	for {
		kind, _, data := view.next()
		var at struct{ Height int64 }
		var b block.Block
		switch kind {
		case "reorg":
			if err := json.Unmarshal([]byte(data), &at); err != nil {
				t.Fatal(err)
			}
			back = at.Height
			continue
		case "block":
			if err := json.Unmarshal([]byte(data), &b); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("event %q", kind)
		}
		if back >= 0 {
			if b.Index != back+1 || b.PreviousHash != told[back].Hash || b == told[b.Index] {
				t.Fatalf("after the reorganization to %d comes %+v, which does not link to it", back, b)
			}
			return
		}
		told[b.Index] = b
	}
}

func TestAStreamEndsWithTheNode(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	f := follow(t, n, "?from=0", "")
	f.block()
	begin := time.Now()
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	if kind, _, _ := f.next(); kind != "" || time.Since(begin) > 2*time.Second {
		t.Fatalf("event %q after %s, want the end within two seconds", kind, time.Since(begin))
	}
}

func TestTheNumberOfStreamsIsBounded(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	var first *follower
	for range 32 {
		first = follow(t, n, "?from=0", "")
		first.block()
	}
	resp := n.call(t, "GET", "/v1/blocks/stream", "", "")
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("the 33rd stream: %d, want 503", resp.StatusCode)
	}
	wantError(t, resp, "TooManyStreams")
	first.resp.Body.Close()
	eventually(t, "there is room when one has gone", func() bool {
		return follow(t, n, "", "9").resp.StatusCode == http.StatusOK
	})
}

func TestAStreamFromNowhereIsRefused(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	for _, r := range []struct{ query, last string }{{"?from=x", ""}, {"?from=-1", ""}, {"", "x"}, {"", "-1"}} {
		if got := follow(t, n, r.query, r.last).resp.StatusCode; got != http.StatusBadRequest {
			t.Errorf("stream%s after %q: %d, want 400", r.query, r.last, got)
		}
	}
}
