// Package openapi makes the OpenAPI document of the HTTP API from the catalog of operations and the definitions of
// the objects.
package openapi

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
)

// File is where the document is kept: the gateway serves it.
const File = "functions/gateway/openapi.json"

const about = `OneX: private block chains, the miners that work on them, and the wallet that pays for both.

Numbers of 64 bits, money among them, are strings. Fields that are not known here are ignored. Every refusal has the
same body, Problem, whose reason is stable and meant for programs; metadata.field names the field at fault.`

// Document is the OpenAPI document of the request operations. Crds holds the CustomResourceDefinitions of the objects.
func Document(operations []op.Operation, crds fs.FS) ([]byte, error) {
	d := op.NewDocument()
	d.Info.Description = about
	d.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"user":     {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "a user's access token, as login gives it"},
		"refresh":  {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "a user's refresh token, as login gives it"},
		"platform": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "a token that a part of the platform has signed"},
	}
	for _, o := range operations {
		o.Describe(d)
	}
	for _, o := range operations {
		if err := finish(d, o); err != nil {
			return nil, fmt.Errorf("openapi: %s: %w", o.Name, err)
		}
	}
	d.Components.Responses = refusals()
	slices.SortFunc(d.Tags, func(a, b *huma.Tag) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	if err := putObjects(tree, crds); err != nil {
		return nil, err
	}
	dropUnused(tree)
	dropRemarks(tree)
	text, err = json.MarshalIndent(tree, "", "  ")
	return append(text, '\n'), err
}

// dropRemarks takes out what patterns are called in refusals: the standard knows no such word.
func dropRemarks(node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, ofText := node["pattern"].(string); ofText {
			delete(node, "patternDescription")
		}
		for _, below := range node {
			dropRemarks(below)
		}
	case []any:
		for _, below := range node {
			dropRemarks(below)
		}
	}
}

// finish says of an operation's routes who may call them, how they refuse, and which domain they belong to.
func finish(d *huma.OpenAPI, o op.Operation) error {
	for _, r := range o.Routes() {
		described := described(d, r)
		if described == nil {
			continue
		}
		door, known := doors()[o.Allow]
		if !known {
			return fmt.Errorf("nothing says who is let in by level %q", o.Allow)
		}
		described.Tags, described.Security, described.Description = []string{domain(o)}, door.keys(), door.remark
		if !slices.ContainsFunc(d.Tags, func(t *huma.Tag) bool { return t.Name == domain(o) }) {
			d.Tags = append(d.Tags, &huma.Tag{Name: domain(o)})
		}
		described.Responses[strconv.Itoa(http.StatusTooManyRequests)] = refusal(tooOften)
		if r.Method == http.MethodPost {
			described.Parameters = append(described.Parameters, idempotencyKey())
			described.Responses[strconv.Itoa(http.StatusUnprocessableEntity)] = refusal(reused)
		}
		for _, kind := range kindsOf(o, described) {
			described.Responses[strconv.Itoa(fault.HTTPStatus(kind))] = refusal(string(kind))
		}
		if described.RequestBody != nil {
			described.Responses[strconv.Itoa(http.StatusRequestEntityTooLarge)] = refusal(tooLarge)
		}
		described.Responses["default"] = refusal(string(fault.Broken))
	}
	return nil
}

// described is the route as the document has it; nil for one that has no types, such as the gateway's.
func described(d *huma.OpenAPI, r op.Route) *huma.Operation {
	item := d.Paths[r.Path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete,
	}[r.Method]
}

func refusal(name string) *huma.Response {
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// These are the refusals whose status is no kind's.
const (
	tooLarge = "too-large"
	tooOften = "too-often"
	reused   = "reused"
)

// idempotencyKey is the header that any POST may come with.
func idempotencyKey() *huma.Param {
	longest := 255
	return &huma.Param{
		Name: op.KeyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
		Description: "Sent again with the same key within 24 hours, the request is answered again and not done again.",
	}
}

// domain is the package of the operation's contract, such as wallet.
func domain(o op.Operation) string {
	in, out := o.Handler.Types()
	for _, t := range []interface{ PkgPath() string }{in, out} {
		for _, folder := range []string{"/shared/api/", "/functions/"} {
			if _, below, ok := strings.Cut(t.PkgPath(), folder); ok {
				return below
			}
		}
	}
	return "platform"
}

// kindsOf are the refusals that a caller should expect; any other has the same body.
func kindsOf(o op.Operation, described *huma.Operation) []fault.Kind {
	kinds := []fault.Kind{fault.Busy}
	if o.Allow != access.Anyone {
		kinds = append(kinds, fault.Unauthenticated, fault.Denied)
	}
	if described.RequestBody != nil || len(described.Parameters) > 0 {
		kinds = append(kinds, fault.Invalid)
	}
	if strings.Contains(described.Path, "{") {
		kinds = append(kinds, fault.Missing)
	}
	if described.Method == http.MethodPost || described.Method == http.MethodPut {
		kinds = append(kinds, fault.Conflict, fault.Exhausted)
	}
	return kinds
}

// refusals are the answers of the platform's one error vocabulary.
func refusals() map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for name, description := range map[string]string{
		string(fault.Invalid):         "The request is wrong; the same request will fail again. metadata.field names the field.",
		string(fault.Unauthenticated): "There is no token, or it does not hold.",
		string(fault.Denied):          "The caller may not do this.",
		string(fault.Missing):         "What the request names is not there.",
		string(fault.Conflict):        "It is there already, or has changed meanwhile.",
		string(fault.Exhausted):       "Money or quota is used up.",
		string(fault.Busy):            "A part of the platform is away; the same request may succeed later.",
		string(fault.Broken):          "Something else; a fault of the platform when the status is 500.",
		reused:                        "The Idempotency-Key was given to another request.",
		tooOften:                      "The caller, or the address, asks too often; Retry-After says when to ask again.",
		tooLarge:                      "The body is larger than the platform reads.",
	} {
		all[name] = &huma.Response{
			Description: description,
			Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}},
		}
	}
	return all
}
