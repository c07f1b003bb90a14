package op_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/stream"
)

var errBuild = errors.New("ONEX_TOKEN_KEY is not set")

func TestAnOperationThatCannotBeBuiltSaysWhich(t *testing.T) {
	w := newWorld(t)
	for name, h := range map[string]op.Handler{
		"request": op.Request(func(*platform.Platform) (op.RequestFunc[order, receipt], error) { return nil, errBuild }),
		"event":   op.OnEvent(func(*platform.Platform) (op.EventFunc, error) { return nil, errBuild }),
		"raw":     op.Raw(func(*platform.Platform) (http.Handler, error) { return nil, errBuild }),
	} {
		_, err := op.Operation{Name: "login", Handler: h}.HTTP(w.platform)
		if !errors.Is(err, errBuild) || !strings.Contains(err.Error(), `"login"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	batch := op.OnBatch(func(*platform.Platform) (op.BatchFunc, error) { return nil, errBuild })
	o := op.Operation{Name: "store-audit", Handler: batch, Wakes: op.On(op.From(op.Topic{Name: "audit"}))}
	if err := o.Run(t.Context(), w.platform); !errors.Is(err, errBuild) || !strings.Contains(err.Error(), `"store-audit"`) {
		t.Errorf("batch: got %v", err)
	}
}

func TestAnOperationServesOrRuns(t *testing.T) {
	w := newWorld(t)
	serves, runs := hearing(accept), op.Operation{Name: "job", Handler: op.Job(func(context.Context, *platform.Platform) error { return nil })}
	if !serves.Serves() || runs.Serves() {
		t.Errorf("serves: %v, runs: %v", serves.Serves(), runs.Serves())
	}
	if err := serves.Run(t.Context(), w.platform); err == nil {
		t.Error("what serves was run")
	}
	if _, err := runs.HTTP(w.platform); err == nil {
		t.Error("what runs was served")
	}
}

func TestWhatWakesAnOperation(t *testing.T) {
	topic := op.Topic{Name: "audit", Partitions: 3, Lag: 100}
	o := op.Operation{Wakes: op.On(op.Get("/a"), op.Post("/b"), op.Told("t"), op.Every("* * * * *"), op.From(topic), op.AtDeploy())}
	if got, want := o.Routes(), []op.Route{{Method: "GET", Path: "/a"}, {Method: "POST", Path: "/b"}}; !slices.Equal(got, want) {
		t.Errorf("routes %v, want %v", got, want)
	}
	if o.Topic() == nil || *o.Topic() != topic {
		t.Errorf("topic %v", o.Topic())
	}
	for i, wake := range o.Wakes {
		set := 0
		for _, v := range []bool{wake.Route != nil, wake.Event != nil, wake.Schedule != nil, wake.Topic != nil, wake.Deploy} {
			if v {
				set++
			}
		}
		if set != 1 {
			t.Errorf("wake %d says %d things", i, set)
		}
	}
	if (op.Operation{}).Topic() != nil || (op.Operation{}).Routes() != nil {
		t.Error("what nothing wakes has a topic or a route")
	}
	if got := op.May("chains", "get"); got.Group != v1beta1.GroupName || got.Resource != "chains" || !slices.Equal(got.Verbs, []string{"get"}) {
		t.Errorf("right %+v", got)
	}
}

func TestTypesAreThoseOfTheHandler(t *testing.T) {
	in, out := ordering(access.Anyone, echo).Handler.Types()
	if in != reflect.TypeFor[order]() || out != reflect.TypeFor[receipt]() {
		t.Errorf("got %v, %v", in, out)
	}
}

func TestABatchIsReadInTheOperationsName(t *testing.T) {
	w := newWorld(t)
	client, err := w.platform.Kafka()
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.NewProducer(client, audit.Topic).Send(t.Context(), event("1")); err != nil {
		t.Fatal(err)
	}
	read := make(chan cloudevents.Event, 10)
	o := op.Operation{Name: "store-audit", Wakes: op.On(op.From(op.Topic{Name: audit.Topic})), Handler: op.OnBatch(
		func(*platform.Platform) (op.BatchFunc, error) {
			return func(_ context.Context, batch []cloudevents.Event) error {
				for _, e := range batch {
					read <- e
				}
				return nil
			}, nil
		})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx, w.platform) }()
	select {
	case e := <-read:
		if e.ID() != "1" {
			t.Errorf("read %s", e)
		}
	case <-time.After(20 * time.Second):
		t.Error("nothing was read")
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("asked to end: %v", err)
	}
}

func TestAJobRunsToItsEnd(t *testing.T) {
	w := newWorld(t)
	for _, want := range []error{nil, errBuild} {
		o := op.Operation{Name: "make-topics", Handler: op.Job(func(_ context.Context, p *platform.Platform) error {
			if p != w.platform {
				t.Error("the job has another platform")
			}
			return want
		})}
		if err := o.Run(t.Context(), w.platform); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

func TestARawHandlerHasTheRequestAndOurCare(t *testing.T) {
	w := newWorld(t)
	server := w.serve(op.Operation{Name: "gateway", Handler: op.Raw(func(*platform.Platform) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/boom" {
				panic("hunter2")
			}
			_, err := io.Copy(w, r.Body)
			if err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			}
		}), nil
	})})
	if got := do(t, server, request{method: http.MethodPost, path: "/any/path", body: "hello"}); got.body != "hello" || got.header.Get("X-Request-Id") == "" {
		t.Errorf("got %+v", got)
	}
	wantProblem(t, "a panic", do(t, server, request{path: "/boom"}), problem{Code: 500, Reason: "Unknown"})
}

// settling is an operation whose body the object API judges.
func settling(handle op.RequestFunc[minerset.CreateRequest, v1beta1.MinerSet]) op.Operation {
	return op.Operation{
		Name: "create-minerset", Allow: access.Anyone, Wakes: op.On(op.Post("/v1/minersets")),
		Handler: op.Request(func(*platform.Platform) (op.RequestFunc[minerset.CreateRequest, v1beta1.MinerSet], error) {
			return handle, nil
		}),
	}
}

func TestAnObjectIsReadAsKubernetesReadsIt(t *testing.T) {
	server := newWorld(t).serve(settling(func(_ context.Context, in *minerset.CreateRequest) (*v1beta1.MinerSet, error) { return &in.Body, nil }))
	for _, row := range []struct{ name, body, want string }{
		{"a whole object", `{"apiVersion":"apps.onex.io/v1beta1","kind":"MinerSet","metadata":{"name":"x","labels":{"a":"b"}},"spec":{"replicas":3,"template":{"spec":{"chainName":"c","minerType":"S1.SMALL1"}}}}`, `"replicas":3`},
		{"a field that nobody knows", `{"metadata":{"name":"x"},"spec":{"color":"red","template":{"spec":{}}}}`, `"name":"x"`},
		{"what the object API will refuse", `{"metadata":{"name":"X_"},"spec":{"replicas":-1}}`, `"replicas":-1`},
	} {
		got := do(t, server, request{method: http.MethodPost, path: "/v1/minersets", body: row.body})
		if got.status != http.StatusOK || !strings.Contains(got.body, row.want) {
			t.Errorf("%s: %d %s", row.name, got.status, got.body)
		}
	}
}

func TestAnObjectOfTheWrongShapeIsRefusedWithoutGoInIt(t *testing.T) {
	server := newWorld(t).serve(settling(func(context.Context, *minerset.CreateRequest) (*v1beta1.MinerSet, error) {
		t.Error("called")
		return nil, nil
	}))
	for name, row := range map[string]struct{ body, field string }{
		"a text for a number":   {`{"metadata":{"name":"x"},"spec":{"replicas":"three"}}`, "body.spec.replicas"},
		"a list for an object":  {`{"metadata":[]}`, "body.metadata"},
		"a number for a time":   {`{"metadata":{"creationTimestamp":7}}`, "body.metadata.creationTimestamp"},
		"a number too large":    {`{"spec":{"replicas":99999999999}}`, "body.spec.replicas"},
		"what is no JSON":       {`{"metadata":`, "body"},
		"a text for everything": {`"x"`, "body"},
	} {
		got := do(t, server, request{method: http.MethodPost, path: "/v1/minersets", body: row.body})
		wantProblem(t, name, got, problem{Code: 400, Reason: "InvalidParameter", Metadata: map[string]string{"field": row.field}})
		for _, internal := range []string{"Go struct", "v1beta1.", "v1.ObjectMeta", "CreateRequest"} {
			if strings.Contains(got.body, internal) {
				t.Errorf("%s: the caller learns %s", name, got.body)
			}
		}
	}
}
