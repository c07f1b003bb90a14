package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/platform"
)

// makeTopics makes every topic of the platform; one that is there stays as it is. Replication is the broker's default.
func makeTopics(ctx context.Context, p *platform.Platform) error {
	client, err := p.Kafka()
	if err != nil {
		return err
	}
	made, err := kadm.NewClient(client).CreateTopics(ctx, eventing.Partitions, -1, nil, eventing.Topics()...)
	if err != nil {
		return fmt.Errorf("make topics: %w", err)
	}
	for _, t := range made.Sorted() {
		if t.Err != nil && !errors.Is(t.Err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("make topic %q: %w", t.Topic, t.Err)
		}
		p.Log.InfoContext(ctx, "topic", "name", t.Topic, "new", t.Err == nil)
	}
	return nil
}
