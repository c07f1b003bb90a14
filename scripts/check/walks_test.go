package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onex.io/onex/scripts/walk"
)

func TestWalksReferToWhatIsThere(t *testing.T) {
	count := 0
	for _, page := range walks(t) {
		for _, r := range walk.References(read(t, page)) {
			count++
			if _, err := os.Stat(filepath.Join(root, r.File)); err != nil {
				t.Errorf("%s: there is no %s", page, r.File)
			} else if r.Name != "" && !declares(t, r) {
				t.Errorf("%s: %s declares no %s", page, r.File, r.Name)
			}
		}
	}
	if count < 20 {
		t.Errorf("%d references were looked up", count)
	}
}

func walks(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, file := range files(t, ".md") {
		if strings.HasPrefix(file, "docs/walk-") {
			pages = append(pages, file)
		}
	}
	return pages
}

// declares says whether a Go file has a declaration of the name, and another file a line with it.
func declares(t *testing.T, r walk.Reference) bool {
	t.Helper()
	if !strings.HasSuffix(r.File, ".go") {
		return strings.Contains(read(t, r.File), r.Name)
	}
	name := r.Name[strings.LastIndex(r.Name, ".")+1:]
	parsed, err := parser.ParseFile(token.NewFileSet(), r.File, read(t, r.File), parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			found = found || n.Name.Name == name
			return false
		case *ast.TypeSpec:
			found = found || n.Name.Name == name
		case *ast.ValueSpec:
			found = found || slices.ContainsFunc(n.Names, func(id *ast.Ident) bool { return id.Name == name })
		}
		return true
	})
	return found
}

// A walk in another language is the same walk: the same commands, and the same places in the code, in the same order.
func TestWalksAreTheSameInEveryLanguage(t *testing.T) {
	count := 0
	for _, page := range walks(t) {
		name, translated := strings.CutSuffix(page, ".zh.md")
		if !translated {
			continue
		}
		original := name + ".md"
		count++
		mine, err := walk.Commands(read(t, page))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := walk.Commands(read(t, original))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(mine, theirs) {
			t.Errorf("%s has other commands than %s", page, original)
		}
		code := func(page string) []walk.Reference {
			return slices.DeleteFunc(walk.References(read(t, page)), func(r walk.Reference) bool { return r.Name == "" })
		}
		if !slices.Equal(code(page), code(original)) {
			t.Errorf("%s refers to other places than %s", page, original)
		}
	}
	if count == 0 {
		t.Error("no walk stands in two languages")
	}
}
