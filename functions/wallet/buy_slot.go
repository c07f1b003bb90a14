package wallet

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/quota"
	"onex.io/onex/shared/store"
	"onex.io/onex/shared/trace"
)

// signer is the key of a miner in a paid slot: whose blocks pay, on which chain, and to whom. It outlives the miner,
// because what was mined before it went is paid after.
type signer struct {
	PublicKey string `bson:"_id"`
	Account   string `bson:"account"`
	ChainID   string `bson:"chainID"`
	Pool      string `bson:"pool"`
	Slot      int64  `bson:"slot"`
	// Trace is that of the purchase, a traceparent, until the first block is paid: then it has led to a coin.
	Trace string `bson:"trace,omitempty"`
}

func signersOf(db *mongo.Database) store.Collection[signer] { return store.In[signer](db, "signers") }

// buySlot charges a slot and from then on knows its miner's key.
type buySlot struct {
	book    opener
	signers signerKeeper
	limits  limitReader
	types   minertype.Catalog
}

type signerKeeper interface {
	Put(ctx context.Context, publicKey string, s *signer) error
}

func newBuySlot(p *platform.Platform) (op.RequestFunc[wallet.BuySlotRequest, wallet.Bought], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&buySlot{
		book: bookOf(p), signers: signersOf(db), limits: quota.NewLimits(db, p.Config.MinersPerUser), types: p.Config.MinerTypes,
	}).Handle, nil
}

// Handle charges first: a key is known only once its slot is paid. A repeat after a crash in between charges nothing
// and makes the key known.
func (f *buySlot) Handle(ctx context.Context, in *wallet.BuySlotRequest) (*wallet.Bought, error) {
	s := in.Body
	if _, ok := f.types.Get(s.MinerType); !ok {
		return nil, fault.Field("minerType", "no miner type %q is for sale", s.MinerType)
	}
	book, err := f.book(ctx)
	if err != nil {
		return nil, err
	}
	slot := ledger.Slot{Account: s.Namespace, Pool: s.Pool, Number: s.Slot, MinerType: s.MinerType}
	limit := func(ctx context.Context) (int64, error) { return f.limits.Miners(ctx, s.Namespace) }
	if err := book.BuySlot(ctx, slot, ledger.Terms{Price: f.price, Limit: limit}); err != nil {
		return nil, err
	}
	known := &signer{PublicKey: s.PublicKey, Account: s.Namespace, ChainID: s.ChainID, Pool: s.Pool, Slot: s.Slot}
	if trace.Recorded(ctx) {
		known.Trace = trace.Parent(ctx)
	}
	return &wallet.Bought{}, f.signers.Put(ctx, s.PublicKey, known)
}

func (f *buySlot) price(minerType string) money.Amount {
	t, _ := f.types.Get(minerType)
	return t.Price
}
