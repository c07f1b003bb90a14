package e2e

import (
	"testing"
	"time"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
)

// administrator logs in as the one whom the deployment has made, and sees what only an administrator may see.
func (w *world) administrator(t *testing.T, ada *life.Life) {
	if _, err := w.api.CreateUser(t.Context(), user.Create{Username: "Admin", Password: "correct horse"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("somebody signed up under the administrator's name: %v", err)
	}
	tokens, err := w.api.Login(t.Context(), session.Login{Username: "admin", Password: w.o.AdminPassword})
	fatal(t, err)
	admin := w.api.WithToken(tokens.AccessToken)
	theirs := minerset.GetRequest{Name: ada.MinerSet.Name, Namespace: ada.User.UserID}
	if got, err := admin.GetMinerSet(t.Context(), theirs); err != nil || got.UID != ada.MinerSet.UID {
		t.Errorf("another's MinerSet: %v", err)
	}
	if who, err := admin.Authenticate(t.Context(), session.Authenticate{Token: ada.Tokens.AccessToken}); err != nil || who.UserID != ada.User.UserID {
		t.Errorf("whose token it is: %+v, %v", who, err)
	}
	if _, err := ada.Client.Authenticate(t.Context(), session.Authenticate{Token: tokens.AccessToken}); fault.KindOf(err) != fault.Denied {
		t.Errorf("a user asked whose token it is: %v", err)
	}
	fatal(t, admin.Logout(t.Context()))
}

// ownKey calls as somebody who signs tokens with a key of her own.
func (w *world) ownKey(t *testing.T) {
	eve := w.newcomer(t)
	made, err := eve.Client.CreateSecret(t.Context(), secret.Create{Name: "ci"})
	fatal(t, err)
	own := client.New(w.o.Addr, client.Options{Host: w.o.Host, Token: client.SecretToken(made.SecretID, made.SecretKey, time.Now)})
	if got, err := own.GetWallet(t.Context(), 1); err != nil || got.UserID != eve.User.UserID {
		t.Errorf("got %+v, %v", got, err)
	}
	forged := client.New(w.o.Addr, client.Options{Host: w.o.Host, Token: client.SecretToken(made.SecretID, "guess", time.Now)})
	if _, err := forged.GetWallet(t.Context(), 1); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("by another key: %v", err)
	}
}
