package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageHasExactlyOneComment(t *testing.T) {
	comments, packages := map[string][]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		packages[s.folder()] = true
		if s.Doc != nil && !s.generated() {
			comments[s.folder()] = append(comments[s.folder()], s.path)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		if n := len(comments[folder]); n != 1 && folder != "." {
			t.Errorf("%s has %d package comments, want 1: %v", folder, n, comments[folder])
		}
	}
}

func TestPackageCommentsBeginAsTheToolsExpect(t *testing.T) {
	for _, s := range sources(t) {
		if s.Doc == nil || s.isTest() || s.generated() {
			continue
		}
		want := "Package " + s.Name.Name + " "
		if s.Name.Name == "main" {
			want = "Command "
		}
		if text := s.Doc.Text(); !strings.HasPrefix(text, want) {
			t.Errorf("%s: the comment begins %.40q, want %q", s.path, text, want)
		}
	}
}

const (
	mostFileLines     = 400
	mostFunctionLines = 80
	mostParameters    = 4
	mostMethods       = 4
)

func TestNothingIsTooLong(t *testing.T) {
	for _, s := range sources(t) {
		if s.generated() {
			continue
		}
		if n := strings.Count(s.text, "\n"); n > mostFileLines {
			t.Errorf("%s has %d lines, want at most %d", s.path, n, mostFileLines)
		}
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.lines(f); n > mostFunctionLines && !s.isTest() {
				t.Errorf("%s: %s has %d lines, want at most %d", s.at(f), f.Name.Name, n, mostFunctionLines)
			}
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || s.generated() {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > mostMethods {
				t.Errorf("%s: interface %s has %d methods, want at most %d", s.at(spec), spec.Name, i.Methods.NumFields(), mostMethods)
			}
			return true
		})
	}
}

func TestNothingHappensInInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: an init", s.at(f))
			}
		}
	}
}

// exceptions are the package-level variables that stand with their reason.
var exceptions = map[string]string{
	"shared/op/field.go oneVocabulary":                       "huma's hook is process-wide",
	"shared/api/apps/v1beta1/register.go SchemeGroupVersion": "the convention of Kubernetes API packages",
}

func TestNoPackageHasStateOfItsOwn(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() || s.generated() {
			continue
		}
		for _, d := range s.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					key := s.path + " " + name.Name
					if exceptions[key] != "" {
						used[key] = true
					} else if !constant(s, g, v, i) {
						t.Errorf("%s: %s is a package-level variable", s.at(v), name.Name)
					}
				}
			}
		}
	}
	for key := range exceptions {
		if !used[key] {
			t.Errorf("the exception %q is not needed any more", key)
		}
	}
}

// constant says whether a variable is one in name only: an error, a compiled pattern, an embedded file, an assertion.
func constant(s source, g *ast.GenDecl, v *ast.ValueSpec, i int) bool {
	if v.Names[i].Name == "_" || embedded(g.Doc) || embedded(v.Doc) {
		return true
	}
	if i >= len(v.Values) {
		return false
	}
	call, ok := v.Values[i].(*ast.CallExpr)
	if !ok {
		return false
	}
	f := s.text[s.files.Position(call.Fun.Pos()).Offset:s.files.Position(call.Fun.End()).Offset]
	return slices.Contains([]string{"errors.New", "fmt.Errorf", "fault.New", "regexp.MustCompile"}, f)
}

func embedded(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	return slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

func TestWhatOthersUseIsDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || s.generated() || !slices.Contains([]string{"shared", "eventing", "toyblc"}, s.top()) {
			continue
		}
		for _, d := range s.Decls {
			for _, what := range undocumented(d) {
				t.Errorf("%s: %s has no comment", s.at(d), what)
			}
		}
	}
}

// undocumented are the exported names of a declaration that neither they nor their group explain.
func undocumented(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
					names = append(names, spec.Name.Name)
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// exportedReceiver is true for functions, and for methods of exported types.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	exported := true
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && exported {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// Wrapping keeps the kind of an error; printing it into another loses that.
func TestErrorsAreWrapped(t *testing.T) {
	printed := regexp.MustCompile(`%[+#]?[vsq]`)
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isCall(call, "fmt", "Errorf") || len(call.Args) < 2 {
				return true
			}
			format, ok := call.Args[0].(*ast.BasicLit)
			last, isName := call.Args[len(call.Args)-1].(*ast.Ident)
			verbs := regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]`).FindAllString(fmt.Sprint(formatOf(format, ok)), -1)
			if isName && last.Name == "err" && len(verbs) > 0 && printed.MatchString(verbs[len(verbs)-1]) {
				t.Errorf("%s: an error is printed into another; wrap it with %%w", s.at(call))
			}
			return true
		})
	}
}

func formatOf(lit *ast.BasicLit, ok bool) string {
	if !ok {
		return ""
	}
	return lit.Value
}

func isCall(call *ast.CallExpr, pkg, name string) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != name {
		return false
	}
	id, ok := f.X.(*ast.Ident)
	return ok && id.Name == pkg
}

func TestParametersAreFew(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || s.generated() {
			continue
		}
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || strings.Contains(s.path, "test/") { // suites
				continue
			}
			n := f.Type.Params.NumFields()
			if n > 0 && strings.HasPrefix(s.text[s.files.Position(f.Type.Params.Pos()).Offset:], "(ctx context.Context") {
				n-- // a context does not count
			}
			if n > mostParameters && s.path+" "+f.Name.Name != "eventing/types.go New" { // an event is just these five
				t.Errorf("%s: %s has %d parameters, want at most %d", s.at(f), f.Name.Name, n, mostParameters)
			}
		}
	}
}

// Words that have no place in what is handed over, and paths of the machine that it was written on.
func TestNothingIsLeftToDo(t *testing.T) {
	forbidden := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|/wo` + `rk/|/ro` + `ot/|/ho` + `me/[a-z]|\.\./sha` + `red/(design|style|spec)`)
	for _, file := range files(t) {
		if strings.HasSuffix(file, "go.sum") || strings.Contains(file, "/testdata/fuzz/") {
			continue
		}
		for i, line := range strings.Split(read(t, file), "\n") {
			if found := forbidden.FindString(line); found != "" {
				t.Errorf("%s:%d: %q", file, i+1, found)
			}
		}
	}
}
