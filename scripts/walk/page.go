// Package walk reads the pages of docs that walk through the platform: their commands, which can be run, and their
// references to the code, which can be looked up.
package walk

import (
	"fmt"
	"regexp"
	"strings"
)

// Command is one line that a reader may type, and what comes back.
type Command struct {
	Text string
	// Want is what it prints; "…" stands for anything, over lines too.
	Want string
	// Needs is a program that not everybody has; without it the command is left out.
	Needs string
}

// Reference is a link to a file of the repository that names what stands there.
type Reference struct {
	Name string // such as Platform.Guard; empty for a link to the file itself
	File string // from the root
}

// Commands are those of the blocks marked console, in order. A line that begins with "$ " is a command, one with
// "> " continues it, and the others are its output.
func Commands(page string) ([]Command, error) {
	var all []Command
	for _, block := range regexp.MustCompile("(?sm)^```console([^\n]*)\n(.*?)^```").FindAllStringSubmatch(page, -1) {
		_, needs, _ := strings.Cut(block[1], "needs=")
		first := len(all)
		for line := range strings.Lines(block[2]) {
			text := strings.TrimSuffix(line, "\n")
			if command, ok := strings.CutPrefix(text, "$ "); ok {
				all = append(all, Command{Text: command, Needs: needs})
				continue
			}
			if len(all) == first {
				return nil, fmt.Errorf("a block begins with %q, which is no command", text)
			}
			last := &all[len(all)-1]
			if more, ok := strings.CutPrefix(text, "> "); ok && last.Want == "" {
				last.Text += "\n" + more
			} else {
				last.Want += line
			}
		}
	}
	return all, nil
}

// Matches says whether the command printed what it should.
func (c Command) Matches(out string) bool {
	parts := strings.Split(strings.TrimSpace(c.Want), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	out = strings.ReplaceAll(strings.TrimSpace(out), "\r\n", "\n") // lines of HTTP end so
	return regexp.MustCompile("^(?s:" + strings.Join(parts, ".*?") + ")$").MatchString(out)
}

// References are the page's links to files of the repository, and whatever it names in the link.
func References(page string) []Reference {
	var all []Reference
	for _, link := range regexp.MustCompile("\\[(`[^`\\]]+`|[^\\]]*)\\]\\(\\.\\./([^)#]+)\\)").FindAllStringSubmatch(page, -1) {
		name := ""
		if text, ok := strings.CutPrefix(link[1], "`"); ok && !strings.Contains(text, "/") && !strings.Contains(text, " ") {
			name = strings.TrimSuffix(text, "`")
		}
		all = append(all, Reference{Name: name, File: link[2]})
	}
	return all
}
