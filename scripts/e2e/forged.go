package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/e2e/forgery"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/store"
)

// forgedEvents has somebody put events of every type on the Broker, and hand them to every function that hears events,
// from a pod in the own namespace. Nobody gets anything by it.
func (w *world) forgedEvents(t *testing.T, ada *life.Life) {
	eve := w.newcomer(t)
	fatal(t, eve.ReceiveGift(t.Context()))
	before := w.purse(t, eve)
	events := forgery.Events(forgery.Target{Self: eve.User.UserID, Victim: ada.User.UserID, Chain: ada.Chain.Name, ChainID: string(ada.Chain.UID)})
	all := forgery.To(brokerURL, events)
	for _, name := range forgery.Listeners() {
		all = append(all, forgery.To(addressOf(name)+"/", events)...)
	}
	w.forge(t, eve, all)

	fatal(t, w.newcomer(t).ReceiveGift(t.Context())) // the Broker has passed on what was told later
	if after := w.purse(t, eve); after.Balance != before.Balance || after.Count != before.Count {
		t.Errorf("the forger had %+v and has %+v", before, after)
	}
	quota, err := eve.Client.GetQuota(t.Context())
	if err != nil || quota.Used != 0 {
		t.Errorf("the forger's slots: %+v, %v", quota, err)
	}
	stranger, err := store.In[ledger.Entry](w.db, "ledger").List(t.Context(), bson.D{{Key: "account", Value: forgery.Stranger}})
	if err != nil || len(stranger) > 0 {
		t.Errorf("a stranger got %v, %v", stranger, err)
	}
	if _, err := store.In[audit.Record](w.db, "audit").Get(t.Context(), forgery.Mark+"record"); fault.KindOf(err) != fault.Missing {
		t.Errorf("a forged record was accepted: %v", err)
	}
}

func (w *world) purse(t *testing.T, l *life.Life) *wallet.Wallet {
	t.Helper()
	p, err := l.Client.GetWallet(t.Context(), 1)
	fatal(t, err)
	return p
}

// addressOf is where an operation answers inside the cluster.
func addressOf(operation string) string { return "http://" + operation + ".onex.svc.cluster.local" }

// forge sends forgeries from a pod with the forger, or where no image for that is named, from here.
func (w *world) forge(t *testing.T, eve *life.Life, all []forgery.Forgery) {
	t.Helper()
	image := os.Getenv("ONEX_FORGER")
	if image == "" {
		for _, f := range all {
			if _, _, err := w.send(t.Context(), w.inside, f); err != nil {
				t.Errorf("forgery to %s: %v", f.URL, err)
			}
		}
		return
	}
	text, err := json.Marshal(all)
	fatal(t, err)
	pods := w.core.CoreV1().Pods(eve.User.UserID)
	_, err = pods.Create(t.Context(), forger(image, string(text)), metav1.CreateOptions{})
	fatal(t, err)
	eventually(t, "the forger is done", func(ctx context.Context) error {
		pod, err := pods.Get(ctx, "forger", metav1.GetOptions{})
		if err != nil {
			return err
		}
		switch pod.Status.Phase {
		case corev1.PodSucceeded:
			return nil
		case corev1.PodFailed:
			log, err := pods.GetLogs("forger", &corev1.PodLogOptions{}).DoRaw(ctx)
			t.Fatalf("the forger failed: %s, %v", log, err)
		}
		return fmt.Errorf("pod is %s: %w", pod.Status.Phase, errNotYet)
	})
	fatal(t, pods.Delete(t.Context(), "forger", metav1.DeleteOptions{}))
}

// forger is a pod that a user's namespace takes.
func forger(image, forgeries string) *corev1.Pod {
	yes, no := true, false
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "forger"}, Spec: corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: &no,
		Containers: []corev1.Container{{
			Name: "forger", Image: image, Env: []corev1.EnvVar{{Name: "ONEX_FORGERIES", Value: forgeries}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		}},
	}}
}

// send posts one forgery and gives the status and the headers of the answer.
func (w *world) send(ctx context.Context, client *http.Client, f forgery.Forgery) (int, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, strings.NewReader(f.Body))
	if err != nil {
		return 0, nil, err
	}
	return answer(client, request, f.Header)
}

func answer(client *http.Client, request *http.Request, header map[string]string) (int, http.Header, error) {
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Header, errors.Join(err, response.Body.Close())
}
