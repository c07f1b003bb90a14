package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/eventing"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/publish"
)

const brokerURL = "http://broker-ingress.knative-eventing.svc.cluster.local/onex/default"

// changeFilter turns the gift's Trigger away from its event and back. Somebody who signs up in between has no gift
// when somebody who signed up later has one. Then the event is told again, and again: one gift comes of it.
func (w *world) changeFilter(t *testing.T) {
	t.Cleanup(func() { fatal(t, w.setFilter(context.Background(), eventing.UserCreated)) })
	fatal(t, w.setFilter(t.Context(), "io.onex.nothing.v1"))
	w.awaitFilter(t, false)
	early := w.newcomer(t)
	fatal(t, w.setFilter(t.Context(), eventing.UserCreated))
	w.awaitFilter(t, true)
	if wallet, err := early.Client.GetWallet(t.Context(), 1); err != nil || wallet.Count != 0 {
		t.Fatalf("a gift came through a filter that excludes it: %+v, %v", wallet, err)
	}
	for range 3 {
		w.tellAgain(t, early.User.UserID)
	}
	fatal(t, early.ReceiveGift(t.Context()))
	w.tellAgain(t, early.User.UserID)
	_ = w.tell(t, "user-nobodyatall") // a synchronous broker passes the refusal on
	fatal(t, w.newcomer(t).ReceiveGift(t.Context()))
	if wallet, err := early.Client.GetWallet(t.Context(), 1); err != nil || wallet.Count != 1 {
		t.Errorf("events that came again gave %+v, %v", wallet, err)
	}
}

// giftWindow is how long a gift may take from a function that sleeps; who has none then gets none.
const giftWindow = 8 * time.Second

// awaitFilter signs newcomers up until one fares as the new filter says: a filter takes a moment to be known
// everywhere. Whoever got no gift meanwhile gets it in the end.
func (w *world) awaitFilter(t *testing.T, gifted bool) {
	eventually(t, fmt.Sprintf("newcomers get a gift: %t", gifted), func(context.Context) error {
		l := w.newcomer(t)
		t.Cleanup(func() { w.tellAgain(t, l.User.UserID) })
		ctx, cancel := context.WithTimeout(t.Context(), giftWindow)
		defer cancel()
		if got := l.ReceiveGift(ctx) == nil; got != gifted {
			return errNotYet
		}
		return nil
	})
}

func (w *world) newcomer(t *testing.T) *life.Life {
	l := life.New(life.Options{Client: w.api, Out: lines{t}, Patience: patience})
	fatal(t, l.SignUp(t.Context()))
	fatal(t, l.LogIn(t.Context()))
	return l
}

func (w *world) tellAgain(t *testing.T, userID string) {
	t.Helper()
	fatal(t, w.tell(t, userID))
}

// tell says that a user was created, as anybody in the cluster could.
func (w *world) tell(t *testing.T, userID string) error {
	t.Helper()
	e, err := eventing.New(eventing.UserCreated, "/users", userID, time.Now(), eventing.UserCreatedData{UserID: userID})
	fatal(t, err)
	return publish.Broker{URL: brokerURL, HTTP: w.inside}.Send(context.WithoutCancel(t.Context()), e)
}

// tick wakes an operation as its clock would.
func (w *world) tick(ctx context.Context, name string) error {
	e, err := eventing.New("dev.knative.sources.ping", "/clock", rand.Text(), time.Now(), struct{}{})
	if err != nil {
		return err
	}
	return publish.Broker{URL: "http://" + name + ".onex.svc.cluster.local", HTTP: w.inside}.Send(ctx, e)
}

// setFilter changes the event type that grant-gift's Trigger wants, where the platform reads its Triggers.
func (w *world) setFilter(ctx context.Context, eventType string) error {
	if w.o.Triggers == "" {
		patch := fmt.Sprintf(`{"spec":{"filters":[{"exact":{"type":%q}}]}}`, eventType)
		triggers := schema.GroupVersionResource{Group: "eventing.knative.dev", Version: "v1", Resource: "triggers"}
		_, err := w.dynamic.Resource(triggers).Namespace("onex").Patch(ctx, "grant-gift", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		return err
	}
	file := filepath.Join(w.o.Triggers, "grant-gift.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if before, _, ok := strings.Cut(line, "type: "); ok {
			lines[i] = before + "type: " + eventType
		}
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644)
}
