package openapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/openapi"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/sse"
)

func document(t *testing.T) (*openapi3.T, []byte) {
	t.Helper()
	text, err := openapi.Document(catalog.Operations(), os.DirFS("../../knative/crds"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return d, text
}

func TestTheDocumentIsValid(t *testing.T) {
	d, _ := document(t)
	if err := d.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// The judge must be able to refuse, or the test above proves nothing.
func TestTheJudgeRefuses(t *testing.T) {
	_, text := document(t)
	for name, edit := range map[string][2]string{
		"a version that is none":       {`"openapi": "3.1.0"`, `"openapi": "none"`},
		"a parameter from nowhere":     {`"in": "path"`, `"in": "nowhere"`},
		"a type that is none":          {`"type": "integer"`, `"type": "whole"`},
		"two operations with one name": {`"operationId": "login"`, `"operationId": "create-user"`},
		"a reference that leads away":  {`"$ref": "#/components/schemas/user.User"`, `"$ref": "#/components/schemas/user.Nobody"`},
	} {
		spoiled := strings.Replace(string(text), edit[0], edit[1], 1)
		if spoiled == string(text) {
			t.Fatalf("%s: there is no %s", name, edit[0])
		}
		d, err := openapi3.NewLoader().LoadFromData([]byte(spoiled))
		if err == nil {
			err = d.Validate(t.Context())
		}
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// described gives each route of the request operations with what the document says of it.
func described(t *testing.T, d *openapi3.T, each func(o op.Operation, r op.Route, described *openapi3.Operation)) {
	t.Helper()
	count := 0
	for _, o := range catalog.Operations() {
		if in, _ := o.Handler.Types(); in == nil {
			continue
		}
		for _, r := range o.Routes() {
			item := d.Paths.Value(r.Path)
			if item == nil || item.GetOperation(r.Method) == nil {
				t.Errorf("%s: %s %s is not described", o.Name, r.Method, r.Path)
				continue
			}
			each(o, r, item.GetOperation(r.Method))
			count++
		}
	}
	total := 0
	for _, item := range d.Paths.Map() {
		total += len(item.Operations())
	}
	if count != total || count == 0 {
		t.Errorf("%d routes are described, the catalog has %d", total, count)
	}
}

func TestEveryRouteSaysWhoMayCallIt(t *testing.T) {
	d, _ := document(t)
	described(t, d, func(o op.Operation, _ op.Route, described *openapi3.Operation) {
		if described.Security == nil {
			t.Errorf("%s: nothing is said", o.Name)
			return
		}
		var schemes []string
		for _, requirement := range *described.Security {
			for scheme := range requirement {
				schemes = append(schemes, scheme)
			}
		}
		want, known := map[access.Level][]string{access.Anyone: nil, access.SignedIn: {"user"}, access.Admin: {"user"}, access.Platform: {"platform"}, access.Scaler: {"platform"}}[o.Allow]
		if known && !slices.Equal(schemes, want) || !known && len(schemes) == 0 {
			t.Errorf("%s lets %s in; the document asks for %v", o.Name, o.Allow, schemes)
		}
	})
}

func TestALevelThatNobodyDescribedIsAnError(t *testing.T) {
	all := catalog.Operations()
	for i := range all {
		if in, _ := all[i].Handler.Types(); in != nil {
			all[i].Allow = "someone-new"
		}
	}
	if _, err := openapi.Document(all, os.DirFS("../../knative/crds")); err == nil || !strings.Contains(err.Error(), `"someone-new"`) {
		t.Errorf("got %v", err)
	}
}

func TestEveryRefusalHasTheOneBody(t *testing.T) {
	d, _ := document(t)
	described(t, d, func(o op.Operation, r op.Route, described *openapi3.Operation) {
		for status, response := range described.Responses.Map() {
			content := "application/json"
			if o.Streams() && status == "200" {
				content = sse.ContentType
			}
			schema := response.Value.Content.Get(content).Schema
			if is := schema.Ref == "#/components/schemas/Problem"; is == (status == "200") {
				t.Errorf("%s: %s answers with %q", o.Name, status, schema.Ref)
			}
		}
		for _, want := range []struct {
			kind fault.Kind
			is   bool
		}{
			{fault.Busy, true},
			{fault.Unauthenticated, o.Allow != access.Anyone},
			{fault.Denied, o.Allow != access.Anyone},
			{fault.Invalid, described.RequestBody != nil || len(described.Parameters) > 0},
			{fault.Missing, strings.Contains(r.Path, "{")},
			{fault.Conflict, r.Method == http.MethodPost || r.Method == http.MethodPut},
		} {
			if is := described.Responses.Value(strconv.Itoa(fault.HTTPStatus(want.kind))) != nil; is != want.is {
				t.Errorf("%s: the refusal %s is described: %v", o.Name, want.kind, is)
			}
		}
		if described.Responses.Value("default") == nil {
			t.Errorf("%s: nothing is said of other refusals", o.Name)
		}
	})
}

// What fits the schema must be what the Go type reads, and writes again just so.
func TestSchemasAreAsTheTypesReadAndWrite(t *testing.T) {
	d, _ := document(t)
	count := 0
	check := func(o op.Operation, schema *openapi3.SchemaRef, goType reflect.Type) {
		if strings.Contains(schema.Ref, "apps.v1beta1.") {
			return // objects have the schema of their definition, which is judged beside their types
		}
		text, err := json.Marshal(sample(schema.Value))
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.New(goType)
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(v.Interface()); err != nil {
			t.Errorf("%s: %s cannot read what its schema allows, %s: %v", o.Name, goType, text, err)
			return
		}
		again, err := json.Marshal(v.Interface())
		if err != nil || !sameJSON(text, again) {
			t.Errorf("%s: %s reads\n%s and writes\n%s (%v)", o.Name, goType, text, again, err)
		}
		count++
	}
	described(t, d, func(o op.Operation, _ op.Route, described *openapi3.Operation) {
		in, out := o.Handler.Types()
		content := "application/json"
		if o.Streams() {
			content = sse.ContentType
		}
		check(o, described.Responses.Value("200").Value.Content.Get(content).Schema, out)
		if body, ok := in.FieldByName("Body"); ok {
			check(o, described.RequestBody.Value.Content.Get("application/json").Schema, body.Type)
		}
	})
	if count < 5 {
		t.Errorf("%d types were judged", count)
	}
}

// sample is a value that fits a schema, with everything in it.
func sample(s *openapi3.Schema) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Includes("object"):
		o := map[string]any{}
		for name, p := range s.Properties {
			o[name] = sample(p.Value)
		}
		if more := s.AdditionalProperties.Schema; more != nil {
			o["more"] = sample(more.Value)
		}
		return o
	case s.Type.Includes("array"):
		return []any{sample(s.Items.Value)}
	case s.Type.Includes("integer"), s.Type.Includes("number"):
		return 7
	case s.Type.Includes("boolean"):
		return true
	case s.Format == "date-time":
		return "2026-11-20T12:00:00Z"
	}
	return "7" // a text, and a number where the text is one
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func TestObjectsHaveTheRulesOfTheirDefinition(t *testing.T) {
	d, _ := document(t)
	chain := d.Components.Schemas["apps.v1beta1.Chain"].Value
	interval := chain.Properties["spec"].Value.Properties["minMineIntervalSeconds"].Value
	if interval.Min == nil || *interval.Min != 1 || interval.Description == "" {
		t.Errorf("minMineIntervalSeconds is %+v", interval)
	}
	if chain.Properties["metadata"].Value.Properties["name"] == nil {
		t.Error("a chain has no name")
	}
}

func TestWithoutDefinitionsThereIsNoDocument(t *testing.T) {
	for name, crds := range map[string]fstest.MapFS{
		"none":         {},
		"one not YAML": {"a_b.yaml": {Data: []byte("{")}},
		"an empty one": {"a_b.yaml": {Data: []byte("kind: x")}},
	} {
		if text, err := openapi.Document(catalog.Operations(), crds); err == nil {
			t.Errorf("%s: %d bytes", name, len(text))
		}
	}
}
