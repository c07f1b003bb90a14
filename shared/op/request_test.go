package op_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// order is the request of these tests: a bit of everything that an operation may take.
type order struct {
	Shop  string `path:"shop" maxLength:"20" pattern:"^[a-z]+$"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"10"`
	Body  struct {
		Name  string   `json:"name" minLength:"1" maxLength:"20"`
		Note  string   `json:"note,omitempty"`
		Count int      `json:"count,omitempty" minimum:"0"`
		Tags  []string `json:"tags,omitempty"`
	}
}

type receipt struct {
	Text string `json:"text"`
}

// ordering is an operation that calls handle.
func ordering(level access.Level, handle op.RequestFunc[order, receipt]) op.Operation {
	return op.Operation{
		Name: "place-order", Summary: "Orders.", Allow: level, Wakes: op.On(op.Post("/v1/shops/{shop}/orders")),
		Handler: op.Request(func(*platform.Platform) (op.RequestFunc[order, receipt], error) { return handle, nil }),
	}
}

func echo(_ context.Context, in *order) (*receipt, error) {
	return &receipt{Text: fmt.Sprintf("%s|%d|%s|%s|%d|%v", in.Shop, in.Limit, in.Body.Name, in.Body.Note, in.Body.Count, in.Body.Tags)}, nil
}

func TestARequestReachesItsHandlerWhole(t *testing.T) {
	server := newWorld(t).serve(ordering(access.Anyone, echo))
	for _, row := range []struct {
		name string
		in   request
		want string
	}{
		{"all that can be said", request{path: "/v1/shops/tea/orders?limit=7", body: `{"name":"ann","note":"n","count":2,"tags":["x"]}`}, "tea|7|ann|n|2|[x]"},
		{"what is not said has its default", request{path: "/v1/shops/tea/orders", body: `{"name":"ann"}`}, "tea|10|ann||0|[]"},
		{"unknown fields are ignored", request{path: "/v1/shops/tea/orders", body: `{"name":"ann","color":"red","deep":{"a":[1]}}`}, "tea|10|ann||0|[]"},
		{"unknown queries are ignored", request{path: "/v1/shops/tea/orders?x=1", body: `{"name":"ann"}`}, "tea|10|ann||0|[]"},
	} {
		row.in.method = http.MethodPost
		got := do(t, server, row.in)
		if got.status != http.StatusOK || got.body != `{"text":"`+row.want+`"}`+"\n" {
			t.Errorf("%s: %d %s", row.name, got.status, got.body)
		}
		if got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", row.name, got.header)
		}
	}
}

func TestARequestThatIsWrongIsRefusedByTheNameOfItsField(t *testing.T) {
	const path = "/v1/shops/tea/orders"
	field := func(name string) problem {
		return problem{Code: 400, Reason: "InvalidParameter", Metadata: map[string]string{"field": name}}
	}
	var called atomic.Bool
	server := newWorld(t).serve(ordering(access.Anyone, func(context.Context, *order) (*receipt, error) {
		called.Store(true)
		return &receipt{}, nil
	}))
	for _, row := range []struct {
		name string
		in   request
		want problem
	}{
		{"what is no JSON", request{path: path, body: `{"name":`}, field("body")},
		{"JSON of another shape", request{path: path, body: `["ann"]`}, field("body")},
		{"something after the JSON", request{path: path, body: `{"name":"ann"} {"name":"bob"}`}, field("body")},
		{"a field of another type", request{path: path, body: `{"name":7}`}, field("body.name")},
		{"a field that is missing", request{path: path, body: `{}`}, field("body.name")},
		{"a field that is empty", request{path: path, body: `{"name":""}`}, field("body.name")},
		{"a field that is too long", request{path: path, body: `{"name":"` + strings.Repeat("x", 21) + `"}`}, field("body.name")},
		{"a number out of range", request{path: path, body: `{"name":"ann","count":-1}`}, field("body.count")},
		{"an element of another type", request{path: path, body: `{"name":"ann","tags":["x",1]}`}, field("body.tags[1]")},
		{"a query that is no number", request{path: path + "?limit=many", body: `{"name":"ann"}`}, field("query.limit")},
		{"a query out of range", request{path: path + "?limit=101", body: `{"name":"ann"}`}, field("query.limit")},
		{"a path of the wrong form", request{path: "/v1/shops/TEA/orders", body: `{"name":"ann"}`}, field("path.shop")},
		{"a path with a slash smuggled in", request{path: "/v1/shops/a%2Fb/orders", body: `{"name":"ann"}`}, field("path.shop")},
		{"no body at all", request{path: path}, problem{Code: 400, Reason: "InvalidParameter"}},
		{"a body too large", request{path: path, body: `{"name":"ann","note":"` + strings.Repeat("x", 1<<20) + `"}`}, problem{Code: 413, Reason: "BodyTooLarge"}},
		{"a body in another language", request{path: path, body: `<name/>`, header: http.Header{"Content-Type": {"application/xml"}}}, problem{Code: 415, Reason: "InvalidParameter", Metadata: map[string]string{"field": "body"}}},
	} {
		row.in.method = http.MethodPost
		wantProblem(t, row.name, do(t, server, row.in), row.want)
	}
	if called.Load() {
		t.Error("the handler was called for one of them")
	}
}

