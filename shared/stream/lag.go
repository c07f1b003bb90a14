package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Reader is a consumer group on a topic.
type Reader struct {
	Topic, Group string
	// Earliest says that the group begins with the oldest record; else with the next one that comes.
	Earliest bool
}

// Lag counts the records that the group has not committed, as KEDA does: without an offset it is all there is, or,
// if the group would start at the end, one per partition, so that it starts at all.
func Lag(ctx context.Context, client *kgo.Client, r Reader) (int64, error) {
	admin := kadm.NewClient(client)
	committed, err := admin.FetchOffsetsForTopics(ctx, r.Group, r.Topic)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // a group comes into being with its first member
		return 0, fmt.Errorf("fetch offsets of group %q: %w", r.Group, err)
	}
	ends, err := admin.ListEndOffsets(ctx, r.Topic)
	if err = errors.Join(err, ends.Error()); err != nil {
		return 0, fmt.Errorf("list ends of topic %q: %w", r.Topic, err)
	}
	starts, err := admin.ListStartOffsets(ctx, r.Topic)
	if err = errors.Join(err, starts.Error()); err != nil {
		return 0, fmt.Errorf("list starts of topic %q: %w", r.Topic, err)
	}
	var lag int64
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(end.Topic, end.Partition)
		at, ok := committed.Lookup(end.Topic, end.Partition)
		switch {
		case ok && at.At >= 0:
			lag += max(end.Offset-max(at.At, start.Offset), 0)
		case r.Earliest:
			lag += end.Offset - start.Offset
		default:
			lag++
		}
	})
	return lag, nil
}
