// Command toyblc runs one node of a toyblc chain until it is told to stop.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"onex.io/onex/toyblc/node"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := node.Parse(args, os.Getenv, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
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
