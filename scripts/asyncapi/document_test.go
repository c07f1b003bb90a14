package asyncapi_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"onex.io/onex/eventing"
	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/asyncapi"
	"onex.io/onex/shared/op"
)

func document(t *testing.T) map[string]any {
	t.Helper()
	text, err := asyncapi.Document(catalog.Operations())
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows a path such as /channels/broker through a document.
func at(node any, path string) any {
	for step := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		o, _ := node.(map[string]any)
		node = o[step]
	}
	return node
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	d, count := document(t), 0
	var look func(node any)
	look = func(node any) {
		switch node := node.(type) {
		case map[string]any:
			if ref, ok := node["$ref"].(string); ok {
				count++
				if at(d, strings.TrimPrefix(ref, "#")) == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, v := range node {
				look(v)
			}
		case []any:
			for _, v := range node {
				look(v)
			}
		}
	}
	look(d)
	if count < 10 {
		t.Errorf("%d references were followed", count)
	}
}

func TestWhateverIsWokenOtherwiseThanByARequestIsDescribed(t *testing.T) {
	d, want := document(t), 0
	for _, o := range catalog.Operations() {
		for _, w := range o.Wakes {
			if w.Route != nil || w.Deploy {
				continue
			}
			want++
			if at(d, "/operations/"+o.Name+"/summary") != o.Summary {
				t.Errorf("%s is not described", o.Name)
			}
		}
	}
	if got := len(d["operations"].(map[string]any)); got != want || want == 0 {
		t.Errorf("%d operations are described, want %d", got, want)
	}
}

func TestSchemasAreAsEventsAreWritten(t *testing.T) {
	d := document(t)
	for _, name := range eventing.Types() {
		text, err := json.Marshal(eventing.Payloads()[name])
		if err != nil {
			t.Fatal(err)
		}
		var written map[string]any
		if err := json.Unmarshal(text, &written); err != nil {
			t.Fatal(err)
		}
		ref, _ := at(d, "/components/messages/"+name+"/payload").(map[string]any)["$ref"].(string)
		described, _ := at(d, strings.TrimPrefix(ref, "#")+"/properties").(map[string]any)
		if got, want := slices.Sorted(maps.Keys(described)), slices.Sorted(maps.Keys(written)); !slices.Equal(got, want) {
			t.Errorf("%s has %q, described are %q", name, want, got)
		}
	}
}

func TestWaitingForWhatNobodySaysIsAnError(t *testing.T) {
	for name, wake := range map[string]op.Wake{
		"an event of no type": op.Told("io.onex.nothing.v1"),
		"a fact of a topic":   op.Told(eventing.AccessDecided),
		"a topic of nothing":  op.From(op.Topic{Name: "nothing"}),
	} {
		if _, err := asyncapi.Document([]op.Operation{{Name: "wait", Wakes: op.On(wake)}}); err == nil || !strings.Contains(err.Error(), "wait") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
