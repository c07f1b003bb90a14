package ledger

import (
	"context"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/money"
)

// ErrInsufficient is the reason of a charge that the balance does not cover.
const ErrInsufficient = "InsufficientFunds"

// errTooLarge is the reason of an income that does not fit into a wallet.
const errTooLarge = "AmountTooLarge"

// decide makes the entry to append to an account in this state; nil means that there is nothing to book.
type decide func(context.Context, Account) (*Entry, error)

// append numbers an entry after those that are there. What was known of the account may be late; then the number is
// taken, or an answer was given too early, and what is new is read and the decision made anew. So no decision is
// older than the entry before it.
func (l *Ledger) append(ctx context.Context, name string, make decide) (bool, error) {
	a, err := l.known(ctx, name)
	if err != nil {
		return false, err
	}
	for {
		booked, refusal := l.try(ctx, &a, make)
		if booked || refusal == nil {
			return booked, nil
		}
		kind := fault.KindOf(refusal)
		if kind != fault.Conflict && kind != fault.Exhausted && fault.ReasonOf(refusal) != errTooLarge {
			return false, refusal
		}
		moved, err := l.advance(ctx, &a)
		if err != nil {
			return false, err
		}
		if !moved && kind == fault.Conflict {
			return false, nil // our number is free: it is our key that was booked before
		}
		if !moved {
			return false, refusal
		}
	}
}

// try books what make decides. Conflict: the number or the key is taken; Exhausted: refused.
func (l *Ledger) try(ctx context.Context, a *Account, make decide) (bool, error) {
	e, err := make(ctx, *a)
	if err != nil || e == nil {
		return false, err
	}
	if err := l.number(e, *a); err != nil {
		return false, err
	}
	if err := l.entries.Insert(ctx, e.ID, e); err != nil {
		return false, err
	}
	// It is booked. Should what follows fail, the next one who comes makes up for it.
	if l.tell(ctx, a, *e) == nil {
		_ = l.accounts.Put(ctx, a.ID, a)
	}
	return true, nil
}

func (l *Ledger) number(e *Entry, a Account) error {
	e.Number = a.Number + 1
	e.ID = entryID(a.ID, e.Number)
	e.Balance = a.Balance + e.Amount
	e.At = l.now().UTC().Truncate(time.Millisecond)
	switch {
	case e.Amount < 0 && e.Balance < 0:
		return insufficient(a.Balance, -e.Amount)
	case e.Amount > 0 && e.Balance < a.Balance:
		return fault.New(fault.Invalid, errTooLarge, "the amount %s OX does not fit into a wallet", e.Amount)
	}
	return nil
}

func insufficient(held, needed money.Amount) error {
	return fault.New(fault.Exhausted, ErrInsufficient, "the wallet holds %s OX and %s OX are needed", held, needed)
}
