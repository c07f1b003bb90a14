package eventing_test

import (
	"strings"
	"testing"
	"time"

	"onex.io/onex/eventing"
)

func TestChainSourceReadsBack(t *testing.T) {
	ns, chain, ok := eventing.ChainOfSource(eventing.ChainSource("user-a", "harbour"))
	if !ok || ns != "user-a" || chain != "harbour" {
		t.Errorf("got %q %q %v", ns, chain, ok)
	}
	for _, bad := range []string{"", "/", "/namespaces//chains/x", "/namespaces/a/chains/", "namespaces/a/chains/b/c", "/apis/v1/namespaces/a/pingsources/b"} {
		if _, _, ok := eventing.ChainOfSource(bad); ok {
			t.Errorf("%q was taken for a chain", bad)
		}
	}
}

func TestNewMakesTheSameEventForTheSameFact(t *testing.T) {
	at := time.Unix(1700000000, 0)
	a, err := eventing.New(eventing.UserCreated, "/users", "user-a", at, eventing.UserCreatedData{UserID: "user-a"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := eventing.New(eventing.UserCreated, "/users", "user-a", at, eventing.UserCreatedData{UserID: "user-a"})
	if err != nil || a.String() != b.String() {
		t.Errorf("two tellings differ:\n%s\n%s\n%v", a, b, err)
	}
	if string(a.Data()) != `{"userID":"user-a"}` {
		t.Errorf("payload %s", a.Data())
	}
}

func TestNewRefusesAnEventWithoutId(t *testing.T) {
	if _, err := eventing.New(eventing.UserCreated, "/users", "", time.Now(), nil); err == nil {
		t.Error("accepted")
	}
}

func TestAPayloadThatIsNoJSONIsAnError(t *testing.T) {
	if _, err := eventing.New(eventing.UserCreated, "/users", "user-a", time.Now(), make(chan int)); err == nil || !strings.Contains(err.Error(), "user-a") {
		t.Errorf("got %v", err)
	}
}

func TestEveryTypeIsSaidByItsOwnWord(t *testing.T) {
	seen := map[string]bool{eventing.Tick: true}
	for _, eventType := range eventing.Types() {
		if seen[eventType] {
			t.Errorf("%q is said twice", eventType)
		}
		seen[eventType] = true
	}
	if len(eventing.Topics()) != 1 || eventing.Topics()[0] != eventing.AuditTopic {
		t.Errorf("topics %v", eventing.Topics())
	}
}

// Anybody may send an event, so anything may stand in its source.
func FuzzChainOfSource(f *testing.F) {
	for _, seed := range []string{"/namespaces/user-a/chains/harbor", "/namespaces//chains/", "/", "", "/namespaces/a/chains/b/c", "namespaces/a/chains/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		namespace, chain, ok := eventing.ChainOfSource(source)
		if !ok {
			return
		}
		if eventing.ChainSource(namespace, chain) != source || namespace == "" || chain == "" || strings.Contains(namespace+chain, "/") {
			t.Errorf("%q was read as %q and %q", source, namespace, chain)
		}
	})
}
