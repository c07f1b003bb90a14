package identity

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/seal"
)

// Resealed is what became of all secrets when the platform's key was another: how many were sealed anew, and which not,
// because none of the keys opens them.
type Resealed struct {
	Count int
	Lost  []error
}

// Reseal seals every secret anew that is under an older key of the box. It scans, and may be done again at any time.
func (s Secrets) Reseal(ctx context.Context, box *seal.Box) (all Resealed, err error) {
	rings, err := s.rings.List(ctx, bson.D{})
	if err != nil {
		return all, err
	}
	for i := range rings {
		done, lost := rings[i].reseal(box)
		if all.Lost = append(all.Lost, lost...); done == 0 {
			continue
		}
		all.Count += done
		if err := s.change(ctx, rings[i].UserID, func(r *ring) error { r.reseal(box); return nil }); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (r *ring) reseal(box *seal.Box) (done int, lost []error) {
	for i := range r.Secrets {
		under, changed, err := box.Reseal(r.Secrets[i].Key, SecretLabel(r.UserID, r.Secrets[i].ID))
		if err != nil {
			lost = append(lost, err)
		}
		if changed {
			r.Secrets[i].Key, done = under, done+1
		}
	}
	return done, lost
}
