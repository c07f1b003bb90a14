package manifest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/manifest"
)

// thing is a kind of document that is bad without a color.
type thing struct {
	Metadata struct{ Name string }
	Color    string
}

func parse(doc []byte) (string, error) {
	var t thing
	if err := yaml.Unmarshal(doc, &t); err != nil {
		return "", err
	}
	if t.Color == "" {
		return "", errors.New("no color")
	}
	return t.Metadata.Name + "=" + t.Color, nil
}

func doc(name, color string) string {
	return fmt.Sprintf("apiVersion: test/v1\nkind: Thing\nmetadata: {name: %s}\ncolor: %s\n", name, color)
}

// folder is a watched folder.
type folder struct {
	t    *testing.T
	dir  string
	sets chan manifest.Set[string]
}

func watch(t *testing.T, files map[string]string) *folder {
	f := &folder{t: t, dir: t.TempDir(), sets: make(chan manifest.Set[string], 100)}
	for name, content := range files {
		f.write(name, content)
	}
	s := manifest.Source[string]{Dirs: []string{f.dir}, APIVersion: "test/v1", Kind: "Thing", Parse: parse, Poll: time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Watch(ctx, func(set manifest.Set[string]) { f.sets <- set }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *folder) write(name, content string) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path+".next", []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		f.t.Fatal(err)
	}
}

// want waits for the next set.
func (f *folder) want(items string, complete bool) {
	f.t.Helper()
	select {
	case set := <-f.sets:
		if got := strings.Join(set.Items, " "); got != items || set.Complete != complete {
			f.t.Errorf("set is %q, complete %t; want %q, %t", got, set.Complete, items, complete)
		}
	case <-time.After(5 * time.Second):
		f.t.Fatalf("no set came; want %q", items)
	}
}

func TestWhatIsRead(t *testing.T) {
	for name, tt := range map[string]struct {
		files    map[string]string
		want     string
		complete bool
	}{
		"an empty folder":                   {nil, "", true},
		"several documents in one file":     {map[string]string{"a.yaml": doc("a", "red") + "---\n" + doc("b", "blue")}, "a=red b=blue", true},
		"files in order, in folders too":    {map[string]string{"b.yml": doc("b", "blue"), "a/x.yaml": doc("a", "red")}, "a=red b=blue", true},
		"other kinds are left alone":        {map[string]string{"a.yaml": doc("a", "red") + "---\nkind: Other\napiVersion: test/v1\n"}, "a=red", true},
		"other files are left alone":        {map[string]string{"a.yaml": doc("a", "red"), "README.md": "# not: [yaml"}, "a=red", true},
		"empty documents are left alone":    {map[string]string{"a.yaml": "---\n# a comment\n---\n" + doc("a", "red") + "---\n"}, "a=red", true},
		"a file with a fault is left out":   {map[string]string{"a.yaml": doc("a", "red"), "b.yaml": doc("b", "''")}, "a=red", false},
		"a file that is no YAML as well":    {map[string]string{"a.yaml": doc("a", "red"), "b.yaml": "a: [b"}, "a=red", false},
		"a file counts as a whole or not":   {map[string]string{"a.yaml": doc("a", "red") + "---\n" + doc("b", "''")}, "", false},
		"a file of other kinds is complete": {map[string]string{"a.yaml": "kind: Other\n"}, "", true},
	} {
		t.Run(name, func(t *testing.T) { watch(t, tt.files).want(tt.want, tt.complete) })
	}
}

func TestChanges(t *testing.T) {
	f := watch(t, map[string]string{"a.yaml": doc("a", "red"), "b.yaml": doc("b", "blue")})
	f.want("a=red b=blue", true)
	f.write("a.yaml", doc("a", "green"))
	f.want("a=green b=blue", true)
	f.write("c.yaml", doc("c", "white"))
	f.want("a=green b=blue c=white", true)
	f.write("a.yaml", doc("a", "''")) // a fault: nothing changes
	f.write("c.yaml", "")             // about to be written: nothing changes
	f.write("b.yaml", doc("b", "black"))
	f.want("a=green b=black c=white", true)
	f.write("a.yaml", doc("a", "yellow"))
	f.want("a=yellow b=black c=white", true)
	if err := os.Remove(filepath.Join(f.dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	f.want("a=yellow c=white", true)
}

func TestFolderThatIsNotThere(t *testing.T) {
	s := manifest.Source[string]{Dirs: []string{filepath.Join(t.TempDir(), "none")}, Kind: "Thing", Parse: parse}
	if err := s.Watch(t.Context(), func(manifest.Set[string]) {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
