package runner_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"onex.io/onex/knative/local/runner"
)

// witness hears all that a platform says: replies, events on their way and on topics, log lines, and what the store has
// kept. Whatever is a secret among it, and among what it is told, it keeps as one.
type witness struct {
	mu      sync.Mutex
	secrets map[string]string // what it is, by its text
	said    []utterance
}

// utterance is something that the platform said, and where.
type utterance struct {
	place place
	where string // exactly
	text  string
}

// place is where platforms speak.
type place string

const (
	replies    place = "replies"
	events     place = "events"     // those that are sent to the Broker and to functions, with the answers
	topics     place = "topics"     // of Kafka
	happenings place = "happenings" // the object API's own events
	logs       place = "log lines"
	stored     place = "the store"
)

// The kinds of secrets.
const (
	aPassword    = "password"
	aToken       = "token"
	aSecretKey   = "secret key"
	aHash        = "hash"
	aPlatformKey = "key of the platform"
)

// known is all that may be told: the fields of these good replies to who asks for them, and of this collection.
func known(where string) []string {
	return map[string][]string{
		"POST /v1/auth/login 200":         {"accessToken", "refreshToken"},
		"POST /v1/auth/refresh-token 200": {"accessToken", "refreshToken"},
		"POST /v1/secrets 200":            {"secretKey"},
		"users":                           {"passwordHash", "deployedHash"},
	}[where]
}

// looks are how secrets look that nobody has shown to the witness, such as the tokens of the platform's own parts.
func looks() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		aToken:       regexp.MustCompile(`eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}`),
		aHash:        regexp.MustCompile(`\$argon2id?\$|\$2[aby]\$\d\d\$`),
		aPlatformKey: regexp.MustCompile(`BEGIN [A-Z ]*PRIVATE KEY`),
	}
}

// newWitness hears the log of the platform that is started with o.
func newWitness(o *runner.Options) *witness {
	w := &witness{secrets: map[string]string{}}
	o.Log = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return w
}

// Write takes a line of the log.
func (w *witness) Write(line []byte) (int, error) {
	w.hear(logs, "the platform", string(line))
	return len(line), nil
}

func (w *witness) hear(p place, where, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, utterance{p, where, text})
}

// shortest is in bytes: anything shorter would be found everywhere.
const shortest = 8

func (w *witness) keep(what, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(text) >= shortest {
		w.secrets[text] = what
	}
}

// harvest keeps the secrets of a JSON text: each field that has one, however deep.
func (w *witness) harvest(text []byte) {
	var v any
	if json.Unmarshal(text, &v) == nil {
		w.gather("", v)
	}
}

func (w *witness) gather(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			w.gather(strings.ToLower(name), inner)
		}
	case []any:
		for _, inner := range v {
			w.gather(name, inner)
		}
	case string:
		switch {
		case strings.Contains(name, "password"):
			w.keep(aPassword, v)
		case strings.HasSuffix(name, "token"):
			w.keep(aToken, v)
		case name == "secretkey":
			w.keep(aSecretKey, v)
		}
	}
}

// findings names each place where a secret was told, and which kind.
func (w *witness) findings() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, looks := map[string]bool{}, looks()
	for _, u := range w.said {
		for text, what := range w.secrets {
			if strings.Contains(u.text, text) {
				found[fmt.Sprintf("%s (%s): a %s", u.place, u.where, what)] = true
			}
		}
		for what, look := range looks {
			if look.MatchString(u.text) {
				found[fmt.Sprintf("%s (%s): a %s", u.place, u.where, what)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// has tells whether something was said in a place, about which where says something.
func (w *witness) has(p place, where string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.said, func(u utterance) bool { return u.place == p && strings.Contains(u.where, where) })
}

// verdict names each place where a secret was told. It takes no silence for an answer: of each kind of secrets there
// has to be one, and of each place a word.
func (w *witness) verdict(t *testing.T, b *building, isolated bool) {
	t.Helper()
	eventually(t, "the last event is heard", func() bool { return w.has(events, "io.onex.user.deleted.v1") })
	w.hearAll(t, b)
	for _, finding := range w.findings() {
		t.Error(finding)
	}
	kinds, places := map[string]int{}, map[place]int{}
	for _, what := range w.secrets {
		kinds[what]++
	}
	for _, u := range w.said {
		places[u.place]++
	}
	t.Logf("looked for %v in %v", kinds, places)
	for _, what := range []string{aPassword, aToken, aSecretKey, aHash, aPlatformKey} {
		if kinds[what] == 0 {
			t.Errorf("no %s was in play", what)
		}
	}
	for p, where := range map[place]string{
		replies: "POST /v1/auth/login 200", events: "io.onex.user.created.v1", topics: "audit", happenings: "user-", logs: "pods/", stored: "deadletters",
	} {
		if !w.has(p, where) {
			t.Errorf("of %s this hears nothing of %s: %v", p, where, places)
		}
	}
	if isolated && !w.has(logs, "functions/login.log") {
		t.Error("this does not hear the processes' logs")
	}
}
