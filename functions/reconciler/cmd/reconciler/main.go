// Command reconciler keeps chains, minersets and miners as their owners want them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/caarlos0/env/v11"
	"k8s.io/client-go/rest"

	"onex.io/onex/functions/reconciler"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("reconciler ended", "error", err)
		stop()
		os.Exit(1)
	}
}

// settings are what an operator can set.
type settings struct {
	// Kubeconfig is a file; empty means the service account of the pod.
	Kubeconfig string `env:"KUBECONFIG"`
	// NodesKubeconfig is a file that leads to the cluster in which nodes run; empty means the same as of the objects.
	NodesKubeconfig string `env:"ONEX_NODES_KUBECONFIG"`
	// Image of the chain nodes.
	Image string `env:"ONEX_IMAGE,required,notEmpty"`
	// Gateway is where slots are bought.
	Gateway string `env:"ONEX_GATEWAY" envDefault:"http://gateway.onex.svc.cluster.local"`
	// Services is where autoscalers find operations: a pattern for their names.
	Services string `env:"ONEX_SERVICES" envDefault:"http://%s.onex.svc.cluster.local"`
	// PlatformKey signs the reconciler's own tokens, and those of autoscalers.
	PlatformKey config.PrivateKey `env:"ONEX_PLATFORM_KEY,required,notEmpty"`
	// Sink is where nodes send their events.
	Sink string `env:"ONEX_BROKER" envDefault:"http://broker-ingress.knative-eventing.svc.cluster.local/onex/default"`
	// MinerTypes is the price list, a JSON array; without it the built-in one.
	MinerTypes minertype.Catalog `env:"ONEX_MINER_TYPES"`
	// ChainsPerUser is how many chains of one user get a node.
	ChainsPerUser int `env:"ONEX_CHAINS_PER_USER" envDefault:"5"`
	// Collector and TraceRatio are those of shared/config.
	Collector  string  `env:"ONEX_COLLECTOR"`
	TraceRatio float64 `env:"ONEX_TRACE_RATIO" envDefault:"1"`
	// HealthPort serves /healthz and /readyz.
	HealthPort int `env:"HEALTH_PORT" envDefault:"8080"`
	// Namespace and Name are the pod's own. With both, several reconcilers agree on which of them works.
	Namespace string `env:"POD_NAMESPACE"`
	Name      string `env:"POD_NAME"`
}

func run(ctx context.Context) error {
	var s settings
	if err := env.Parse(&s); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	cluster, err := kube.Config(s.Kubeconfig)
	if err != nil {
		return err
	}
	nodes, err := nodesOf(s)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	told, err := telemetry.New(telemetry.Options{Collector: s.Collector, Ratio: s.TraceRatio, Service: "reconciler", Log: log})
	if err != nil {
		return err
	}
	defer told.Close(context.WithoutCancel(ctx))
	return reconciler.Run(ctx, reconciler.Options{
		Config:         cluster,
		Nodes:          nodes,
		Buyer:          buyer(s),
		Scalers:        reconciler.Scalers{Measure: reconciler.MeasureAt(s.Services), Key: s.PlatformKey.PrivateKey},
		Types:          s.MinerTypes,
		Image:          s.Image,
		Sink:           s.Sink,
		ChainsPerUser:  s.ChainsPerUser,
		HealthAddr:     fmt.Sprintf(":%d", s.HealthPort),
		LeaderElection: election(s),
		Logger:         log,
		Telemetry:      told,
		Collector:      s.Collector,
		TraceRatio:     s.TraceRatio,
	})
}

// nodesOf finds the cluster in which nodes run; nil is the one that holds the objects.
func nodesOf(s settings) (*rest.Config, error) {
	if s.NodesKubeconfig == "" {
		return nil, nil
	}
	return kube.Config(s.NodesKubeconfig)
}

func buyer(s settings) reconciler.SlotBuyer {
	return reconciler.WalletBuyer(client.New(s.Gateway, client.Options{
		Token: client.PlatformToken("reconciler", s.PlatformKey.PrivateKey, time.Now),
	}))
}

func election(s settings) *reconciler.LeaderElection {
	if s.Namespace == "" || s.Name == "" {
		return nil
	}
	return &reconciler.LeaderElection{Namespace: s.Namespace, Identity: s.Name}
}
