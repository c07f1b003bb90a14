package weight

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestASymbolBelongsToItsPackage(t *testing.T) {
	for symbol, want := range map[string]string{
		"main.main":                                 "main",
		"runtime.mallocgc":                          "runtime",
		"net/http.(*Server).Serve":                  "net/http",
		"onex.io/onex/shared/op.Operation.HTTP":     "onex.io/onex/shared/op",
		"gopkg.in/yaml%2ev3.Unmarshal":              "gopkg.in/yaml.v3",
		"slices.Sort[go.shape.[]a.b/c.T]":           "slices",
		"github.com/x/y/v2.Map[go.shape.string].Do": "github.com/x/y/v2",
		"type:*github.com/x/y.T":                    "",
		"go:itab.*os.File,io.Reader":                "",
		"runtime.pclntab":                           "",
		"nothing":                                   "",
	} {
		if got := PackageOf(symbol); got != want {
			t.Errorf("%s: got %q, want %q", symbol, got, want)
		}
	}
}

// program builds a program of one file.
func program(t *testing.T, text string) Binary {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module example.com/program\n\ngo 1.26\n", "main.go": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := build(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAProgramIsWeighedAndSearchedForWhatKeepsMethods(t *testing.T) {
	light := program(t, "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"x\") }\n")
	if len(light.Keeps) != 0 {
		t.Errorf("methods are kept by %q", light.Keeps)
	}
	if light.Size < 500_000 || light.Size > 3_000_000 || light.Packages["runtime"] < 100_000 {
		t.Errorf("%d bytes, %d of them the runtime's", light.Size, light.Packages["runtime"])
	}
	heavy := program(t, "package main\n\nimport (\n\t\"os\"\n\t\"text/template\"\n)\n\nfunc main() { template.New(\"\").Execute(os.Stdout, 1) }\n")
	if n := len(heavy.Keeps); n == 0 || heavy.Keeps[n-1] != "text/template" || !slices.Contains(heavy.Keeps, "main") {
		t.Errorf("the way to what keeps every method is %q", heavy.Keeps)
	}
	if heavy.Size <= light.Size {
		t.Errorf("%d bytes with templates, %d without", heavy.Size, light.Size)
	}
}

func TestGrowthIsJudgedByName(t *testing.T) {
	agreed := Binary{Size: 20_000_000, Packages: map[string]int64{"a": 100_000, "b": 200_000, "small": 10}}
	table := NewTable(agreed)
	for _, row := range []struct {
		name string
		now  Binary
		want string // empty: fine
	}{
		{"as agreed", agreed, ""},
		{"lighter", Binary{Size: 10_000_000}, ""},
		{"a little heavier", Binary{Size: 20_999_000, Packages: map[string]int64{"a": 900_000}}, ""},
		{"a package that grew", Binary{Size: 21_500_000, Packages: map[string]int64{"a": 1_600_000, "b": 200_000}}, "1.50 MB  a\n"},
		{"a package that is new", Binary{Size: 21_500_000, Packages: map[string]int64{"a": 100_000, "new/one": 1_500_000}}, "1.50 MB  new/one\n"},
		{"more than is allowed, agreed or not", Binary{Size: 36_000_001}, "more than 36.00 MB"},
		{"every method is kept", Binary{Size: 1, Keeps: []string{"main", "a", "text/template"}}, "text/template finds methods by name; it comes in by main -> a -> text/template"},
	} {
		err := table.Judge(row.now)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.name, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: got %v, want %q in it", row.name, err, row.want)
		}
	}
	if strings.Contains(string(table), "small") {
		t.Errorf("a package of ten bytes has a line of its own:\n%s", table)
	}
}

func TestATableThatCannotBeReadIsAnError(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "many bytes\n", "5 a\n"} {
		if err := Table(text).Judge(Binary{Size: 1}); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
