package node

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/store"
)

const (
	// maxLimit bounds one list of blocks.
	maxLimit = 1000
	// maxReaders and readerWait bound the lists that are written at once.
	maxReaders = 8
	readerWait = 5 * time.Second
)

// whole and bare are what a list shows of a block: all, or all but its data.
func whole(b block.Block) any { return b }

func bare(b block.Block) any {
	return struct {
		block.Header
		Hash      block.Hash      `json:"hash"`
		Signature block.Signature `json:"signature"`
	}{b.Header, b.Hash, b.Signature}
}

// listBlocks answers with a page of the main chain.
func (n *Node) listBlocks(show func(block.Block) any) http.Handler {
	return inTurn(n.answering(func(w http.ResponseWriter, r *http.Request) error {
		return n.getBlocks(w, r, show)
	}), maxReaders, readerWait)
}

func (n *Node) getBlocks(w http.ResponseWriter, r *http.Request, show func(block.Block) any) error {
	from, err := queryNumber(r, "from", 0)
	if err != nil {
		return err
	}
	limit, err := queryNumber(r, "limit", maxLimit)
	if err != nil {
		return err
	}
	limit = min(limit, maxLimit)
	if limit > 0 && from <= n.status.Load().Height-limit {
		w.Header().Set("Link", fmt.Sprintf(`<%s?from=%d&limit=%d>; rel="next"`, r.URL.Path, from+limit, limit))
	}
	return n.writeBlocks(newArray(w, show), from, int(limit))
}

// getBlock finds one block of the main chain, by height or by hash.
func (n *Node) getBlock(w http.ResponseWriter, r *http.Request) error {
	height, err := n.heightOf(r.PathValue("id"))
	if err != nil {
		return err
	}
	found, err := n.store.Range(height, 1)
	if err != nil {
		return n.unreadable(err)
	}
	if len(found) == 0 {
		return noBlock()
	}
	return writeJSON(w, http.StatusOK, found[0].Block)
}

// heightOf reads a height, or finds that of a hash.
func (n *Node) heightOf(id string) (int64, error) {
	if hash, err := block.ParseHash(id); err == nil {
		height, err := n.store.Find(hash)
		if err != nil {
			return 0, n.unreadable(err)
		}
		if height < 0 {
			return 0, noBlock()
		}
		return height, nil
	}
	height, err := strconv.ParseInt(id, 10, 64)
	if err != nil || height < 0 {
		return 0, fault.Field("id", "must be a height from 0 or a hash of 64 hex digits")
	}
	return height, nil
}

func noBlock() error {
	return fault.New(fault.Missing, "BlockNotFound", "no such block on the main chain")
}

func queryNumber(r *http.Request, name string, absent int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return absent, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return 0, fault.Field(name, "must be a number from 0")
	}
	return number, nil
}

// writeBlocks writes an array piece by piece, so that memory holds one piece
// however much is asked for. A reorganization between two pieces ends it early;
// the caller asks on from there.
func (n *Node) writeBlocks(out *array, from int64, limit int) error {
	var last block.Hash
	for limit > 0 {
		part, err := n.store.Range(from, limit)
		if err != nil {
			return n.storeFault(out, err)
		}
		if len(part) == 0 || out.count > 0 && part[0].Block.PreviousHash != last {
			break
		}
		for _, s := range part {
			if err := out.add(s.Block); err != nil {
				return nil // the caller is gone
			}
		}
		last = part[len(part)-1].Block.Hash
		from, limit = from+int64(len(part)), limit-len(part)
	}
	out.end()
	return nil
}

// storeFault answers a failed read of a list; one that is half out is cut off,
// so that nobody takes it for whole.
func (n *Node) storeFault(out *array, err error) error {
	answer := n.unreadable(err)
	if out.count > 0 {
		n.log.Error("list of blocks cut off", "cause", answer)
		panic(http.ErrAbortHandler)
	}
	return answer
}

// unreadable answers a failed read. A corrupt store ends the node.
func (n *Node) unreadable(err error) error {
	if errors.Is(err, store.ErrCorrupt) {
		select {
		case n.broken <- err:
		default:
		}
	}
	return fault.New(fault.Broken, "StoreUnreadable", "the chain cannot be read now: %w", err)
}

// inTurn lets a few long answers out at a time: each holds a piece of the chain in
// memory. Who does not get a turn within wait is to ask again later.
func inTurn(h http.Handler, turns int, wait time.Duration) http.Handler {
	taken := make(chan struct{}, turns)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		late := time.NewTimer(wait)
		defer late.Stop()
		select {
		case taken <- struct{}{}:
			defer func() { <-taken }()
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		case <-late.C:
			w.Header().Set("Retry-After", "1")
			writeFault(w, fault.New(fault.Busy, "TooManyReaders", "too many read the chain at once"))
		}
	})
}
