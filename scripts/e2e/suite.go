package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/fault"
)

// Run lives a life on the platform and looks at it from every side. What it makes, it removes.
func Run(t *testing.T, o Options) {
	w := open(t, o)
	seen := w.watch(t)
	ada := life.New(life.Options{Client: w.api, Pods: w.core.CoreV1(), Out: lines{t}, Patience: patience})
	fatal(t, ada.Play(t.Context()))
	t.Run("kubectl shows the columns that it should", func(t *testing.T) { w.columns(t, ada) })
	t.Run("nobody gets in without a valid token", func(t *testing.T) { w.defaultDeny(t, ada) })
	t.Run("nobody sees another's namespace", func(t *testing.T) { w.ownNamespaceOnly(t, ada) })
	t.Run("headers make nobody of a caller", func(t *testing.T) { w.forgedHeaders(t, ada) })
	t.Run("an operation refuses who comes straight to it without a token", func(t *testing.T) { w.straight(t, ada) })
	t.Run("forged events change nothing", func(t *testing.T) { w.forgedEvents(t, ada) })
	if seen.serverless {
		t.Run("the ingress knows the gateway alone", w.onlyTheGateway)
		t.Run("accounts may do what the table says", func(t *testing.T) { w.rights(t, ada) })
	}
	t.Run("a session ends when it should, and a key of one's own goes on", w.sessions)
	t.Run("the administrator of the first start sees every namespace and raises a quota", func(t *testing.T) { w.administrator(t, ada) })
	t.Run("bad input names the field and changes nothing", func(t *testing.T) { w.badInput(t, ada) })
	t.Run("a filter that changes changes what is delivered, and an event that comes again gives nothing", func(t *testing.T) { w.changeFilter(t) })
	t.Run("what is refused for good is kept, with its cause", func(t *testing.T) { w.keepDeadLetter(t, ada) })
	t.Run("five miners mine where three did", func(t *testing.T) { w.grow(t, ada) })
	if seen.serverless {
		t.Run("a function that is killed is there again for the next request", func(t *testing.T) { w.killFunction(t, ada) })
	}
	t.Run("a miner that is killed, and the reconciler with it, comes back in its slot, free of charge", func(t *testing.T) { w.killMiner(t, ada) })
	t.Run("the ledger agrees with the world", func(t *testing.T) { w.auditLedger(t, ada, seen) })
	t.Run("a stream tells of each block as it comes", func(t *testing.T) { w.stream(t, ada) })
	t.Run("search finds what kubectl shows", func(t *testing.T) { w.inventory(t, ada) })
	t.Run("pages, earnings, quota and quote agree", func(t *testing.T) { w.economy(t, ada) })
	t.Run("every decision is on record", func(t *testing.T) {
		w.auditDecisions(t, ada, "list-miner-types true", "quote-minerset true", "scale-minerset true", "buy-slot false")
	})
	if o.Collector != nil {
		t.Run("a collector hears of every request, and of one trace from the click to the coin", func(t *testing.T) { w.telemetry(t, ada) })
	}
	t.Run("what is deleted is gone, and the money adds up", func(t *testing.T) { w.remove(t, ada) })
	t.Run("search finds nothing of what is gone", func(t *testing.T) { w.inventoryEmpty(t, ada) })
	t.Run("a deleted pool gives its places back", func(t *testing.T) { w.placesReturned(t, ada) })
	t.Run("who leaves takes everything along but the name", w.leave)
	if seen.serverless {
		t.Run("every operation came from nothing and went back to it", func(t *testing.T) { w.fromZeroToZero(t, seen) })
	}
}

// Audit holds the ledger of the platform against the world, as far as one life goes that was lived on it.
func Audit(t *testing.T, o Options, ada *life.Life) {
	w := open(t, o)
	w.auditLedger(t, ada, w.watch(t))
	w.auditDecisions(t, ada)
}

// lines prints a life's steps as the test's log.
type lines struct{ t *testing.T }

// Write logs one line.
func (l lines) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

func (w *world) ownNamespaceOnly(t *testing.T, ada *life.Life) {
	eve := life.New(life.Options{Client: w.api, Out: lines{t}, Patience: patience})
	fatal(t, eve.SignUp(t.Context()))
	fatal(t, eve.LogIn(t.Context()))
	if _, err := eve.Client.GetMinerSet(t.Context(), minerset.GetRequest{Name: ada.MinerSet.Name}); fault.KindOf(err) != fault.Missing {
		t.Errorf("another's MinerSet: %v", err)
	}
	_, err := eve.Client.CreateChain(t.Context(), &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: "trap", Namespace: ada.User.UserID}})
	if fault.KindOf(err) != fault.Denied {
		t.Errorf("a chain in another's namespace: %v", err)
	}
}

