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

// letter is as much of a dead letter as the tests look at.
type letter struct {
	Destination, Cause, Type string
	Status                   int32
}

// letters are the dead letters of the nonsense about somebody.
func (w *world) letters(ctx context.Context, about string) ([]letter, error) {
	return store.In[letter](w.db, "deadletters").List(ctx, bson.D{{Key: "eventID", Value: nonsense + about}})
}

// keepDeadLetter tells what no subscriber can ever understand, twice, and wants it kept once, with who refused it and
// why.
func (w *world) keepDeadLetter(t *testing.T, ada *life.Life) {
	for range 2 {
		if err := w.tellNonsense(t, eventing.UserCreated, ada.User.UserID); err != nil {
			t.Errorf("the broker passes the refusal on: %v", err)
		}
	}
	eventually(t, "the dead letter is kept", func(ctx context.Context) error {
		letters, err := w.letters(ctx, ada.User.UserID)
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

// nonsense is what the ids of events begin with whose payload nobody can read.
const nonsense = "nonsense-about-"

// tellNonsense tells an event whose payload nobody can read.
func (w *world) tellNonsense(t *testing.T, eventType, about string) error {
	t.Helper()
	e := cloudevents.NewEvent()
	e.SetType(eventType)
	e.SetSource("/users")
	e.SetID(nonsense + about)
	fatal(t, e.SetData(cloudevents.ApplicationJSON, []byte(`["not a user"]`)))
	return publish.Broker{URL: brokerURL, HTTP: w.inside}.Send(context.WithoutCancel(t.Context()), e)
}
