package ledger

import (
	"context"
	"sync"

	"onex.io/onex/shared/fault"
)

// headFrom finds the last entry, beginning at a number that was seen before (0: none was). Numbers have no gaps, so it
// doubles its step until it overshoots and then halves the interval: two reads by exact _id when nothing is new, and
// about 2·log2(n) from nothing.
func (l *Ledger) headFrom(ctx context.Context, account string, known int64) (Entry, error) {
	s := &search{ledger: l, head: Entry{Account: account}}
	if known > 0 {
		there, err := s.look(ctx, known)
		if err != nil {
			return s.head, err
		}
		if !there { // the store has been set back, as by a restored backup
			l.hints.keep(account, 0)
		}
	}
	high, err := s.overshoot(ctx)
	for err == nil && high-s.head.Number > 1 {
		middle, there := s.head.Number+(high-s.head.Number)/2, false
		if there, err = s.look(ctx, middle); !there {
			high = middle
		}
	}
	if err == nil {
		l.hints.keep(account, s.head.Number)
	}
	return s.head, err
}

// search stands on the highest entry that it has seen.
type search struct {
	ledger *Ledger
	head   Entry
}

// look steps up to an entry, if it is there.
func (s *search) look(ctx context.Context, number int64) (bool, error) {
	e, err := s.ledger.entries.Get(ctx, entryID(s.head.Account, number))
	switch {
	case err == nil:
		s.head = *e
		return true, nil
	case fault.KindOf(err) == fault.Missing:
		return false, nil
	}
	return false, err
}

// overshoot steps up in ever longer strides and returns a number that is not there.
func (s *search) overshoot(ctx context.Context) (int64, error) {
	for step := int64(1); ; step *= 2 {
		number := s.head.Number + step
		if there, err := s.look(ctx, number); err != nil || !there {
			return number, err
		}
	}
}

// hints remember a number of each account that was there. They save reads and decide nothing.
type hints struct {
	mu sync.Mutex
	at map[string]int64
}

// mostHints bounds the memory that hints take; a platform with more accounts forgets them now and then.
const mostHints = 100_000

func (h *hints) of(account string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at[account]
}

func (h *hints) keep(account string, number int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at == nil || len(h.at) >= mostHints {
		h.at = map[string]int64{}
	}
	h.at[account] = number
}
