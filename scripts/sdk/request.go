package sdk

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"

	"onex.io/onex/shared/sse"
)

// value is one value that a request carries outside its body.
type value struct {
	key    string // in the path or the query
	field  string // in the request
	name   string // as a parameter
	goType reflect.Type
}

// request is what an operation's request carries.
type request struct {
	path, query []value
	lastEvent   string // the field that says which event of a stream came last
	body        reflect.Type
}

func requestOf(in reflect.Type) (request, error) {
	var r request
	for _, f := range reflect.VisibleFields(in) {
		v := value{field: f.Name, name: parameter(f.Name), goType: f.Type}
		switch {
		case f.Anonymous:
		case f.Name == "Body":
			r.body = f.Type
		case f.Tag.Get("path") != "":
			v.key = f.Tag.Get("path")
			r.path = append(r.path, v)
		case f.Tag.Get("query") != "":
			v.key, _, _ = strings.Cut(f.Tag.Get("query"), ",")
			r.query = append(r.query, v)
		case f.Tag.Get("header") == sse.LastEventID:
			r.lastEvent = f.Name
		default:
			return r, fmt.Errorf("field %s is in neither path, query nor body", f.Name)
		}
	}
	return r, nil
}

// parameter is a field's name as that of a parameter: name, secretID, userID.
func parameter(field string) string {
	end := 0
	for end < len(field) && field[end] >= 'A' && field[end] <= 'Z' {
		end++
	}
	if end > 1 && end < len(field) {
		end-- // the last capital begins the next word
	}
	name := strings.ToLower(field[:end]) + field[end:]
	if name == "c" || name == "ctx" || token.IsKeyword(name) {
		return name + "_"
	}
	return name
}

// methods are those of the client that are written by hand, in lower case.
func methods(folder fs.FS) (map[string]bool, error) {
	names, err := fs.Glob(folder, "*.go")
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("sdk: %w", err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("sdk: %w", err)
		}
		if ast.IsGenerated(parsed) {
			continue
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				found[strings.ToLower(f.Name.Name)] = true
			}
		}
	}
	return found, nil
}
