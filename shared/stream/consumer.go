package stream

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Group says what a consumer reads and as whom.
type Group struct {
	Cluster Cluster
	Topic   string
	Name    string // the consumer group; KEDA must watch the very same
	// Member is the static membership id, stable over restarts (a StatefulSet's pod name). Without one, a group
	// whose members die rebalances for ever.
	Member string
}

// Handle does the effect of a batch. It must be idempotent: after a crash the batch comes again.
type Handle func(ctx context.Context, batch []cloudevents.Event) error

const (
	batchSize  = 500
	retryFirst = 200 * time.Millisecond
	retryMost  = 10 * time.Second
	leaveLimit = 5 * time.Second
)

// Consume reads until ctx ends, then leaves the group. Offsets are committed after the effect. A record that is no
// event is logged and skipped: it can never succeed. A batch that fails is tried again, so that order is kept.
func Consume(ctx context.Context, g Group, log *slog.Logger, handle Handle) error {
	client, err := g.client()
	if err != nil {
		return fmt.Errorf("consume %q: %w", g.Topic, err)
	}
	defer client.Close()
	defer g.leave(client, log)
	for ctx.Err() == nil {
		fetches := client.PollRecords(ctx, batchSize)
		fetches.EachError(func(topic string, partition int32, err error) {
			if ctx.Err() == nil {
				log.WarnContext(ctx, "fetch", "topic", topic, "partition", partition, "error", err)
			}
		})
		if err := consume(ctx, fetches.Records(), log, handle); err == nil && len(fetches.Records()) > 0 {
			commit(ctx, client, fetches.Records(), log)
		}
		client.AllowRebalance()
	}
	return nil
}

func (g Group) client() (*kgo.Client, error) {
	options, err := g.Cluster.Options()
	if err != nil {
		return nil, err
	}
	options = append(options,
		kgo.ConsumerGroup(g.Name), kgo.ConsumeTopics(g.Topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.FetchMaxWait(time.Second),
	)
	if g.Member != "" {
		options = append(options, kgo.InstanceID(g.Member))
	}
	return kgo.NewClient(options...)
}

// consume tries until the effect is done or ctx ends.
func consume(ctx context.Context, records []*kgo.Record, log *slog.Logger, handle Handle) error {
	batch := decodeAll(ctx, records, log)
	for wait := retryFirst; len(batch) > 0; wait = min(2*wait, retryMost) {
		err := handle(context.WithoutCancel(ctx), batch)
		if err == nil {
			return nil
		}
		log.ErrorContext(ctx, "batch", "events", len(batch), "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
	return nil
}

func decodeAll(ctx context.Context, records []*kgo.Record, log *slog.Logger) []cloudevents.Event {
	batch := make([]cloudevents.Event, 0, len(records))
	for _, r := range records {
		e, err := Decode(r)
		if err != nil {
			log.WarnContext(ctx, "skip record", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "error", err)
			continue
		}
		batch = append(batch, e)
	}
	return batch
}

func commit(ctx context.Context, client *kgo.Client, records []*kgo.Record, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveLimit)
	defer cancel()
	if err := client.CommitRecords(ctx, records...); err != nil {
		log.WarnContext(ctx, "commit", "error", err) // they will come again, and change nothing
	}
}

// leave gives the partitions back at once. franz-go does not do it for static members.
func (g Group) leave(client *kgo.Client, log *slog.Logger) {
	if g.Member == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
	defer cancel()
	request := kmsg.NewPtrLeaveGroupRequest()
	request.Group = g.Name
	member := kmsg.NewLeaveGroupRequestMember()
	member.InstanceID = &g.Member
	request.Members = append(request.Members, member)
	response, err := request.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(response.ErrorCode)
	}
	if err != nil {
		log.Warn("leave group", "group", g.Name, "error", err)
	}
}
