package identity

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

// contact says who logs in with an e-mail address or a phone number. It is a hint: it counts while its user has that
// address. Of several users with one address the first logs in with it, so that nobody can take it from another; a
// sign-up does not tell that somebody has it.
type contact struct {
	ID     string `bson:"_id"`
	UserID string `bson:"userID"`
}

// Directory finds users by whatever they may log in with.
type Directory struct {
	Users
	contacts store.Collection[contact]
}

// NewDirectory opens the directory of db.
func NewDirectory(db *mongo.Database) Directory {
	return Directory{NewUsers(db), store.In[contact](db, "contacts")}
}

// emailKey is the same for every spelling of an address; empty for none.
func emailKey(address string) string {
	if !strings.Contains(address, "@") {
		return ""
	}
	return "email/" + strings.ToLower(address)
}

// phoneKey is the same for every spelling of a number; empty for none.
func phoneKey(number string) string {
	key := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ()-.", r) {
			return -1
		}
		return r
	}, number)
	if strings.Trim(key, "+0123456789") != "" || len(key) < leastPhone {
		return ""
	}
	return "phone/" + key
}

// leastPhone is how many digits a phone number has at least.
const leastPhone = 7

// LooksLikeContact says whether a name could be somebody's e-mail address or phone number. Nobody may have such a
// username, or it would keep that somebody from logging in.
func LooksLikeContact(name string) bool { return emailKey(name) != "" || phoneKey(name) != "" }

func contactsOf(u *User) (keys []string) {
	for _, key := range []string{emailKey(u.Email), phoneKey(u.Phone)} {
		if key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func (u *User) reachedBy(key string) bool {
	return !u.Status.Gone() && (emailKey(u.Email) == key || phoneKey(u.Phone) == key)
}

// Find finds a user by username, e-mail address or phone number; Missing when there is none.
func (d Directory) Find(ctx context.Context, name string) (*User, error) {
	user, err := d.Named(ctx, name)
	if err == nil || fault.KindOf(err) != fault.Missing {
		return user, err
	}
	key := emailKey(name)
	if key == "" {
		key = phoneKey(name)
	}
	if key == "" {
		return nil, err
	}
	return d.reached(ctx, key)
}

func (d Directory) reached(ctx context.Context, key string) (*User, error) {
	claim, err := d.contacts.Get(ctx, key)
	if err != nil && fault.KindOf(err) != fault.Missing {
		return nil, err
	}
	if err != nil {
		claim = &contact{UserID: "nobody"} // and looks for that one, so that the work does not tell who is there
	}
	user, err := d.Get(ctx, claim.UserID)
	if err == nil && !user.reachedBy(key) {
		return nil, fault.New(fault.Missing, "NotFound", "nobody has this address now")
	}
	return user, err
}

// Claim lets the user log in with the own e-mail address and phone number, unless somebody else does.
func (d Directory) Claim(ctx context.Context, u *User) error {
	for _, key := range contactsOf(u) {
		if err := d.claim(ctx, key, u.ID); err != nil {
			return err
		}
	}
	return nil
}

func (d Directory) claim(ctx context.Context, key, userID string) error {
	claim := contact{ID: key, UserID: userID}
	err := d.contacts.Insert(ctx, key, &claim)
	if fault.KindOf(err) != fault.Conflict || err == nil {
		return err
	}
	holder, err := d.reached(ctx, key)
	switch {
	case err == nil && holder.ID != userID:
		return nil // theirs
	case err == nil || fault.KindOf(err) == fault.Missing:
		return d.contacts.Put(ctx, key, &claim) // of somebody who has gone, or has another address now
	}
	return err
}

// Disclaim forgets what the user logged in with, but for what the user has still.
func (d Directory) Disclaim(ctx context.Context, before, now *User) error {
	for _, key := range contactsOf(before) {
		if now != nil && now.reachedBy(key) {
			continue
		}
		claim, err := d.contacts.Get(ctx, key)
		switch {
		case err == nil && claim.UserID == before.ID:
			err = d.contacts.Delete(ctx, key)
		case fault.KindOf(err) == fault.Missing:
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
