// Command demo plays the platform's main job on a running platform: an address and a kubeconfig are all it needs.
//
//	ONEX_ADDR   the gateway, or the ingress in front of it
//	ONEX_HOST   Host header, where ONEX_ADDR is an ingress
//	KUBECONFIG  the object API, in which the demo kills a miner
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"onex.io/onex/scripts/life"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	place := life.Place{Addr: os.Getenv("ONEX_ADDR"), Host: os.Getenv("ONEX_HOST"), Kubeconfig: os.Getenv("KUBECONFIG")}
	if place.Addr == "" || place.Kubeconfig == "" {
		return errors.New("ONEX_ADDR and KUBECONFIG must say where the platform is")
	}
	o, err := place.Options()
	if err != nil {
		return err
	}
	o.Out = os.Stdout
	return life.New(o).Whole(ctx)
}
