// Package op is the contract of an operation: one declaration, from which everything else derives, and the adapters
// that put a plain Go function behind HTTP, an event or a stream.
//
//	{
//		Name: "get-wallet", Summary: "Shows the caller's balance.", Allow: access.SignedIn,
//		Wakes: op.On(op.Get("/v1/wallet")), Handler: op.Request(newGetWallet),
//	}
package op

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/platform"
)

// Operation is the declaration of one operation. It becomes one Knative Service (or StatefulSet, or Job) and
// whatever wakes it.
type Operation struct {
	Name    string // a DNS label: verb-noun
	Summary string // one sentence for people
	// Original is the name that policies of the original have for it, if there is one. The catalog sets it.
	Original string
	Wakes    []Wake
	Allow    access.Level // who may call its routes; the zero value lets nobody in
	Scale    Scale
	Public   bool     // reachable from outside the cluster
	Secrets  []string // keys of the Secret onex-keys that only this operation gets
	Rights   []Right  // what it may do in the object API; without any it has no token for it
	Handler  Handler
}

// Scale bounds an operation's pods. Zero values mean the defaults.
type Scale struct {
	Max         int // most pods; default 10
	Concurrency int // most requests at once in a pod; default 50
}

// OrDefault fills in what is not set: enough for a busy domain, little enough for a small cluster.
func (s Scale) OrDefault() Scale {
	if s.Max == 0 {
		s.Max = 10
	}
	if s.Concurrency == 0 {
		s.Concurrency = 50
	}
	return s
}

// Right is one resource of the object API and what may be done to it, in every namespace.
type Right struct {
	Group    string // empty for the core group
	Resource string
	Verbs    []string
}

// May is the right to do the verbs to the platform's own kind of objects.
func May(resource string, verbs ...string) Right {
	return Right{Group: "apps.onex.io", Resource: resource, Verbs: verbs}
}

// Wake is one thing that wakes an operation; exactly one field is set.
type Wake struct {
	Route    *Route
	Event    *Event
	Schedule *Schedule
	Topic    *Topic
	Deploy   bool // once, when the platform is deployed
	// DeadLetter is by an event that another operation refused for good, or too often.
	DeadLetter bool
	Objects    *Objects
}

// Objects wakes by a change of an object of the platform's own kinds, in any namespace. The event names the object; what
// has become of it is for the operation to read.
type Objects struct{ Kinds []string }

// Resources are the kinds as the object API has them in its paths.
func (o Objects) Resources() []string {
	var all []string
	for _, kind := range o.Kinds {
		all = append(all, strings.ToLower(kind)+"s")
	}
	return all
}

// Route wakes by an HTTP request.
type Route struct{ Method, Path string }

// Event wakes by an event of the broker.
type Event struct{ Type string }

// Schedule wakes by the clock: a cron line, optionally with seconds first.
type Schedule struct{ Cron string }

// Topic wakes by a Kafka topic.
type Topic struct {
	Name       string
	Partitions int
	// Lag is how many waiting records call for one more pod.
	Lag int
}

// On lists what wakes an operation.
func On(wakes ...Wake) []Wake { return wakes }

// Get is a route that reads.
func Get(path string) Wake { return Wake{Route: &Route{Method: http.MethodGet, Path: path}} }

// Post is a route that writes.
func Post(path string) Wake { return Wake{Route: &Route{Method: http.MethodPost, Path: path}} }

// Put is a route that replaces.
func Put(path string) Wake { return Wake{Route: &Route{Method: http.MethodPut, Path: path}} }

// Delete is a route that removes.
func Delete(path string) Wake { return Wake{Route: &Route{Method: http.MethodDelete, Path: path}} }

// AnyPath takes every request, as a gateway does.
func AnyPath() Wake { return Wake{Route: &Route{Path: "/"}} }

// Told wakes by every event of a type.
func Told(eventType string) Wake { return Wake{Event: &Event{Type: eventType}} }

// Changed wakes by every change of an object of the kinds.
func Changed(kinds ...string) Wake { return Wake{Objects: &Objects{Kinds: kinds}} }

// Every wakes by the clock.
func Every(cron string) Wake { return Wake{Schedule: &Schedule{Cron: cron}} }

