package identity

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
)

// Forget forgets every secret of a user who leaves. Whose each was goes first: without, a secret is nobody's.
func (s Secrets) Forget(ctx context.Context, userID string) error {
	r, err := s.rings.Get(ctx, userID)
	if err != nil && fault.KindOf(err) == fault.Missing {
		return nil
	}
	if err != nil {
		return err
	}
	for _, secret := range r.Secrets {
		if err := s.bearings.Delete(ctx, secret.ID); err != nil {
			return err
		}
	}
	return s.rings.Delete(ctx, userID)
}

// Counts are how many secrets each of the users has; who has none is left out.
func (s Secrets) Counts(ctx context.Context, userIDs []string) (map[string]int64, error) {
	counts := map[string]int64{}
	if len(userIDs) == 0 {
		return counts, nil
	}
	rings, err := s.rings.List(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: userIDs}}}})
	for _, r := range rings {
		counts[r.UserID] = int64(len(r.Secrets))
	}
	return counts, err
}

// Forget forgets the tries of a user who leaves.
func (a Attempts) Forget(ctx context.Context, userID string) error {
	return a.Delete(ctx, AccountKey(userID))
}
