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

// elsewhere is an event type that no operation tells.
const elsewhere = "io.onex.nothing.v1"

// changeFilter turns the gift's Trigger away from its event and back. Somebody who signs up in between has no gift
// when somebody who signed up later has one. Then the event is told again, and again: one gift comes of it.
func (w *world) changeFilter(t *testing.T) {
	t.Cleanup(func() { fatal(t, w.setFilter(context.Background(), eventing.UserCreated)) })
	fatal(t, w.setFilter(t.Context(), elsewhere))
	w.awaitRefusal(t)
	early := w.newcomer(t)
	fatal(t, w.setFilter(t.Context(), eventing.UserCreated))
	w.awaitGift(t)
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

// awaitRefusal tells nonsense of the type that the filter lets through now, until it is refused: a filter takes a
// moment to be known everywhere.
func (w *world) awaitRefusal(t *testing.T) {
	about := rand.Text()
	eventually(t, "an event of type "+elsewhere+" is refused", func(ctx context.Context) error {
		if err := w.tellNonsense(t, elsewhere, about); err != nil {
			t.Logf("the broker passes the refusal on: %v", err)
		}
		letters, err := w.letters(ctx, about)
		if err == nil && len(letters) == 0 {
			err = errNotYet
		}
		return err
	})
}

// awaitGift signs somebody up, and tells of it until there is a gift: before the filter is known, none comes of it.
func (w *world) awaitGift(t *testing.T) {
	l := w.newcomer(t)
	eventually(t, "an event brings a gift", func(ctx context.Context) error {
		w.tellAgain(t, l.User.UserID)
		wallet, err := l.Client.GetWallet(ctx, 1)
		if err == nil && wallet.Count == 0 {
			err = errNotYet
		}
		return err
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
	next := file + ".next" // one that is half written must not be read
	if err := os.WriteFile(next, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		return err
	}
	return os.Rename(next, file)
}
