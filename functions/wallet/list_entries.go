package wallet

import (
	"context"

	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listEntries pages through the caller's own entries, newest first. Entries never change, so a page never does.
type listEntries struct{ book opener }

func newListEntries(p *platform.Platform) (op.RequestFunc[wallet.ListEntriesRequest, wallet.Entries], error) {
	return (&listEntries{book: bookOf(p)}).Handle, nil
}

// Handle reads one page.
func (f *listEntries) Handle(ctx context.Context, in *wallet.ListEntriesRequest) (*wallet.Entries, error) {
	book, a, err := f.book.own(ctx)
	if err != nil {
		return nil, err
	}
	from := a.Number
	if in.Before > 0 {
		from = min(from, in.Before-1)
	}
	entries, err := book.Entries(ctx, a.ID, from, in.Limit)
	if err != nil {
		return nil, err
	}
	page := &wallet.Entries{Items: entriesOf(entries)}
	if n := len(entries); n > 0 && entries[n-1].Number > 1 {
		page.Before = entries[n-1].Number
	}
	return page, nil
}
