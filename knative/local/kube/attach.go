package kube

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/knative/local/controllers"
)

// foreign is an API server that somebody else runs; its end is not ours to see.
type foreign struct {
	stop context.CancelFunc // of the controllers
}

// attach makes use of the API server that a kubeconfig names. Where nobody runs the controllers, they run in this
// process.
func attach(ctx context.Context, o Options) (*Server, error) {
	file, err := filepath.Abs(o.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("resolve kubeconfig %q: %w", o.Kubeconfig, err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{kubeconfig: file, parts: &foreign{stop: stop}}
	if err := s.attach(ctx, running); err != nil {
		stop()
		return nil, fmt.Errorf("API server of %q: %w", o.Kubeconfig, err)
	}
	return s, nil
}

// attachLimit bounds the questions to an API server that may not be there.
const attachLimit = 15 * time.Second

func (s *Server) attach(ctx, running context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attachLimit)
	defer cancel()
	cfg, err := s.Config()
	if err != nil {
		return err
	}
	s.host = cfg.Host
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	if _, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
		return fmt.Errorf("it is not ready: %w", err)
	}
	managed, err := hasControllers(ctx, client)
	if err != nil || managed {
		return err
	}
	return controllers.Start(running, cfg, client)
}

// hasControllers tells whether a kube-controller-manager renews its lease.
func hasControllers(ctx context.Context, client kubernetes.Interface) (bool, error) {
	lease, err := client.CoordinationV1().Leases("kube-system").Get(ctx, "kube-controller-manager", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for controllers: %w", err)
	}
	if lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil {
		return false, nil
	}
	life := time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second
	return time.Since(lease.Spec.RenewTime.Time) < 2*life, nil
}

// PID is nobody's.
func (f *foreign) PID() int { return 0 }

// Done never comes.
func (f *foreign) Done() <-chan struct{} { return nil }

// Err never comes either.
func (f *foreign) Err() error { return nil }

// Close stops the controllers, if they were ours.
func (f *foreign) Close() { f.stop() }
