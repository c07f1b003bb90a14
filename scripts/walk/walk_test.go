package walk_test

import (
	"slices"
	"strings"
	"testing"

	"onex.io/onex/scripts/walk"
)

const page = "Look at [`Run`](../scripts/walk/run.go), [the page](../docs/x.md) and [elsewhere](https://example.com).\n" +
	"```console\n$ x=7\n$ echo $x \\\n> and more\n7 and …\n```\n```sh\nfalse\n```\n```console needs=no-such-program\n$ no-such-program\n```\n"

func TestAPageIsReadAsAReaderWould(t *testing.T) {
	got, err := walk.Commands(page)
	want := []walk.Command{
		{Text: "x=7"}, {Text: "echo $x \\\nand more", Want: "7 and …\n"}, {Text: "no-such-program", Needs: "no-such-program"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	references := []walk.Reference{{Name: "Run", File: "scripts/walk/run.go"}, {File: "docs/x.md"}}
	if got := walk.References(page); !slices.Equal(got, references) {
		t.Errorf("got %+v", got)
	}
	if _, err := walk.Commands("```console\noutput of nothing\n```\n"); err == nil {
		t.Error("a block without a command was read")
	}
}

func TestCommandsShareAShellAndStopAtTheFirstThatFails(t *testing.T) {
	commands, err := walk.Commands(page)
	if err != nil {
		t.Fatal(err)
	}
	done, err := walk.Run(t.Context(), t.TempDir(), append(commands[:2], walk.Command{Text: "echo why; false"}, walk.Command{Text: "echo never"}))
	if err != nil || len(done) != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	if !done[1].Matches(done[1].Out) || done[1].Status != 0 || done[2].Status != 1 || strings.TrimSpace(done[2].Out) != "why" {
		t.Errorf("%+v", done)
	}
}

func TestWhatIsPrintedIsComparedToThePattern(t *testing.T) {
	for _, row := range []struct {
		want, out string
		is        bool
	}{
		{"", "\n", true},
		{"", "something", false},
		{"a…c\n", "abbc\n", true},
		{"a…c\n", "a\nb\nc\n", true},
		{"a…", "ba", false},
		{"2/2 (x)", "2/2 (x)", true},
		{"2/2 (x)", "2/2 x", false},
	} {
		if is := (walk.Command{Want: row.want}).Matches(row.out); is != row.is {
			t.Errorf("%q matches %q: %v", row.out, row.want, is)
		}
	}
}