func (w *world) badInput(t *testing.T, ada *life.Life) {
	for _, row := range []struct{ name, method, path, body, want string }{
		{"broken JSON", "POST", "/v1/users", `{"username":`, "400 InvalidParameter body"},
		{"a password too short", "POST", "/v1/users", `{"username":"bob","password":"x"}`, "400 InvalidParameter body.password"},
		{"a username that is taken", "POST", "/v1/users", fmt.Sprintf(`{"username":%q,"password":"longenough"}`, ada.Username), "409 UserAlreadyExists username"},
		{"a wrong password", "POST", "/v1/auth/login", fmt.Sprintf(`{"username":%q,"password":"wrong"}`, ada.Username), "401 UserLoginFailed"},
		{"a user who does not exist", "POST", "/v1/auth/login", `{"username":"nobody-at-all","password":"wrong"}`, "401 UserLoginFailed"},
		{"negative replicas", "POST", "/v1/minersets", `{"metadata":{"name":"bad"},"spec":{"replicas":-1,"template":{"spec":{"chainName":"harbor"}}}}`, "400 InvalidParameter spec.replicas"},
		{"an unknown miner type", "POST", "/v1/minersets", `{"metadata":{"name":"bad"},"spec":{"template":{"spec":{"chainName":"harbor","minerType":"XXL"}}}}`, "400 InvalidParameter spec.template.spec.minerType"},
		{"a chain that is not there", "POST", "/v1/minersets", `{"metadata":{"name":"bad"},"spec":{"template":{"spec":{"chainName":"atlantis"}}}}`, "400 InvalidParameter spec.template.spec.chainName"},
		{"a body of 10 MB", "POST", "/v1/chains", `{"metadata":{"name":"` + strings.Repeat("x", 10<<20) + `"}}`, "413 BodyTooLarge"},
		{"another's namespace", "POST", "/v1/chains", `{"metadata":{"name":"trap","namespace":"kube-system"}}`, "403 Forbidden metadata.namespace"},
		{"no name", "POST", "/v1/chains", `{"spec":{}}`, "400 InvalidParameter metadata.name"},
		{"a chain that is there", "POST", "/v1/chains", `{"metadata":{"name":"harbor"}}`, "409 AlreadyExists"},
		{"a path that nobody answers", "GET", "/v1/nothing", "", "404 PageNotFound"},
		{"a method that nobody answers", "DELETE", "/v1/wallet", "", "404 PageNotFound"},
	} {
		got, err := w.plain(t.Context(), row.method, row.path, row.body, ada.Tokens.AccessToken)
		if err != nil || strings.TrimSpace(got) != row.want {
			t.Errorf("%s: %q, want %q (%v)", row.name, got, row.want, err)
		}
	}
}

func (w *world) grow(t *testing.T, ada *life.Life) {
	fatal(t, ada.Scale(t.Context()))
	fatal(t, ada.SeeMinersRun(t.Context()))
}

func (w *world) remove(t *testing.T, ada *life.Life) {
	ns := ada.User.UserID
	fatal(t, ada.Leave(t.Context()))
	fatal(t, ada.CountMoney(t.Context()))
	eventually(t, "the services of "+ns+" go", func(ctx context.Context) error {
		services, err := w.core.CoreV1().Services(ns).List(ctx, metav1.ListOptions{})
		if err == nil && len(services.Items) > 0 {
			err = fmt.Errorf("%d services: %w", len(services.Items), errNotYet)
		}
		return err
	})
	fatal(t, w.objects.DeleteNamespace(t.Context(), ns))
}

// killFunction kills the pods of an operation by force, which at that moment is warm, and asks it again.
func (w *world) killFunction(t *testing.T, ada *life.Life) {
	before, err := ada.Client.GetWallet(t.Context(), 1)
	fatal(t, err)
	fatal(t, w.core.CoreV1().Pods("onex").DeleteCollection(t.Context(), life.ByForce(),
		metav1.ListOptions{LabelSelector: "serving.knative.dev/service=get-wallet"}))
	eventually(t, "get-wallet answers again", func(ctx context.Context) error {
		after, err := ada.Client.GetWallet(ctx, 1)
		if err == nil && after.Count < before.Count {
			t.Errorf("%d entries, and before it was killed %d", after.Count, before.Count)
		}
		return err
	})
}

// killMiner kills a miner's pod without grace, and where the reconciler runs in pods, those too. It waits for another
// pod in the miner's place, and until the chain has grown on.
func (w *world) killMiner(t *testing.T, ada *life.Life) {
	fatal(t, w.core.CoreV1().Pods("onex").DeleteCollection(t.Context(), life.ByForce(),
		metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=reconciler"}))
	fatal(t, ada.KillMiner(t.Context()))
	fatal(t, ada.SeeItReplaced(t.Context()))
	head, err := w.height(t.Context(), ada)
	fatal(t, err)
	eventually(t, "the chain grows on", func(ctx context.Context) error {
		h, err := w.height(ctx, ada)
		if err == nil && h <= head {
			err = fmt.Errorf("height %d: %w", h, errNotYet)
		}
		return err
	})
}

// plain sends a body as it is and tells status, reason and the field at fault.
func (w *world) plain(ctx context.Context, method, path, body, token string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.o.Addr+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Host = w.o.Host
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var p struct {
		Code     int
		Reason   string
		Metadata map[string]string
	}
	if err := decode(response.Body, &p); err != nil {
		return "", err
	}
	field := p.Metadata["field"]
	if field == "" && p.Code == http.StatusBadRequest {
		for name := range p.Metadata {
			field = name
		}
	}
	return fmt.Sprintf("%d %s %s", response.StatusCode, p.Reason, field), nil
}
