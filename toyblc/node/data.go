package node

import (
	"net/http"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// Data is a posted text: one that waits to be mined, or was mined in one of the last
// blocks. Older ones are in their blocks alone.
type Data struct {
	DataRoot block.Hash `json:"dataRoot"`
	Data     string     `json:"data"`
	Waiting  bool       `json:"waiting"`
	Height   int64      `json:"height,omitempty"` // of the block that carries it
}

func dataOf(p chain.Posted) Data {
	return Data{DataRoot: p.Root, Data: p.Data, Waiting: p.Mined == 0, Height: p.Mined}
}

// listData shows all of them, in the order they came.
func (n *Node) listData(w http.ResponseWriter, _ *http.Request) error {
	posted := n.status.Load().Posted
	out := make([]Data, len(posted))
	for i, p := range posted {
		out[i] = dataOf(p)
	}
	return writeJSON(w, http.StatusOK, out)
}

// getData finds one by the dataRoot that whoever posted it was told.
func (n *Node) getData(w http.ResponseWriter, r *http.Request) error {
	root, err := block.ParseHash(r.PathValue("dataRoot"))
	if err != nil {
		return fault.Field("dataRoot", "must be a hash of 64 hex digits")
	}
	for _, p := range n.status.Load().Posted {
		if p.Root == root {
			return writeJSON(w, http.StatusOK, dataOf(p))
		}
	}
	return fault.New(fault.Missing, "DataNotFound", "no such text waits or was mined in the last blocks")
}