// From wakes by a topic.
func From(t Topic) Wake { return Wake{Topic: &t} }

// DeadLetters wakes by every event that could not be delivered: the operation is the sink that Triggers name.
func DeadLetters() Wake { return Wake{DeadLetter: true} }

// AtDeploy runs once at every deployment, to its end.
func AtDeploy() Wake { return Wake{Deploy: true} }

// Handler is a plain Go function behind one of the adapters: Request, Stream, OnEvent, OnBatch, Raw or Job.
type Handler struct {
	serve func(*platform.Platform, Operation) (http.Handler, error)
	run   func(context.Context, *platform.Platform, Operation) error
	// describe adds the routes to an API, with their requests and replies.
	describe func(Operation, huma.API)
	in, out  reflect.Type
	streams  bool // the reply goes on, and out is the data of its events
}

// Streams says whether the operation answers with a stream of events.
func (o Operation) Streams() bool { return o.Handler.streams }

// Describe adds the operation's routes to a document, just as the operation itself reads and writes them. One that
// is no request operation adds nothing. The handler reads requests as the operation does, does nothing, and replies so.
func (o Operation) Describe(d *huma.OpenAPI) http.Handler {
	mux := http.NewServeMux()
	if o.Handler.describe != nil {
		o.Handler.describe(o, humago.New(mux, apiConfig(d)))
	}
	return mux
}

// Types are the request and reply of a request operation; nil for the others.
func (h Handler) Types() (in, out reflect.Type) { return h.in, h.out }

// Serves says whether the operation answers HTTP, be it requests or events.
func (o Operation) Serves() bool { return o.Handler.serve != nil }

// HTTP builds the operation's HTTP handler on p.
func (o Operation) HTTP(p *platform.Platform) (http.Handler, error) {
	if !o.Serves() {
		return nil, fmt.Errorf("operation %q answers no HTTP", o.Name)
	}
	h, err := o.Handler.serve(p, o)
	if err != nil {
		return nil, fmt.Errorf("operation %q: %w", o.Name, err)
	}
	return h, nil
}

// Run runs an operation that answers no HTTP: a job to its end, a stream until ctx ends.
func (o Operation) Run(ctx context.Context, p *platform.Platform) error {
	if o.Handler.run == nil {
		return fmt.Errorf("operation %q does not run, it serves", o.Name)
	}
	if err := o.Handler.run(ctx, p, o); err != nil {
		return fmt.Errorf("operation %q: %w", o.Name, err)
	}
	return nil
}

// Keys are the keys of the Secret onex-keys that the operation gets beside the public ones: its own, and where it
// takes requests, the one by which it knows the gateway. One that asks who calls gets the key that opens what users sign
// their tokens with, and so does one that keeps its answers, which are sealed with it.
func (o Operation) Keys() []string {
	keys := slices.Clone(o.Secrets)
	if o.Handler.in == nil {
		return keys
	}
	posts := slices.ContainsFunc(o.Routes(), func(r Route) bool { return r.Method == http.MethodPost })
	if o.Allow != access.Anyone || posts {
		keys = append(keys, "ONEX_SECRETS_KEY")
	}
	return append(keys, "ONEX_ORIGIN_KEY")
}

// Routes are the routes that wake the operation.
func (o Operation) Routes() []Route {
	var routes []Route
	for _, w := range o.Wakes {
		if w.Route != nil {
			routes = append(routes, *w.Route)
		}
	}
	return routes
}

// Topic is the topic that wakes the operation, or nil.
func (o Operation) Topic() *Topic {
	for _, w := range o.Wakes {
		if w.Topic != nil {
			return w.Topic
		}
	}
	return nil
}

// GetsDeadLetters says whether the operation is the sink of what others could not take.
func (o Operation) GetsDeadLetters() bool {
	return slices.ContainsFunc(o.Wakes, func(w Wake) bool { return w.DeadLetter })
}

// DeadLetterSink is the operation that gets what the others could not take; empty when there is none.
func DeadLetterSink(all []Operation) string {
	if i := slices.IndexFunc(all, Operation.GetsDeadLetters); i >= 0 {
		return all[i].Name
	}
	return ""
}
