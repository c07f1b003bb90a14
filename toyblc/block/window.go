package block

import "slices"

// WindowSize is how many earlier blocks the rules look at, at most.
const WindowSize = 11

// Mark is what the rules ask of an earlier block.
type Mark struct {
	Hash      Hash
	Index     int64
	Timestamp int64
	Target    Target
}

// Window is the end of a chain that the next block is judged against: the last
// WindowSize blocks, or all from genesis when there are fewer, ascending. It is
// never empty; its last mark is the parent.
type Window []Mark

// NewWindow takes the end of blocks, which ascend from genesis or number at
// least WindowSize. The blocks are trusted as far as they link to each other.
func NewWindow(blocks ...Block) (Window, error) {
	if len(blocks) == 0 {
		return nil, broken(BadWindow, 0, "no block to stand on")
	}
	if blocks[0].Index > 0 && len(blocks) < WindowSize {
		return nil, broken(BadWindow, blocks[0].Index, "%d blocks, want %d or all from genesis", len(blocks), WindowSize)
	}
	w := Window{blocks[0].Mark()}
	for _, b := range blocks[1:] {
		if err := CheckLink(w.Parent(), b.Header); err != nil {
			return nil, err
		}
		w = w.Next(b.Mark())
	}
	return w, nil
}

// Parent is the block that the next one must follow.
func (w Window) Parent() Mark { return w[len(w)-1] }

func (w Window) grandparent() Mark { return w[len(w)-2] }

// Next is the window after m has been added; w itself stays as it is.
func (w Window) Next(m Mark) Window {
	from := max(0, len(w)+1-WindowSize)
	return append(slices.Clip(slices.Clone(w[from:])), m)
}

// MedianTime is the median of the timestamps in the window. Unlike the newest
// one, no single miner controls it.
func (w Window) MedianTime() int64 {
	times := make([]int64, len(w))
	for i, m := range w {
		times[i] = m.Timestamp
	}
	slices.Sort(times)
	return times[len(times)/2]
}
