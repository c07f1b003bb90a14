package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/quota"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
)

// revocation is how long what has been ended may still be accepted anywhere: a second, and what the call itself takes.
const revocation = time.Second

// sessions lives through a person's tokens: renewed once, ended by reuse, ended by leaving, signed with an own key.
func (w *world) sessions(t *testing.T) {
	eve := w.newcomer(t)
	key, err := eve.Client.CreateSecret(t.Context(), secret.Create{Name: "laptop"})
	fatal(t, err)
	own := client.New(w.o.Addr, client.Options{Host: w.o.Host, Token: client.SecretToken(key.SecretID, key.SecretKey, time.Now)})

	forged := client.New(w.o.Addr, client.Options{Host: w.o.Host, Token: client.SecretToken(key.SecretID, "guess", time.Now)})
	if _, err := forged.GetWallet(t.Context(), 1); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a token signed with a guess: %v", err)
	}

	refresh := w.api.WithToken(eve.Tokens.RefreshToken)
	renewed, err := refresh.RefreshToken(t.Context())
	fatal(t, err)
	fresh := w.api.WithToken(renewed.AccessToken)
	if _, err := fresh.GetWallet(t.Context(), 1); err != nil {
		t.Errorf("a renewed token: %v", err)
	}
	if _, err := refresh.RefreshToken(t.Context()); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a refresh token was good twice: %v", err)
	}
	w.refusedSoon(t, fresh, "a session whose refresh token was used twice")

	fatal(t, eve.LogIn(t.Context()))
	fatal(t, eve.Client.Logout(t.Context()))
	w.refusedSoon(t, eve.Client, "a session that was logged out")
	if _, err := own.GetWallet(t.Context(), 1); err != nil {
		t.Errorf("a token signed with an own key, after the sessions ended: %v", err)
	}
}

// refusedSoon wants calls to be refused by every operation once the time of a revocation has passed.
func (w *world) refusedSoon(t *testing.T, c *client.Client, what string) {
	t.Helper()
	ended := time.Now()
	for name, call := range map[string]func(context.Context) error{
		"get-wallet": func(ctx context.Context) error { _, err := c.GetWallet(ctx, 1); return err },
		"get-quota":  func(ctx context.Context) error { _, err := c.GetQuota(ctx); return err },
	} {
		eventually(t, what+" is refused by "+name, func(ctx context.Context) error {
			began := time.Now()
			err := call(ctx)
			switch {
			case fault.KindOf(err) == fault.Unauthenticated && err != nil:
				return nil
			case err == nil && began.After(ended.Add(revocation)):
				t.Fatalf("%s was accepted by %s %s after its end", what, name, began.Sub(ended))
			}
			return fmt.Errorf("accepted, %v: %w", err, errNotYet)
		})
	}
}

// administrator logs in as the one whom the first start made, and does what only an administrator may.
func (w *world) administrator(t *testing.T, ada *life.Life) {
	if _, err := w.api.CreateUser(t.Context(), user.Create{Username: "Admin", Password: "correct horse"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("somebody signed up under the administrator's name: %v", err)
	}
	tokens, err := w.api.Login(t.Context(), session.Login{Username: "admin", Password: w.adminPassword(t)})
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
	self, err := admin.GetWallet(t.Context(), 1)
	fatal(t, err)
	w.tellAgain(t, self.UserID) // nobody may have listened when the first start told it; the clock would look in minutes
	w.raiseQuota(t, admin)
	fatal(t, admin.Logout(t.Context()))
}

// raiseQuota raises a user's quota, which the user cannot.
func (w *world) raiseQuota(t *testing.T, admin *client.Client) {
	eve := w.newcomer(t)
	if _, err := eve.Client.SetQuota(t.Context(), eve.User.UserID, quota.Allowance{Miners: 1000}); fault.KindOf(err) != fault.Denied {
		t.Errorf("a user raised the own quota: %v", err)
	}
	if _, err := admin.SetQuota(t.Context(), eve.User.UserID, quota.Allowance{Miners: 123}); err != nil {
		t.Fatal(err)
	}
	q, err := eve.Client.GetQuota(t.Context())
	fatal(t, err)
	if q.Limit != 123 || q.Left != 123 || q.Used != 0 {
		t.Errorf("after the administrator allowed 123 miners: %+v", q)
	}
}

// adminPassword is where the first start has left it: in a file, or in the platform's Secret.
func (w *world) adminPassword(t *testing.T) string {
	t.Helper()
	if w.o.AdminPasswordFile != "" {
		text, err := os.ReadFile(w.o.AdminPasswordFile)
		fatal(t, err)
		return strings.TrimSpace(string(text))
	}
	keys, err := w.core.CoreV1().Secrets("onex").Get(t.Context(), "onex-keys", metav1.GetOptions{})
	fatal(t, err)
	return string(keys.Data["ONEX_ADMIN_PASSWORD"])
}
