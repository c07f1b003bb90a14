package check

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page says how an operation is added; its blocks of Go name the file that they belong to.
const page = "docs/add-an-operation.md"

// follow does what the page says, in an overlay over the repository, and gives it with the files that it touched in
// each section that adds an operation.
func follow(t *testing.T) (overlay map[string]string, touched map[string][]string) {
	t.Helper()
	content, touched := map[string]string{}, map[string][]string{}
	for _, section := range strings.Split(read(t, page), "\n## ")[1:] {
		title, _, _ := strings.Cut(section, "\n")
		for _, block := range regexp.MustCompile("(?s)```go (\\S+)\n(.*?)```").FindAllStringSubmatch(section, -1) {
			file, text := block[1], block[2]
			touched[title] = append(touched[title], file)
			if filepath.Base(file) != "operations.go" {
				content[file] = text
				continue
			}
			if content[file] == "" {
				content[file] = read(t, file)
			}
			content[file] = listed(t, content[file], text)
		}
	}
	overlay = map[string]string{}
	for file, text := range content {
		overlay[file] = write(t, text)
	}
	return overlay, touched
}

// listed adds an entry at the end of the list in the text of an operations.go.
func listed(t *testing.T, text, entry string) string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "operations.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var list *ast.CompositeLit
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Operations" {
			list = f.Body.List[len(f.Body.List)-1].(*ast.ReturnStmt).Results[0].(*ast.CompositeLit)
		}
	}
	end := int(list.Elts[len(list.Elts)-1].End() - parsed.FileStart)
	return text[:end] + ", " + strings.TrimSuffix(strings.TrimSpace(entry), ",") + text[end:]
}

// write writes a file that is gone when the test is.
func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// goTool runs the go command at the root, with the overlay in place of what is there.
func goTool(t *testing.T, overlay map[string]string, verb string, arguments ...string) {
	t.Helper()
	absolute := map[string]string{}
	for file, replacement := range overlay {
		name, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		absolute[name] = replacement
	}
	text, err := json.Marshal(map[string]any{"Replace": absolute})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", append([]string{verb, "-overlay", write(t, string(text))}, arguments...)...)
	command.Dir, command.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s %v: %v\n%s", verb, arguments, err, out)
	}
}

// What the page promises: two files by hand, and everything else derives.
func TestAnOperationIsAddedAsThePageSays(t *testing.T) {
	overlay, touched := follow(t)
	if len(touched) != 4 {
		t.Errorf("the page adds operations in %q", slices.Collect(maps.Keys(touched)))
	}
	for title, files := range touched {
		if len(files) != 2 || filepath.Dir(files[0]) != filepath.Dir(files[1]) || filepath.Base(files[1]) != "operations.go" {
			t.Errorf("%s: %q are touched, not an operation's file and its domain's list", title, files)
		}
	}
	generated := t.TempDir()
	for _, folder := range []string{"knative/crds", "shared/client"} { // what is read to generate
		if err := os.CopyFS(filepath.Join(generated, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	goTool(t, overlay, "run", "./scripts/generate", "-root", generated)
	for file, want := range map[string]string{
		"knative/services/get-terms.yaml":     "{name: FUNCTION_TARGET, value: get-terms}",
		"functions/gateway/routes.json":       `"path": "/v1/terms"`,
		"functions/policy/operations.json":    `"name": "get-terms"`,
		"functions/gateway/openapi.json":      `"operationId": "get-terms"`,
		"shared/client/generated.go":          "func (c *Client) GetTerms(ctx context.Context) (*Terms, error) {",
		"knative/services/note-sign-up.yaml":  "{name: FUNCTION_TARGET, value: note-sign-up}",
		"docs/asyncapi.json":                  `"note-sign-up": {`,
		"triggers/note-sign-up.yaml":          "type: io.onex.user.created.v1",
		"knative/streams/watch-denials.yaml":  "kind: StatefulSet",
		"triggers/watch-denials.yaml":         "kind: ScaledObject",
		"knative/services/knock-gateway.yaml": "{name: FUNCTION_TARGET, value: knock-gateway}",
		"triggers/knock-gateway.yaml":         `schedule: "*/5 * * * *"`,
	} {
		text, err := os.ReadFile(filepath.Join(generated, file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: no %q in it (%v)", file, want, err)
		}
		if strings.HasPrefix(file, "functions/") || strings.HasPrefix(file, "shared/") {
			overlay[file] = filepath.Join(generated, file)
		}
	}
	if t.Failed() {
		return
	}
	program := filepath.Join(t.TempDir(), "functions")
	goTool(t, overlay, "build", "./shared/client")
	goTool(t, overlay, "build", "-o", program, "./functions")
	operationsWork(t, program)
}
