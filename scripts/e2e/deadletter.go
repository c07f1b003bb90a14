package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/eventing"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/publish"
	"onex.io/onex/shared/store"
)

// keepDeadLetter tells what no subscriber can ever understand, twice, and wants it kept once, with who refused it and
// why.
func (w *world) keepDeadLetter(t *testing.T, ada *life.Life) {
	id := "nonsense-about-" + ada.User.UserID
	for range 2 {
		if err := w.tellNonsense(t, ada.User.UserID); err != nil {
			t.Errorf("the broker passes the refusal on: %v", err)
		}
	}
	type letter struct {
		Destination, Cause, Type string
		Status                   int32
	}
	eventually(t, "the dead letter is kept", func(ctx context.Context) error {
		letters, err := store.In[letter](w.db, "deadletters").List(ctx, bson.D{{Key: "eventID", Value: id}})
		if err != nil {
			return err
		}
		if len(letters) != 1 {
			return fmt.Errorf("%d letters: %w", len(letters), errNotYet)
		}
		l := letters[0]
		if l.Status != 422 || l.Type != eventing.UserCreated || !strings.Contains(l.Destination, "grant-gift") || !strings.Contains(l.Cause, "BadPayload") {
			t.Errorf("kept %+v", l)
		}
		return nil
	})
}

// tellNonsense tells an event whose payload nobody can read.
func (w *world) tellNonsense(t *testing.T, about string) error {
	t.Helper()
	e := cloudevents.NewEvent()
	e.SetType(eventing.UserCreated)
	e.SetSource("/users")
	e.SetID("nonsense-about-" + about)
	fatal(t, e.SetData(cloudevents.ApplicationJSON, []byte(`["not a user"]`)))
	return publish.Broker{URL: brokerURL, HTTP: w.inside}.Send(context.WithoutCancel(t.Context()), e)
}
