package minerset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
)

const (
	// headersPerPage is the most that a node gives at once.
	headersPerPage = 200
	// mostPages bounds how much of a chain is read for one number.
	mostPages = 20
	// answerBytes bounds one answer of a node: 200 headers of less than 1 KiB.
	answerBytes = 256 << 10
)

// blocksGauge counts the blocks that the chain of a MinerSet has found lately. It reads the chain: an event about a
// block is a hint that anybody can forge.
type blocksGauge struct {
	chains chainOpener
	nodes  chainnode.Nodes
	now    func() time.Time
}

// wanted is rounded up: the first block calls for the first miner.
func (g blocksGauge) wanted(ctx context.Context, m *v1beta1.MinerSet) (int64, error) {
	name := m.Spec.Template.Spec.ChainName
	c, err := findChain(ctx, g.chains, m.Namespace, name)
	if err != nil {
		return 0, err
	}
	if c == nil {
		return 0, fault.New(fault.Missing, "NotFound", "chain %q is not there", name)
	}
	t := m.Spec.Autoscaling.EventRate
	enough := int64(t.BlocksPerMiner) * int64(m.Spec.Autoscaling.MaxReplicas)
	count, err := g.since(ctx, c, g.now().Add(-time.Duration(t.WindowSeconds)*time.Second), enough)
	return perMiner(count, int64(t.BlocksPerMiner)), err
}

func perMiner(count, each int64) int64 { return (count + each - 1) / each }

// since counts backwards from the newest block, until one is too old or there are enough. The genesis block is nobody's.
func (g blocksGauge) since(ctx context.Context, c *v1beta1.Chain, after time.Time, enough int64) (count int64, err error) {
	var status struct{ Height int64 }
	if err := g.ask(ctx, c, "/v1/status", &status); err != nil {
		return 0, err
	}
	for to, page := status.Height, 0; to > 0 && count < enough && page < mostPages; page++ {
		from := max(1, to-headersPerPage+1)
		var headers []struct{ Timestamp int64 }
		if err := g.ask(ctx, c, fmt.Sprintf("/v1/headers?from=%d&limit=%d", from, to-from+1), &headers); err != nil {
			return 0, err
		}
		for _, h := range headers {
			if time.Unix(h.Timestamp, 0).After(after) {
				count++
			}
		}
		if len(headers) == 0 || !time.Unix(headers[0].Timestamp, 0).After(after) {
			break
		}
		to = from - 1
	}
	return count, nil
}

func (g blocksGauge) ask(ctx context.Context, c *v1beta1.Chain, path string, answer any) error {
	return g.nodes.Ask(ctx, c, path, func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, answerBytes)).Decode(answer)
	})
}
