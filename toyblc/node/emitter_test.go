package node

import (
	"log/slog"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

func TestAFullEventQueueForgetsTheOldestAndNeverWaits(t *testing.T) {
	e, err := newEmitter("http://127.0.0.1:1", "/namespaces/user-a/chains/harbour", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	b := block.Genesis(block.Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second})
	for i := range eventQueue + 3 {
		b.Index, b.Hash = int64(i), block.Hash{byte(i >> 8), byte(i)}
		e.blockMined(t.Context(), b)
	}
	if got, want := (<-e.queue).ID(), (block.Hash{0, 3}).String(); got != want {
		t.Fatalf("the oldest event is of %s, want %s", got, want)
	}
	if got := len(e.queue); got != eventQueue-1 {
		t.Fatalf("%d events wait, want %d", got, eventQueue-1)
	}
}
