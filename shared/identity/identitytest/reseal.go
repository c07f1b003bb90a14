package identitytest

import (
	"bytes"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/seal"
)

// boxOf is a box of keys of one byte each, of which the first seals.
func boxOf(t *testing.T, keys ...byte) *seal.Box {
	t.Helper()
	var all [][]byte
	for _, key := range keys {
		all = append(all, bytes.Repeat([]byte{key}, seal.KeySize))
	}
	box, err := seal.NewBox(all[0], all[1:]...)
	must(t, err)
	return box
}

func resealed(t *testing.T, db *mongo.Database) {
	secrets, all := identity.NewSecrets(db), []*identity.Secret{}
	for i, under := range []byte{1, 1, 2, 3} {
		userID := []string{"user-a", "user-b"}[i/2]
		s := secret([]string{"x", "y"}[i%2])
		var err error
		s.Key, err = boxOf(t, under).Seal([]byte("hunter2"), identity.SecretLabel(userID, s.ID))
		must(t, err)
		must(t, secrets.Add(t.Context(), userID, s))
		all = append(all, s)
	}
	for _, want := range []int{2, 0} { // repeated
		got, err := secrets.Reseal(t.Context(), boxOf(t, 2, 1))
		if err != nil || got.Count != want || len(got.Lost) != 1 {
			t.Errorf("sealed anew %+v, %v, want %d, and one that no key opens", got, err, want)
		}
	}
	for i, want := range []string{"hunter2", "hunter2", "hunter2", ""} {
		userID, kept, err := secrets.Find(t.Context(), all[i].ID)
		must(t, err)
		if opened, _ := boxOf(t, 2).Open(kept.Key, identity.SecretLabel(userID, kept.ID)); string(opened) != want {
			t.Errorf("the key now opens %d: %q, want %q", i, opened, want)
		}
		if kept.Name != all[i].Name || !bytes.Equal(kept.Key.Data, all[i].Key.Data) {
			t.Errorf("kept %+v", kept)
		}
	}
}
