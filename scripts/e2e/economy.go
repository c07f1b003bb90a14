package e2e

import (
	"context"
	"fmt"
	"testing"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/wallet"
)

// economy holds what a user is shown against each other: every entry page by page, earnings, quota and quote.
func (w *world) economy(t *testing.T, ada *life.Life) {
	eventually(t, "the pages, the balance, the earnings and the quota agree", func(ctx context.Context) error {
		before, err := ada.Client.GetWallet(ctx, 0)
		if err != nil {
			return err
		}
		sums, err := pagesOf(ctx, ada, before.Count)
		if err != nil {
			return err
		}
		earnings, err := ada.Client.GetEarnings(ctx)
		if err != nil {
			return err
		}
		quota, err := ada.Client.GetQuota(ctx)
		if err != nil {
			return err
		}
		after, err := ada.Client.GetWallet(ctx, 0)
		if err != nil {
			return err
		}
		if after.Count != before.Count {
			return fmt.Errorf("a coin came meanwhile: %w", errNotYet)
		}
		if sums.Of["gift"]+sums.Of["slot"]+sums.Of["reward"] != before.Balance || earnings.Confirmed != sums.Of["reward"] || earnings.Former.Confirmed != 0 {
			t.Errorf("%s OX in the wallet, entries of %v, earnings %+v", before.Balance, sums, earnings)
		}
		if len(earnings.Pools) != 1 || earnings.Pools[0].Pool != string(ada.MinerSet.UID) || len(earnings.Unread) > 0 {
			t.Errorf("earnings %+v, want those of pool %s", earnings, ada.MinerSet.UID)
		}
		if quota.Used != sums.Slots || quota.Left != quota.Limit-sums.Slots {
			t.Errorf("quota %+v, want %d used", quota, sums.Slots)
		}
		return nil
	})
	quote, err := ada.Client.QuoteMinerSet(t.Context(), wallet.MinerSetPlan{Replicas: 10_000})
	fatal(t, err)
	if quote.Price != 10_000*smallSlot || quote.Affordable > quote.QuotaLeft || quote.Affordable != min(quote.QuotaLeft, int64(quote.Balance/smallSlot)) {
		t.Errorf("quote %+v", quote)
	}
}

// pagesOf adds up the first so many entries, which the pages show without a gap.
func pagesOf(ctx context.Context, ada *life.Life, count int64) (life.Sums, error) {
	entries, err := ada.Entries(ctx, count, 7)
	if err != nil {
		return life.Sums{}, err
	}
	for i, e := range entries {
		if want := count - int64(i); e.Number != want {
			return life.Sums{}, fmt.Errorf("entry %d comes in the place of %d", e.Number, want)
		}
	}
	if seen := int64(len(entries)); seen != count {
		return life.Sums{}, fmt.Errorf("%d entries on the pages, %d in the wallet", seen, count)
	}
	return life.Add(entries), nil
}

// placesReturned waits until nothing counts against the quota of somebody whose pools are gone.
func (w *world) placesReturned(t *testing.T, ada *life.Life) {
	eventually(t, "the deleted pool's places are back", func(ctx context.Context) error {
		quota, err := ada.Client.GetQuota(ctx)
		if err == nil && quota.Used > 0 {
			err = fmt.Errorf("%d are used: %w", quota.Used, errNotYet)
		}
		return err
	})
	earnings, err := ada.Client.GetEarnings(t.Context())
	fatal(t, err)
	if len(earnings.Pools) > 0 || earnings.Former.Confirmed != earnings.Confirmed || earnings.Confirmed == 0 {
		t.Errorf("earnings %+v, want all of them of former pools", earnings)
	}
}
