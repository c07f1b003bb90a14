package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/e2e/forgery"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/quota"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
)

// onlyTheGateway asks the public ingress for every function but the gateway, by every name that it has.
func (w *world) onlyTheGateway(t *testing.T) {
	_, domain, _ := strings.Cut(w.o.Host, ".")
	for _, o := range catalog.Operations() {
		if !o.Serves() || o.Public {
			continue
		}
		for _, host := range []string{o.Name + "." + domain, o.Name + ".onex.svc.cluster.local", o.Name + ".onex.svc", o.Name + ".onex", o.Name} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.o.Addr+"/healthz", nil)
			fatal(t, err)
			request.Host = host
			status, header, err := answer(http.DefaultClient, request, forgery.Headers("admin"))
			if err != nil || status < 400 || header.Get(op.RequestIDHeader) != "" {
				t.Errorf("the ingress answers for %s: %d, %v, %v", host, status, header, err)
			}
		}
	}
}

// straight calls every operation at its own address, and at those of its pods where there are any, past gateway and
// ingress: without a token, and with headers that claim to be somebody.
func (w *world) straight(t *testing.T, ada *life.Life) {
	claims := forgery.Headers(ada.User.UserID)
	var calls errgroup.Group
	calls.SetLimit(wakeAtOnce)
	for _, o := range catalog.Operations() {
		if o.Public || len(o.Routes()) == 0 || o.Allow == access.Anyone {
			continue
		}
		calls.Go(func() error {
			route := o.Routes()[0]
			if err := w.refuses(t.Context(), o.Name, route, addressOf(o.Name), claims); err != nil {
				t.Error(err)
			}
			for _, address := range w.podsOf(t.Context(), o.Name) {
				if err := w.refuses(t.Context(), o.Name, route, address, claims); err != nil {
					t.Error(err)
				}
			}
			return nil
		})
	}
	_ = calls.Wait() // each has reported
}

// refuses wants 401 from an address, and none of the caller's names for the request.
func (w *world) refuses(ctx context.Context, operation string, route op.Route, address string, claims map[string]string) error {
	request, err := http.NewRequestWithContext(ctx, route.Method, address+someone(route), strings.NewReader("{}"))
	if err != nil {
		return err
	}
	request.Host = strings.TrimPrefix(addressOf(operation), "http://")
	caller := w.inside
	if !strings.HasPrefix(address, addressOf(operation)) {
		caller = http.DefaultClient
	}
	status, header, err := answer(caller, request, claims)
	if err != nil {
		return fmt.Errorf("%s at %s: %w", operation, address, err)
	}
	if status != http.StatusUnauthorized || strings.HasPrefix(header.Get(op.RequestIDHeader), forgery.Mark) {
		return fmt.Errorf("%s at %s answers %d, as request %q", operation, address, status, header.Get(op.RequestIDHeader))
	}
	return nil
}

// podsOf are the addresses of an operation's pods: the proxy's, and the function's own beside it.
func (w *world) podsOf(ctx context.Context, operation string) []string {
	pods, err := w.core.CoreV1().Pods("onex").List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=" + operation})
	if err != nil {
		return nil
	}
	var addresses []string
	for _, p := range pods.Items {
		if life.PodReady(&p) && p.DeletionTimestamp == nil {
			addresses = append(addresses, "http://"+p.Status.PodIP+":8012", "http://"+p.Status.PodIP+":8080")
		}
	}
	return addresses
}

// claimed sends headers that claim to be somebody with everything a user does.
type claimed struct{ claims map[string]string }

// RoundTrip adds the claims.
func (c claimed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range c.claims {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// forgedHeaders has somebody claim, in headers, to be another, with a token of the own.
func (w *world) forgedHeaders(t *testing.T, ada *life.Life) {
	eve := w.newcomer(t)
	fatal(t, eve.ReceiveGift(t.Context()))
	liar := client.New(w.o.Addr, client.Options{
		Host: w.o.Host, HTTP: &http.Client{Transport: claimed{forgery.Headers(ada.User.UserID)}},
	})
	if _, err := liar.GetWallet(t.Context(), 1); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("headers were taken for a token: %v", err)
	}
	liar = liar.WithToken(eve.Tokens.AccessToken)
	if got, err := liar.GetWallet(t.Context(), 1); err != nil || got.UserID != eve.User.UserID {
		t.Errorf("got the wallet %+v, %v", got, err)
	}
	if _, err := liar.GetMinerSet(t.Context(), minerset.GetRequest{Name: ada.MinerSet.Name}); fault.KindOf(err) != fault.Missing {
		t.Errorf("saw another's pool: %v", err)
	}
	if _, err := liar.SetQuota(t.Context(), eve.User.UserID, quota.Allowance{Miners: 1000}); fault.KindOf(err) != fault.Denied {
		t.Errorf("raised the own quota: %v", err)
	}
	if err := liar.BuySlot(t.Context(), slotOf(ada)); fault.KindOf(err) != fault.Denied {
		t.Errorf("bought a slot as the platform: %v", err)
	}
}
