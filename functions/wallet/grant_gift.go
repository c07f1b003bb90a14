package wallet

import (
	"context"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/store"
)

// grantGift gives every user the sign-up gift once. The event only names somebody; the user is read from the store,
// so that a forged event gives nothing to nobody. A lost event costs minutes and no gift: the clock looks as well.
type grantGift struct {
	users  userReader
	book   opener
	sweeps sweepKeeper
	gift   money.Amount
	now    func() time.Time
}

type userReader interface {
	// Get is Missing when there is no such user.
	Get(ctx context.Context, id string) (*identity.User, error)
	CreatedBetween(ctx context.Context, from, to time.Time) ([]identity.User, error)
}

func newGrantGift(p *platform.Platform) (op.EventFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&grantGift{
		users: storedUsers{identity.NewUsers(db)}, book: bookOf(p), sweeps: store.In[giftSweep](db, "sweeps"),
		gift: p.Config.SignupGift, now: p.Now,
	}).Handle, nil
}

// Handle gives to the user whom the event names, or to whoever was forgotten when the clock ticks.
func (f *grantGift) Handle(ctx context.Context, e cloudevents.Event) error {
	if e.Type() == eventing.Tick {
		return f.sweep(ctx)
	}
	var data eventing.UserCreatedData
	if err := e.DataAs(&data); err != nil {
		return fault.New(fault.Invalid, "BadPayload", "the event names no user: %w", err)
	}
	u, err := f.users.Get(ctx, data.UserID)
	if fault.KindOf(err) == fault.Missing {
		return nil // forged, or of a sign-up that died: there is nobody to give to
	}
	if err != nil {
		return err
	}
	return f.give(ctx, u.ID)
}

// give books the gift under a key that holds the user alone: a repeat changes nothing.
func (f *grantGift) give(ctx context.Context, userID string) error {
	book, err := f.book(ctx)
	if err != nil {
		return err
	}
	_, err = book.Credit(ctx, ledger.Entry{Account: userID, Key: "gift/" + userID, Kind: ledger.KindGift, Amount: f.gift})
	return err
}
