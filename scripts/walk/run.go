package walk

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Done is a command that was run.
type Done struct {
	Command
	Out    string // what it printed, errors too
	Status int
}

// mark ends the output of each command.
const mark = "---- walked"

// Run types the commands into one shell, in the given folder, and stops at the first that fails.
func Run(ctx context.Context, folder string, commands []Command) ([]Done, error) {
	var script strings.Builder
	script.WriteString("exec 2>&1\n")
	for _, c := range commands {
		fmt.Fprintf(&script, "%s\nstatus=$?; echo; echo '%s' $status; [ $status = 0 ] || exit 0\n", c.Text, mark)
	}
	shell := exec.CommandContext(ctx, "bash")
	shell.Dir, shell.Stdin = folder, strings.NewReader(script.String())
	shell.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var out bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &out
	err := shell.Run()
	var all []Done
	text := out.String()
	for _, c := range commands {
		own, rest, ok := strings.Cut(text, mark+" ")
		if !ok {
			return append(all, Done{Command: c, Out: text, Status: -1}), err
		}
		status, rest, _ := strings.Cut(rest, "\n")
		n, bad := strconv.Atoi(status)
		if bad != nil {
			return all, fmt.Errorf("status of %q: %w", c.Text, bad)
		}
		all, text = append(all, Done{Command: c, Out: own, Status: n}), rest
		if n != 0 {
			break
		}
	}
	return all, err
}
