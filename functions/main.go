// Command functions is the one image of every operation; FUNCTION_TARGET names the one that this process is.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/serve"
	"onex.io/onex/shared/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("functions", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("function", os.Getenv("FUNCTION_TARGET"), "revision", os.Getenv("K_REVISION"))
	c, err := config.Read()
	if err != nil {
		return err
	}
	target := os.Getenv("FUNCTION_TARGET")
	o, ok := catalog.Find(target)
	if !ok {
		return fmt.Errorf("FUNCTION_TARGET %q: there is no such operation", target)
	}
	host, _ := os.Hostname() // a pod's name; without one, membership is dynamic
	t, err := telemetry.New(telemetry.Options{
		Collector: c.Collector, Ratio: c.TraceRatio, Service: o.Name, Version: os.Getenv("K_REVISION"), Log: log,
	})
	if err != nil {
		return err
	}
	p := platform.New(c, platform.Options{Log: log, Member: host, Telemetry: t, Stopping: ctx.Done()})
	err = serve.Run(ctx, p, os.Getenv("PORT"), o)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), serve.Grace)
	defer cancel()
	return errors.Join(err, p.Close(closing))
}
