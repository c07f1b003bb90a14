package op

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/telemetry"
)

// RequestFunc is a request operation: the domain decision and nothing else.
type RequestFunc[In, Out any] func(ctx context.Context, in *In) (*Out, error)

// Request puts a RequestFunc behind HTTP. In follows huma's tags (path, query, header, Body); Out is the reply's
// body. Every request gets an In of its own.
func Request[In, Out any](build func(*platform.Platform) (RequestFunc[In, Out], error)) Handler {
	return Handler{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		describe: func(o Operation, api huma.API) {
			register(api, o, func(context.Context, *In) (*body[Out], error) { return &body[Out]{Body: new(Out)}, nil })
		},
		serve: func(p *platform.Platform, o Operation) (http.Handler, error) {
			handle, err := build(p)
			if err != nil {
				return nil, err
			}
			return guarded(p, o, p.Config.RequestTimeout, func(api huma.API) { register(api, o, reply(p.Log, o.Name, handle)) })
		},
	}
}

// guarded serves what is registered to whom the operation lets in, each for the limit at most.
func guarded(p *platform.Platform, o Operation, limit time.Duration, register func(huma.API)) (http.Handler, error) {
	guard, err := p.Guard(o.Allow)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	register(humago.New(mux, apiConfig(NewDocument())))
	return around(p, o.Name, limit, admit(p, guard, o, mux)), nil
}

type body[Out any] struct{ Body *Out }

func register[In, Out any](api huma.API, o Operation, handle func(context.Context, *In) (*body[Out], error)) {
	for i, route := range o.Routes() {
		described := apiOperation(o, route)
		if i > 0 {
			described.OperationID = fmt.Sprintf("%s-%d", o.Name, i+1)
		}
		huma.Register(api, described, handle)
	}
	textNumbers(api.OpenAPI().Components.Schemas)
}

func reply[In, Out any](log *slog.Logger, name string, handle RequestFunc[In, Out]) func(context.Context, *In) (*body[Out], error) {
	return func(ctx context.Context, in *In) (*body[Out], error) {
		out, err := handle(ctx, in)
		if err != nil {
			logError(ctx, log, name, err)
			telemetry.Refused(ctx, fault.ReasonOf(err))
			return nil, newProblem(err)
		}
		return &body[Out]{Body: out}, nil
	}
}

// admit routes, decides and has the decision recorded, before a byte of the body is read. Whose address a request is
// from, the gateway says.
func admit(p *platform.Platform, guard *access.Guard, o Operation, mux *http.ServeMux) http.Handler {
	vouched, next := origin.NewVoucher(p.Config.OriginKey.Bytes), onlyOnce(p, o, mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "" {
			WriteError(r.Context(), w, fault.New(fault.Missing, "PageNotFound", "no operation answers %s %s", r.Method, r.URL.Path))
			return
		}
		from := vouched.Of(r)
		principal, err := guard.Admit(r.Context(), access.Call{
			Operation: o.Name, Original: o.Original, Level: o.Allow, Changes: r.Method != http.MethodGet, Object: r.URL.Path,
			Authorization: r.Header.Get("Authorization"), Refresh: ofUserCenter(r.URL.Path), Remote: from, RequestID: RequestID(r.Context()),
		})
		if err != nil {
			logError(r.Context(), p.Log, o.Name, err)
			WriteError(r.Context(), w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(withCaller(access.With(r.Context(), principal), from, r.UserAgent())))
	})
}

// NewDocument is an OpenAPI document without operations.
func NewDocument() *huma.OpenAPI {
	return &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{Title: "OneX", Version: "v1"}, Components: &huma.Components{Schemas: registry()}}
}

func apiConfig(d *huma.OpenAPI) huma.Config {
	oneVocabulary()
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: readJSON}
	c := huma.Config{
		OpenAPI:       d,
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}
	c.AllowAdditionalPropertiesByDefault = true // unknown fields are ignored, as by the original
	return c
}

func apiOperation(o Operation, route Route) huma.Operation {
	return huma.Operation{
		OperationID: o.Name, Method: route.Method, Path: route.Path, Summary: o.Summary,
		MaxBodyBytes: maxBody, DefaultStatus: http.StatusOK,
		SkipValidateBody: o.Handler.validatesItself(),
	}
}

// SelfValidated is a request whose body has its rules elsewhere, as the objects of the object API have theirs in
// their CustomResourceDefinitions.
type SelfValidated interface{ SelfValidated() }

func (h Handler) validatesItself() bool {
	return reflect.PointerTo(h.in).Implements(reflect.TypeFor[SelfValidated]())
}
