// Command toyblc runs one node of a toyblc chain until it is told to stop. With the
// name of a tool as its first word it makes keys, or exports, verifies and imports chains.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"onex.io/onex/toyblc/node"
	"onex.io/onex/toyblc/tool"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if tool.Is(args) {
		return runTool(args)
	}
	limitMemory(cgroupLimit, os.Getenv("GOMEMLIMIT"))
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := node.Parse(args, os.Getenv, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "Tools:\n"+tool.Usage())
		return 0
	}
	if err != nil {
		log.Error("configuration", "cause", err)
		return 2
	}
	n, err := node.New(cfg, log)
	if err == nil {
		err = n.Run(ctx)
	}
	if err != nil {
		log.Error("node ended", "cause", err)
		return 1
	}
	return 0
}

func runTool(args []string) int {
	err := tool.Run(args, tool.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, tool.ErrUsage):
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
