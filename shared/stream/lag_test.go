package stream_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"onex.io/onex/shared/stream"
)

func TestTheLagIsWhatTheGroupHasNotCommitted(t *testing.T) {
	k := newKafka(t, 1)
	lag := func(earliest bool) int64 {
		t.Helper()
		n, err := stream.Lag(t.Context(), k.client, stream.Reader{Topic: "audit", Group: "shop", Earliest: earliest})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := lag(true); got != 0 {
		t.Errorf("an empty topic: %d", got)
	}
	k.send("a", "b", "c")
	if got := lag(true); got != 3 {
		t.Errorf("a group that begins with the oldest: %d, want 3", got)
	}
	if got := lag(false); got != 1 {
		t.Errorf("a group that begins at the end: %d, want one for its partition, so that it begins", got)
	}
	offsets := kadm.Offsets{}
	offsets.AddOffset("audit", 0, 2, -1)
	if err := k.admin.CommitAllOffsets(t.Context(), "shop", offsets); err != nil {
		t.Fatal(err)
	}
	for _, earliest := range []bool{true, false} {
		if got := lag(earliest); got != 1 {
			t.Errorf("two of three are committed: %d, want 1", got)
		}
	}
	if _, err := stream.Lag(t.Context(), k.client, stream.Reader{Topic: "nothing", Group: "shop"}); err == nil {
		t.Error("a topic that is not there has a lag")
	}
}
