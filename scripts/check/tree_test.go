package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "onex.io/onex/"
)

// notOurs are folders of what is built, kept or fetched, and not written.
func notOurs(name string) bool {
	return name == "bin" || name == "dist" || name == ".git" || name == "vendor" || strings.HasPrefix(name, ".onex")
}

// files are the paths below the root, with slashes, of all files with one of the endings; of all files without any.
func files(t *testing.T, endings ...string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && notOurs(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if d.Name() == ".git" { // of a worktree
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, ending := range endings {
			if strings.HasSuffix(rel, ending) {
				all = append(all, filepath.ToSlash(rel))
				return nil
			}
		}
		if len(endings) == 0 {
			all = append(all, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// source is one parsed Go file.
type source struct {
	*ast.File
	path  string // such as shared/op/op.go
	text  string
	files *token.FileSet
}

func (s source) folder() string  { return path.Dir(s.path) }
func (s source) isTest() bool    { return strings.HasSuffix(s.path, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.File) }

// top is the top-level folder; empty for a file at the root.
func (s source) top() string {
	first, _, below := strings.Cut(s.path, "/")
	if !below {
		return ""
	}
	return first
}

// at is the place of a node, for messages.
func (s source) at(n ast.Node) string {
	return strings.TrimPrefix(s.files.Position(n.Pos()).String(), root+"/")
}

// lines is how many lines a node takes.
func (s source) lines(n ast.Node) int {
	return s.files.Position(n.End()).Line - s.files.Position(n.Pos()).Line + 1
}

// sources are all Go files of both modules.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, file := range files(t, ".go") {
		set, text := token.NewFileSet(), read(t, file)
		parsed, err := parser.ParseFile(set, root+"/"+file, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{parsed, file, text, set})
	}
	if len(all) < 100 {
		t.Fatalf("%d Go files were found: this looks at the wrong place", len(all))
	}
	return all
}

func TestTheTopLevelHoldsFoldersThatSayWhatTheyAre(t *testing.T) {
	known := map[string]bool{
		"functions": true, "eventing": true, "triggers": true, "shared": true, "toyblc": true, "knative": true, "scripts": true, "docs": true,
		"Makefile": true, "go.mod": true, "go.sum": true, "README.md": true, "LICENSE": true,
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !known[name] && !strings.HasPrefix(name, ".") && !notOurs(name) {
			t.Errorf("%s has no business at the top level", name)
		}
	}
}