func TestWhatNoOperationAnswersIsNotFoundInOurWords(t *testing.T) {
	w := newWorld(t)
	server := w.serve(ordering(access.Anyone, echo))
	for _, in := range []request{
		{path: "/"}, {path: "/v1/shops/tea/orders"}, {method: http.MethodPut, path: "/v1/shops/tea/orders", body: `{}`},
		{method: http.MethodDelete, path: "/v1/shops/tea/orders"}, {method: http.MethodPost, path: "/v1/shops/tea/orders/", body: `{}`},
		{method: http.MethodPost, path: "/v1/shops/tea", body: `{}`}, {path: "/openapi.json"}, {path: "/docs"}, {path: "/schemas/order.json"},
	} {
		got := do(t, server, in)
		wantProblem(t, in.method+" "+in.path, got, problem{Code: 404, Reason: "PageNotFound"})
	}
	if records := w.records(); len(records) > 0 {
		t.Errorf("nothing was decided, yet recorded: %+v", records)
	}
}

func TestRefusalsOfTheHandlerKeepTheirReasonAndHideTheirCause(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7:27017: hunter2")
	with := func(e *fault.Error, metadata map[string]string) error { e.Metadata = metadata; return e }
	for _, row := range []struct {
		name string
		err  error
		want problem
		log  string
	}{
		{"a fault", fault.New(fault.Exhausted, "InsufficientFunds", "the wallet is empty"), problem{Code: 402, Reason: "InsufficientFunds", Message: "the wallet is empty"}, "INFO"},
		{"a fault with details", with(fault.New(fault.Conflict, "UserAlreadyExists", "taken"), map[string]string{"field": "username"}), problem{Code: 409, Reason: "UserAlreadyExists", Message: "taken", Metadata: map[string]string{"field": "username"}}, "INFO"},
		{"a fault with a cause", fault.New(fault.Busy, "StoreAway", "the store does not answer now: %w", secret), problem{Code: 503, Reason: "StoreAway", Message: "the store does not answer now"}, "WARN"},
		{"a wrapped fault", fmt.Errorf("read: %w", fault.New(fault.Missing, "NotFound", "it is not there: %w", secret)), problem{Code: 404, Reason: "NotFound", Message: "it is not there"}, "INFO"},
		{"an error that is none of ours", secret, problem{Code: 500, Reason: "Unknown", Message: "something on our side is broken; the log has the cause"}, "ERROR"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			server := w.serve(ordering(access.Anyone, func(context.Context, *order) (*receipt, error) { return nil, row.err }))
			got := do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`})
			wantProblem(t, row.name, got, row.want)
			if strings.Contains(got.body+fmt.Sprint(got.header), "hunter2") {
				t.Errorf("the cause is out: %s", got.body)
			}
			id, log := got.header.Get("X-Request-Id"), w.log.String()
			if id == "" || !strings.Contains(log, `"request":"`+id+`"`) || !strings.Contains(log, `"level":"`+row.log+`"`) {
				t.Errorf("the log of request %q at %s is\n%s", id, row.log, log)
			}
			if errors.Is(row.err, secret) && !strings.Contains(log, "hunter2") {
				t.Errorf("the log does not have the cause:\n%s", log)
			}
			if busy := row.want.Code == 503; busy != (got.header.Get("Retry-After") != "") {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
		})
	}
}

// broken is a body that breaks off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestABodyThatBreaksOffTellsNothingOfWhy(t *testing.T) {
	w := newWorld(t)
	h, err := ordering(access.Anyone, echo).HTTP(w.platform)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/v1/shops/tea/orders", broken{errors.New("hunter2")}))
	got := reply{status: answer.Code, header: answer.Header(), body: answer.Body.String()}
	wantProblem(t, "a body that breaks off", got, problem{Code: 500, Reason: "Unknown", Message: "something on our side is broken"})
}

func TestAPanicIsAFaultOfOursAndTheNextRequestIsServed(t *testing.T) {
	w := newWorld(t)
	server := w.serve(ordering(access.Anyone, func(_ context.Context, in *order) (*receipt, error) {
		if in.Body.Name == "boom" {
			panic("hunter2")
		}
		return &receipt{Text: "fine"}, nil
	}))
	got := do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"boom"}`})
	wantProblem(t, "a panic", got, problem{Code: 500, Reason: "Unknown", Message: "something on our side is broken"})
	if log := w.log.String(); !strings.Contains(log, "hunter2") || !strings.Contains(log, "request_test.go") || strings.Contains(got.body, "hunter2") {
		t.Errorf("body %s, log %s", got.body, log)
	}
	if got := do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`}); got.status != http.StatusOK {
		t.Errorf("the next request: %d %s", got.status, got.body)
	}
}

func TestTheCallerChoosesNeitherRequestIDNorPrincipal(t *testing.T) {
	w := newWorld(t)
	server := w.serve(ordering(access.SignedIn, func(ctx context.Context, _ *order) (*receipt, error) {
		return &receipt{Text: access.From(ctx).UserID}, nil
	}))
	in := request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`, authorization: w.bearer(token.Access), header: http.Header{
		"X-Request-Id": {"mine"}, "X-User-Id": {"user-b"}, "X-Forwarded-User": {"user-b"}, "X-Onex-User": {"user-b"},
	}}
	first, second := do(t, server, in), do(t, server, in)
	if first.body != `{"text":"user-a"}`+"\n" {
		t.Errorf("the caller is %d %s", first.status, first.body)
	}
	a, b := first.header.Get("X-Request-Id"), second.header.Get("X-Request-Id")
	if a == "" || a == b || a == "mine" {
		t.Errorf("request ids %q and %q", a, b)
	}
}

