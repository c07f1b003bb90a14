package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
)

// leave is a user who has a chain and a key, and is deleted: neither token is good for anything any more, the namespace
// goes with what is in it, and nobody can be of that name again.
func (w *world) leave(t *testing.T) {
	eve := w.newcomer(t)
	ns := eve.User.UserID
	key, err := eve.Client.CreateSecret(t.Context(), secret.Create{Name: "laptop"})
	fatal(t, err)
	own := client.New(w.o.Addr, client.Options{Host: w.o.Host, Token: client.SecretToken(key.SecretID, key.SecretKey, time.Now)})
	_, err = eve.Client.CreateChain(t.Context(), &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: "left"}, Spec: v1beta1.ChainSpec{DisplayName: "left", MinerType: "S1.SMALL1"},
	})
	fatal(t, err)
	_, err = own.GetChain(t.Context(), chain.GetRequest{Name: "left"})
	fatal(t, err)

	fatal(t, eve.Client.DeleteUser(t.Context(), eve.Username))
	w.refusedSoon(t, eve.Client, "a session of a user who is deleted")
	w.refusedSoon(t, own, "a key of a user who is deleted")
	w.namespaceGone(t, ns)
	if _, err := w.api.CreateUser(t.Context(), user.Create{Username: eve.Username, Password: "correct horse"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("somebody signed up under the name of a user who is deleted: %v", err)
	}
	_, err = w.api.Login(t.Context(), session.Login{Username: eve.Username, Password: eve.Password})
	if fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a user who is deleted logged in: %v", err)
	}
}

func (w *world) namespaceGone(t *testing.T, name string) {
	t.Helper()
	eventually(t, "the namespace "+name+" goes", func(ctx context.Context) error {
		_, err := w.core.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("it is there: %w", errNotYet)
		}
		return err
	})
}
