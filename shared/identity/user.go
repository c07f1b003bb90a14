// Package identity is who somebody is: users and their log-in sessions, as they stand in the store.
package identity

import (
	"context"
	"crypto/sha256"
	"math/big"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

// User is somebody who signed up. The ID is also the name of the user's namespace and wallet.
type User struct {
	ID           string `bson:"_id"`
	Username     string `bson:"username"`
	Nickname     string `bson:"nickname"`
	Email        string `bson:"email"`
	Phone        string `bson:"phone"`
	PasswordHash string `bson:"passwordHash"`
	// DeployedHash is the hash that a deployment set. While it is the user's, nobody has changed the password.
	DeployedHash string `bson:"deployedHash,omitempty"`
	Status       Status `bson:"status"`
	// Epoch is what a session must have begun in to stand: another one ends all of them at once.
	Epoch     string    `bson:"epoch,omitempty"`
	Admin     bool      `bson:"admin,omitempty"` // may act in every namespace
	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`
}

// alphabet has no letter or digit that is easily taken for another.
const alphabet = "23456789abcdefghjkmnpqrstvwxyz"

// idLength gives 30^12, about 2^58 ids: with a million users a collision has a chance of 2 in a million.
const idLength = 12

// UserID derives a user's id from the username, so that one unique key guards both and a repeated sign-up meets
// itself. It is a valid Kubernetes namespace.
func UserID(username string) string {
	sum := sha256.Sum256([]byte("onex user\x00" + username))
	n, base, digit := new(big.Int).SetBytes(sum[:]), big.NewInt(int64(len(alphabet))), new(big.Int)
	id := make([]byte, idLength)
	for i := range id {
		n.DivMod(n, base, digit)
		id[i] = alphabet[digit.Int64()]
	}
	return "user-" + string(id)
}

// Users is the store of users.
type Users struct{ store.Collection[User] }

// NewUsers opens the users of db.
func NewUsers(db *mongo.Database) Users { return Users{store.In[User](db, "users")} }

// ReplacePassword puts a hash in the place of another, as a deployment does, and ends whatever came in by that one; false
// when the user has it no more.
func (u Users) ReplacePassword(ctx context.Context, id, from, to string) (bool, error) {
	return u.replaceHash(ctx, id, from, bson.D{
		{Key: "passwordHash", Value: to}, {Key: "deployedHash", Value: to}, {Key: "epoch", Value: NewEpoch()},
	})
}

// RenewHash puts another hash of the same password in the place of the user's, which is outdated. Somebody else may
// have done so meanwhile.
func (u Users) RenewHash(ctx context.Context, user *User, to string) error {
	fields := bson.D{{Key: "passwordHash", Value: to}}
	if user.DeployedHash == user.PasswordHash {
		fields = append(fields, bson.E{Key: "deployedHash", Value: to})
	}
	_, err := u.replaceHash(ctx, user.ID, user.PasswordHash, fields)
	return err
}

// ChangePassword puts a hash in the place of another and ends every session by a new epoch, in one step.
func (u Users) ChangePassword(ctx context.Context, user *User, to string, now time.Time) (epoch string, done bool, err error) {
	epoch = NewEpoch()
	done, err = u.replaceHash(ctx, user.ID, user.PasswordHash, bson.D{
		{Key: "passwordHash", Value: to}, {Key: "epoch", Value: epoch}, {Key: "updatedAt", Value: now},
	})
	return epoch, done, err
}

func (u Users) replaceHash(ctx context.Context, id, from string, fields bson.D) (bool, error) {
	return u.SetIf(ctx, bson.D{{Key: "_id", Value: id}, {Key: "passwordHash", Value: from}}, fields)
}

// Named finds a user by username; Missing when there is none.
func (u Users) Named(ctx context.Context, username string) (*User, error) {
	user, err := u.Get(ctx, UserID(username))
	if err == nil && user.Username != username {
		return nil, fault.New(fault.Missing, "NotFound", "user %q is not there", username)
	}
	return user, err
}

// present selects whoever has not left.
func present() bson.D { return bson.D{{Key: "status", Value: bson.D{{Key: "$ne", Value: Deleted}}}} }

// Page lists users, newest first, and counts all of them. It scans.
func (u Users) Page(ctx context.Context, limit, offset int64) (users []User, total int64, err error) {
	if total, err = u.Total(ctx, present()); err != nil {
		return nil, 0, err
	}
	newest := bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: 1}}
	users, err = u.List(ctx, present(), options.Find().SetSort(newest).SetLimit(limit).SetSkip(offset))
	return users, total, err
}

// Leaving lists the users who are on their way out. It scans.
func (u Users) Leaving(ctx context.Context) ([]User, error) {
	return u.List(ctx, bson.D{{Key: "status", Value: Deleting}})
}
