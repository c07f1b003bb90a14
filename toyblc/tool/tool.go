// Package tool holds what the toyblc program does besides running a node: it makes
// keys, and writes, checks and reads chains, as text or in the binary encoding.
package tool

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ErrUsage says that a command line is wrong; what is right has been printed.
var ErrUsage = errors.New("wrong command line")

// Streams are where a tool reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// tool is one of them: what it wants, and what it does with it.
type tool struct {
	usage string
	run   func(*flag.FlagSet, Streams) func(args []string) error
}

func tools() map[string]tool {
	return map[string]tool{
		"key":    {"key FILE: show the public key of a key file, or of a new key that is written there", keyTool},
		"export": {"export [-binary] DIR|URL: write a chain from a data directory, or from a running node, to standard output", exportTool},
		"verify": {"verify [-genesis=HASH] [FILE]: check every rule for every block of an exported chain", verifyTool},
		"import": {"import [-genesis=HASH] DIR: check an exported chain from standard input and put it into an empty data directory", importTool},
	}
}

// Is reports whether the first word of a command line is a tool's name.
func Is(args []string) bool {
	if len(args) == 0 {
		return false
	}
	_, known := tools()[args[0]]
	return known
}

// Run runs the tool that args names. A flag.ErrHelp has been answered.
func Run(args []string, s Streams) error {
	t := tools()[args[0]]
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(s.Err)
	flags.Usage = func() {
		fmt.Fprintln(s.Err, "toyblc "+t.usage)
		flags.PrintDefaults()
	}
	run := t.run(flags, s)
	switch err := flags.Parse(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%s: %w: %w", args[0], ErrUsage, err)
	}
	if err := run(flags.Args()); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return nil
}

// Usage lists the tools.
func Usage() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(tools())) {
		lines = append(lines, "  toyblc "+tools()[name].usage)
	}
	return strings.Join(lines, "\n")
}

// only wants exactly one argument.
func only(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("%w: %d arguments, want one", ErrUsage, len(args))
	}
	return args[0], nil
}
