// Package chainnode asks the nodes of chains what they know, over HTTP.
package chainnode

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
)

// Nodes reaches the first node of every chain.
type Nodes struct {
	HTTP *http.Client
	// Pattern is the URL of a chain's node, for (chain, namespace).
	Pattern string
}

// Ask gives the body of a node's answer to read. It is Busy, NodeAway, when the node does not answer, answers no
// success, or answers what cannot be read.
func (n Nodes) Ask(ctx context.Context, c *v1beta1.Chain, path string, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf(n.Pattern, c.Name, c.Namespace)+path, nil)
	if err != nil {
		return fmt.Errorf("ask the node of chain %q of %q: %w", c.Name, c.Namespace, err)
	}
	response, err := n.HTTP.Do(request)
	if err != nil {
		return away(c, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return away(c, fmt.Errorf("%s answers status %d", path, response.StatusCode))
	}
	if err := read(response.Body); err != nil {
		return away(c, err)
	}
	return nil
}

func away(c *v1beta1.Chain, cause error) error {
	return fault.New(fault.Busy, "NodeAway", "the node of the chain does not answer now: %w", fmt.Errorf("chain %q of %q: %w", c.Name, c.Namespace, cause))
}
