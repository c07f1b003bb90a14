package runner_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onex.io/onex/knative/local/runner"
	"onex.io/onex/scripts/walk"
)

// The commands of the walks do what the pages say. Their translations have the same commands, which is checked beside
// the other rules of the house.
func TestWalks(t *testing.T) {
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	folder := t.TempDir()
	p, err := runner.Start(t.Context(), options(filepath.Join(folder, ".onex")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	pages, err := filepath.Glob("../../../docs/walk-*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d walks, %v", len(pages), err)
	}
	for _, page := range pages {
		if name := filepath.Base(page); strings.Count(name, ".") == 1 {
			t.Run(strings.TrimSuffix(name, ".md"), func(t *testing.T) { follow(t, folder, page) })
		}
	}
}

func follow(t *testing.T, folder, page string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	all, err := walk.Commands(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var commands []walk.Command
	for _, c := range all {
		if c.Needs != "" {
			if _, err := exec.LookPath(c.Needs); err != nil {
				t.Logf("without %s: %s", c.Needs, c.Text)
				continue
			}
		}
		commands = append(commands, c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	done, err := walk.Run(ctx, folder, commands)
	if err != nil {
		t.Errorf("the shell: %v", err)
	}
	for _, d := range done {
		if d.Status != 0 || !d.Matches(d.Out) {
			t.Errorf("$ %s\nstatus %d\n%s\nwant\n%s", d.Text, d.Status, d.Out, d.Want)
		}
	}
	if len(done) < len(commands) {
		t.Errorf("%d of %d commands were run", len(done), len(commands))
	}
}
