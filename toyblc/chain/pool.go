package chain

import (
	"slices"
	"strings"
	"unicode/utf8"

	"onex.io/onex/toyblc/block"
)

const (
	poolItems = 64
	poolBytes = 1 << 20
	// buried is how many blocks above it make a mined text safe to forget here;
	// until then a reorganization puts it back in the queue.
	buried = 100
)

// text waits to be mined, or has been mined at a height not yet buried.
type text struct {
	root  block.Hash
	data  string
	mined int64 // 0 while waiting
}

// pool holds posted texts in the order they came. A text is named by its data
// root, so posting it twice is posting it once.
type pool struct{ texts []*text }

// add takes a text. It reports whether it is new; the reason is empty unless it
// is refused.
func (p *pool) add(data string) (isNew bool, why Reason) {
	switch {
	case len(data) > block.MaxData:
		return false, TooLarge
	case !utf8.ValidString(data) || strings.Contains(data, block.Separator):
		return false, NotText
	}
	root := block.DataRoot(data)
	if slices.ContainsFunc(p.texts, func(t *text) bool { return t.root == root }) {
		return false, ""
	}
	if len(p.texts) >= poolItems || p.bytes()+len(data) > poolBytes {
		return false, Full
	}
	p.texts = append(p.texts, &text{root: root, data: data})
	return true, ""
}

func (p *pool) bytes() (n int) {
	for _, t := range p.texts {
		n += len(t.data)
	}
	return n
}

// waiting lists what is not on the main chain.
func (p *pool) waiting() []string {
	var out []string
	for _, t := range p.texts {
		if t.mined == 0 {
			out = append(out, t.data)
		}
	}
	return out
}

// next is the data for the next block: the texts that wait, in the order they
// came, as far as they have room in one; empty when none waits.
func (p *pool) next() string {
	waiting, size := p.waiting(), 0
	for i, text := range waiting {
		if size += len(text); size > block.MaxData {
			return block.JoinItems(waiting[:i])
		}
		size += len(block.Separator)
	}
	return block.JoinItems(waiting)
}

// moved follows the main chain: texts in blocks that left wait again, texts in
// blocks that came are mined, and those buried below head are forgotten.
func (p *pool) moved(gone, come []*entry, head int64) {
	p.mark(gone, func(*entry) int64 { return 0 })
	p.mark(come, func(e *entry) int64 { return e.mark.Index })
	p.texts = slices.DeleteFunc(p.texts, func(t *text) bool {
		return t.mined > 0 && t.mined+buried < head
	})
}

func (p *pool) mark(entries []*entry, height func(*entry) int64) {
	for _, t := range p.texts {
		for _, e := range entries {
			if slices.Contains(e.items, t.root) {
				t.mined = height(e)
			}
		}
	}
}