func TestWhoMayCallIsDecidedBeforeTheHandler(t *testing.T) {
	for _, row := range []struct {
		name  string
		level access.Level
		kind  token.Kind // empty: no token
		want  problem    // zero: allowed
	}{
		{"anyone", access.Anyone, "", problem{}},
		{"nobody where a user is needed", access.SignedIn, "", problem{Code: 401, Reason: "Unauthorized", Message: "a valid token is needed"}},
		{"a user", access.SignedIn, token.Access, problem{}},
		{"a refresh token", access.SignedIn, token.Refresh, problem{Code: 403, Reason: "Forbidden", Message: "you may not place-order"}},
		{"a user where the platform is needed", access.Platform, token.Access, problem{Code: 403, Reason: "Forbidden"}},
		{"a login key that signs a platform token", access.Platform, token.Platform, problem{Code: 401, Reason: "Unauthorized"}},
		{"a user where nobody is named", "", token.Access, problem{Code: 403, Reason: "Forbidden"}},
		{"nobody where nobody is named", "", "", problem{Code: 401, Reason: "Unauthorized"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			var called atomic.Bool
			server := w.serve(ordering(row.level, func(context.Context, *order) (*receipt, error) {
				called.Store(true)
				return &receipt{}, nil
			}))
			in := request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`}
			if row.kind != "" {
				in.authorization = w.bearer(row.kind)
			}
			got := do(t, server, in)
			if allowed := row.want.Code == 0; allowed != called.Load() || allowed && got.status != http.StatusOK {
				t.Errorf("status %d, handler called: %v", got.status, called.Load())
			}
			if row.want.Code != 0 {
				wantProblem(t, row.name, got, row.want)
			}
		})
	}
}

func TestAChangeIsRecordedBeforeItHappens(t *testing.T) {
	w := newWorld(t)
	var before []string
	server := w.serve(ordering(access.SignedIn, func(context.Context, *order) (*receipt, error) {
		for _, r := range w.records() {
			before = append(before, fmt.Sprint(r.Operation, " ", r.Object, " ", r.Subject, " ", r.Allowed))
		}
		return &receipt{}, nil
	}))
	got := do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`, authorization: w.bearer(token.Access)})
	if want := "place-order /v1/shops/tea/orders user-a true"; got.status != http.StatusOK || len(before) != 1 || before[0] != want {
		t.Errorf("status %d; when the handler began, there was recorded %q, want %q", got.status, before, want)
	}
	if r := w.records()[0]; r.RequestID != got.header.Get("X-Request-Id") || r.TraceID == "" || r.Remote == "" {
		t.Errorf("recorded %+v for request %q", r, got.header.Get("X-Request-Id"))
	}
}

func TestWhatCannotBeRecordedDoesNotHappen(t *testing.T) {
	w := newWorld(t)
	var called atomic.Bool
	server := w.serve(ordering(access.Anyone, func(context.Context, *order) (*receipt, error) {
		called.Store(true)
		return &receipt{}, nil
	}))
	w.kafka.Close()
	got := do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`})
	wantProblem(t, "with the stream away", got, problem{Code: 503, Reason: "StreamAway"})
	if called.Load() {
		t.Error("the handler was called")
	}
}

// functions.Typed of the framework fails this: it hands every request the same value.
func TestARequestNeverSeesAnothersFields(t *testing.T) {
	server := newWorld(t).serve(ordering(access.Anyone, echo))
	var wg sync.WaitGroup
	for caller := range 16 {
		wg.Go(func() {
			for i := range 25 {
				name := fmt.Sprintf("c%d-%d", caller, i)
				body, want := fmt.Sprintf(`{"name":%q}`, name), name+"||0|[]"
				if i%2 == 0 {
					body, want = fmt.Sprintf(`{"name":%q,"note":"secret of %s","count":%d,"tags":["t%d"]}`, name, name, i+1, i), fmt.Sprintf("%s|secret of %s|%d|[t%d]", name, name, i+1, i)
				}
				got := do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: body})
				if got.body != `{"text":"tea|10|`+want+`"}`+"\n" {
					t.Errorf("got %s, want %s", got.body, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestAHandlersTimeIsBounded(t *testing.T) {
	server := newWorld(t).serve(ordering(access.Anyone, func(ctx context.Context, _ *order) (*receipt, error) {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > 5*time.Second {
			t.Errorf("the handler has %s", left)
		}
		return &receipt{}, nil
	}))
	do(t, server, request{method: http.MethodPost, path: "/v1/shops/tea/orders", body: `{"name":"ann"}`})
}

func TestHealthAsksNobody(t *testing.T) {
	w := newWorld(t)
	server := w.serve(ordering(access.SignedIn, echo))
	w.kafka.Close()
	if got := do(t, server, request{path: "/healthz"}); got.status != http.StatusOK || got.body != "" {
		t.Errorf("got %d %q", got.status, got.body)
	}
}
