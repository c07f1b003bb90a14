package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/seal"
	"onex.io/onex/shared/store"
)

// SecretStatus is where a secret stands, in the numbers of the API.
type SecretStatus int

// The statuses of a secret; only SecretActive signs.
const (
	SecretDisabled SecretStatus = 0
	SecretActive   SecretStatus = 1
)

// MostSecrets is how many secrets a user may have.
const MostSecrets = 10

// Secret is a key that a user signs tokens with. The key itself is nowhere but in its seal.
type Secret struct {
	ID          string       `bson:"id"` // the kid of the tokens
	Name        string       `bson:"name"`
	Description string       `bson:"description"`
	Status      SecretStatus `bson:"status"`
	Expires     int64        `bson:"expires"` // unix seconds; 0: never
	Key         seal.Sealed  `bson:"key"`
	CreatedAt   time.Time    `bson:"createdAt"`
	UpdatedAt   time.Time    `bson:"updatedAt"`
}

// ring is every secret of one user in one document: their number and their names are decided where they stand.
type ring struct {
	UserID  string   `bson:"_id"`
	Version int64    `bson:"version"`
	Secrets []Secret `bson:"secrets"`
}

// bearing says whose a secret is. It is written before the secret and means nothing without it.
type bearing struct {
	SecretID string `bson:"_id"`
	UserID   string `bson:"userID"`
}

// Secrets is the store of secrets.
type Secrets struct {
	rings    store.Collection[ring]
	bearings store.Collection[bearing]
}

// NewSecrets opens the secrets of db.
func NewSecrets(db *mongo.Database) Secrets {
	return Secrets{store.In[ring](db, "secrets"), store.In[bearing](db, "secret-owners")}
}

// Find reads a secret and whose it is; Missing when there is none.
func (s Secrets) Find(ctx context.Context, secretID string) (userID string, found *Secret, err error) {
	b, err := s.bearings.Get(ctx, secretID)
	if err != nil {
		return "", nil, err
	}
	r, err := s.rings.Get(ctx, b.UserID)
	if err != nil {
		return "", nil, err
	}
	for i := range r.Secrets {
		if r.Secrets[i].ID == secretID {
			return b.UserID, &r.Secrets[i], nil
		}
	}
	return "", nil, fault.New(fault.Missing, "SecretNotFound", "the secret is not there")
}

// List reads the user's secrets, oldest first.
func (s Secrets) List(ctx context.Context, userID string) ([]Secret, error) {
	r, err := s.rings.Get(ctx, userID)
	if fault.KindOf(err) == fault.Missing && err != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.Secrets, nil
}

// Named reads the user's secret of a name; Missing when there is none.
func (s Secrets) Named(ctx context.Context, userID, name string) (*Secret, error) {
	all, err := s.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(one Secret) bool { return one.Name == name })
	if i < 0 {
		return nil, noSecret(name)
	}
	return &all[i], nil
}

func noSecret(name string) error {
	return fault.New(fault.Missing, "SecretNotFound", "you have no secret %q", name)
}

// Add keeps a new secret of the user. A name that the user has given already is a Conflict, one more than
// MostSecrets is Invalid.
func (s Secrets) Add(ctx context.Context, userID string, secret *Secret) error {
	owned := bearing{SecretID: secret.ID, UserID: userID}
	if err := s.bearings.Insert(ctx, owned.SecretID, &owned); err != nil {
		return err
	}
	err := s.change(ctx, userID, func(r *ring) error {
		switch {
		case slices.ContainsFunc(r.Secrets, func(other Secret) bool { return other.ID == secret.ID }):
			return nil // the driver asked twice, and the first time was heard
		case slices.ContainsFunc(r.Secrets, func(other Secret) bool { return other.Name == secret.Name }):
			e := fault.New(fault.Conflict, "SecretAlreadyExists", "you have a secret %q already", secret.Name)
			e.Metadata = map[string]string{"field": "body.name"}
			return e
		case len(r.Secrets) >= MostSecrets:
			return fault.New(fault.Invalid, "SecretReachMaxCount", "you have %d secrets, which is the most", MostSecrets)
		}
		r.Secrets = append(r.Secrets, *secret)
		return nil
	})
	if kind := fault.KindOf(err); err != nil && (kind == fault.Conflict || kind == fault.Invalid) {
		_ = s.bearings.Delete(ctx, secret.ID) // it means nothing, but many would fill the store
	}
	return err
}

// Change changes the user's secret of a name; Missing when there is none. Its tokens follow within a second.
func (s Secrets) Change(ctx context.Context, userID, name string, make func(*Secret)) error {
	return s.change(ctx, userID, func(r *ring) error {
		i := slices.IndexFunc(r.Secrets, func(one Secret) bool { return one.Name == name })
		if i < 0 {
			return noSecret(name)
		}
		make(&r.Secrets[i])
		return nil
	})
}

// Remove forgets the user's secret of a name; one that is not there is no error. Its tokens fall within a second.
func (s Secrets) Remove(ctx context.Context, userID, name string) error {
	secret, err := s.Named(ctx, userID, name)
	if err != nil {
		return gone(err)
	}
	if err := s.change(ctx, userID, func(r *ring) error {
		r.Secrets = slices.DeleteFunc(r.Secrets, func(one Secret) bool { return one.ID == secret.ID })
		return nil
	}); err != nil {
		return err
	}
	return s.bearings.Delete(ctx, secret.ID) // without the secret it means nothing, so it may also stay
}

// gone is no error where what should be gone is.
func gone(err error) error {
	if fault.KindOf(err) == fault.Missing {
		return nil
	}
	return err
}

// mostTries bounds the writers of one user's secrets that one may lose against in a row.
const mostTries = 20

// change makes a change to the user's ring as it stands. Whoever loses a race decides anew.
func (s Secrets) change(ctx context.Context, userID string, make func(*ring) error) error {
	for range mostTries {
		r, err := s.rings.Get(ctx, userID)
		absent := err != nil && fault.KindOf(err) == fault.Missing
		if err != nil && !absent {
			return err
		}
		if absent {
			r = &ring{UserID: userID}
		}
		if err := make(r); err != nil {
			return err
		}
		before := r.Version
		r.Version++
		if absent {
			err = s.rings.Insert(ctx, userID, r)
		} else {
			err = s.rings.Swap(ctx, userID, before, r)
		}
		if err == nil || fault.KindOf(err) != fault.Conflict {
			return err
		}
	}
	return fault.New(fault.Busy, "TooManyWriters", "your secrets are being changed by others; try again")
}

const (
	secretIDLength  = 36
	secretKeyLength = 64 // bytes, all that HS512 can use: some libraries take no shorter key for it
)

// NewSecretID makes an id: a random UUID (version 4).
func NewSecretID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// NewSecretKey makes a key of 320 random bits, as text.
func NewSecretKey() string {
	var text string
	for len(text) < secretKeyLength {
		text += rand.Text()
	}
	return text[:secretKeyLength]
}

// SecretLabel is the label that the key of a user's secret is sealed under.
func SecretLabel(userID, secretID string) string { return "secret/" + userID + "/" + secretID }
