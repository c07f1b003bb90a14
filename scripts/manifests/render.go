// Package manifests makes everything that derives from the catalog of operations: Knative Services, Triggers,
// PingSources, ScaledObjects, StatefulSets, Jobs, roles and the gateway's routes.
package manifests

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

//go:embed templates/*.yaml
var templates embed.FS

// view is what a template sees of an operation.
type view struct {
	op.Operation
	op.Scale
	Account     string // its ServiceAccount
	DeadLetters string // the operation that gets what this one refuses
}

func viewOf(o op.Operation, deadLetters string) view {
	v := view{Operation: o, Scale: o.Scale.OrDefault(), Account: "functions", DeadLetters: deadLetters}
	if len(o.Rights) > 0 {
		v.Account = o.Name
	}
	return v
}

// funcs has a folder for each operation, with the file that func wants there.
const funcs = "knative/funcs"

// folders are the generated ones: every file in them is ours.
func folders() []string { return append(listed(), funcs) }

// listed are the folders that have a kustomization with their members.
func listed() []string {
	return []string{"knative/services", "knative/streams", "knative/jobs", "knative/rbac", "triggers", "knative/overlays/gateway-api/routes"}
}

// Render makes the content of every generated file, by its path.
func Render(operations []op.Operation) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, o := range operations {
		for name, file := range templatesOf(o) {
			if err := add(files, file, name, viewOf(o, op.DeadLetterSink(operations))); err != nil {
				return nil, err
			}
		}
	}
	for _, folder := range listed() {
		if err := add(files, path.Join(folder, "kustomization.yaml"), "kustomization", members(files, folder)); err != nil {
			return nil, err
		}
	}
	for file, derive := range map[string]func([]op.Operation) ([]byte, error){
		"functions/gateway/routes.json": routesOf, "functions/policy/operations.json": guardedOf,
	} {
		content, err := derive(operations)
		if err != nil {
			return nil, err
		}
		files[file] = content
	}
	return files, nil
}

// templatesOf says which templates an operation needs, and into which file each is rendered.
func templatesOf(o op.Operation) map[string]string {
	needed, own := map[string]string{}, o.Name+".yaml"
	if o.Serves() {
		needed["service"], needed["func"] = "knative/services/"+own, path.Join(funcs, o.Name, "func.yaml")
	}
	if o.Public || len(o.Routes()) > 0 {
		needed["httproute"] = "knative/overlays/gateway-api/routes/" + own
	}
	if len(o.Rights) > 0 {
		needed["rbac"] = "knative/rbac/" + own
	}
	for _, w := range o.Wakes {
		switch {
		case w.Event != nil || w.Schedule != nil:
			needed["trigger"] = "triggers/" + own
		case w.Objects != nil:
			needed["trigger"], needed["sourcerbac"] = "triggers/"+own, "knative/rbac/"+o.Name+"-source.yaml"
		case w.Topic != nil:
			needed["stream"], needed["scaledobject"] = "knative/streams/"+own, "triggers/"+own
		case w.Deploy:
			needed["job"] = "knative/jobs/" + own
		}
	}
	return needed
}

func add(files map[string][]byte, file, name string, data any) error {
	t, err := template.New(name+".yaml").Funcs(template.FuncMap{
		"quote": func(s string) string { b, _ := json.Marshal(s); return string(b) },
		"list":  func(s []string) string { return "[" + strings.Join(s, ", ") + "]" },
		"exact": func(path string) bool { return !strings.Contains(path, "{") }, "pattern": patternOf,
	}).ParseFS(templates, "templates/"+name+".yaml", "templates/container.yaml")
	if err != nil {
		return fmt.Errorf("template %q: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("render %q: %w", file, err)
	}
	files[file] = b.Bytes()
	return nil
}

func members(files map[string][]byte, folder string) []string {
	var names []string
	for file := range files {
		if path.Dir(file) == folder && path.Base(file) != "kustomization.yaml" {
			names = append(names, path.Base(file))
		}
	}
	slices.Sort(names)
	return names
}

func routesOf(operations []op.Operation) ([]byte, error) {
	type route struct {
		Method    string `json:"method"`
		Path      string `json:"path"`
		Operation string `json:"operation"`
		Stream    bool   `json:"stream,omitempty"`
	}
	var routes []route
	for _, o := range operations {
		for _, r := range o.Routes() {
			if !o.Public {
				routes = append(routes, route{r.Method, r.Path, o.Name, o.Streams()})
			}
		}
	}
	b, err := json.MarshalIndent(routes, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return append(b, '\n'), nil
}

// guardedOf are the operations that somebody may ask about: who may call them, and what policies call them.
func guardedOf(operations []op.Operation) ([]byte, error) {
	type guarded struct {
		Name     string       `json:"name"`
		Original string       `json:"original,omitempty"`
		Level    access.Level `json:"level"`
	}
	var all []guarded
	for _, o := range operations {
		if len(o.Routes()) > 0 && !o.Public {
			all = append(all, guarded{o.Name, o.Original, o.Allow})
		}
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	return append(b, '\n'), nil
}
