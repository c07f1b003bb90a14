package scaler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"onex.io/onex/shared/kube"
)

const (
	// maxCalm is the longest time of calm before something becomes smaller, for the same reason as maxPolling.
	maxCalm = 10 * time.Second
	// askPatience is how long KEDA waits for an answer.
	askPatience = 3 * time.Second
	// atOnce is how many pools are looked at at the same time.
	atOnce = 8
)

// PoolOptions says what Pools needs.
type PoolOptions struct {
	// Config finds the API server.
	Config *rest.Config
	// Client reaches operations by cluster name.
	Client *http.Client
	// Poll is the time between two looks; zero means a second.
	Poll time.Duration
	// Now is the time; nil means the machine's.
	Now func() time.Time
	Log *slog.Logger
}

// Pools scales MinerSets.
type Pools struct {
	o       PoolOptions
	dynamic dynamic.Interface
	core    kubernetes.Interface
	objects *kube.Client
}

// NewPools makes the clients. They connect when they are first used.
func NewPools(o PoolOptions) (*Pools, error) {
	if o.Poll == 0 {
		o.Poll = maxPolling
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	config := rest.CopyConfig(o.Config)
	config.QPS = -1 // one look is several requests
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("scaler of minersets: %w", err)
	}
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("scaler of minersets: %w", err)
	}
	objects, err := kube.New(config)
	return &Pools{o: o, dynamic: dyn, core: core, objects: objects}, err
}

// Run scales until ctx ends.
func (p *Pools) Run(ctx context.Context) error {
	courses := map[types.UID]*course{}
	tick := time.NewTicker(p.o.Poll)
	defer tick.Stop()
	for {
		if err := p.look(ctx, courses); err != nil && ctx.Err() == nil {
			p.o.Log.Warn("look at scaledobjects", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func keda(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: resource}
}

// look looks once at every ScaledObject, and forgets what is gone.
func (p *Pools) look(ctx context.Context, courses map[types.UID]*course) error {
	list, err := p.dynamic.Resource(keda("scaledobjects")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	there := map[types.UID]bool{}
	var looks errgroup.Group
	looks.SetLimit(atOnce)
	for i := range list.Items {
		so := &list.Items[i]
		there[so.GetUID()] = true
		c := courses[so.GetUID()]
		if c == nil {
			c = &course{}
			courses[so.GetUID()] = c
		}
		looks.Go(func() error { p.attend(ctx, so, c); return nil })
	}
	for uid := range courses {
		if !there[uid] {
			delete(courses, uid)
		}
	}
	return looks.Wait()
}

// attend scales by one ScaledObject and says in its status how that went.
func (p *Pools) attend(ctx context.Context, so *unstructured.Unstructured, c *course) {
	if so.GetDeletionTimestamp() != nil || so.GetAnnotations()["autoscaling.keda.sh/paused"] == "true" {
		return
	}
	parsed, err := parsePool(so)
	if parsed == nil && err == nil {
		return
	}
	condition := map[string]any{"type": "Ready", "status": "True", "reason": "ScaledObjectReady", "message": "ScaledObject is ready for scaling"}
	if err != nil {
		condition = map[string]any{"type": "Ready", "status": "False", "reason": "ScaledObjectCheckFailed", "message": err.Error()}
	} else if err := p.scale(ctx, so.GetNamespace(), parsed, c); err != nil {
		condition = map[string]any{"type": "Ready", "status": "False", "reason": "TriggerError", "message": err.Error()}
	}
	if ctx.Err() == nil {
		p.say(ctx, so, condition)
	}
}

func (p *Pools) scale(ctx context.Context, namespace string, s *pool, c *course) error {
	set, err := p.objects.MinerSets(namespace).Get(ctx, s.minerSet, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("minerset %q: %w", s.minerSet, err)
	}
	wanted, err := p.wanted(ctx, namespace, s)
	if err != nil {
		return err
	}
	var current int32
	if set.Spec.Replicas != nil {
		current = *set.Spec.Replicas
	}
	replicas := c.decide(s, wanted, current, p.o.Now())
	if set.DeletionTimestamp != nil || replicas == current {
		return nil
	}
	if err := p.objects.ScaleMinerSet(ctx, namespace, s.minerSet, replicas, ""); err != nil {
		return fmt.Errorf("scale minerset %q: %w", s.minerSet, err)
	}
	p.o.Log.Info("minerset scaled", "namespace", namespace, "minerset", s.minerSet, "to", replicas)
	return nil
}

// wanted is how many replicas the trigger calls for.
func (p *Pools) wanted(ctx context.Context, namespace string, s *pool) (float64, error) {
	if s.clock != nil {
		return s.clock.wants(p.o.Now()), nil
	}
	token, err := p.token(ctx, namespace, s.measure.authentication)
	if err != nil {
		return 0, err
	}
	value, err := p.ask(ctx, s.measure, token)
	return math.Ceil(value / s.measure.target), err
}

// token is that of a TriggerAuthentication.
func (p *Pools) token(ctx context.Context, namespace, name string) (string, error) {
	auth, err := p.dynamic.Resource(keda("triggerauthentications")).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("triggerauthentication %q: %w", name, err)
	}
	refs, _, err := unstructured.NestedSlice(auth.Object, "spec", "secretTargetRef")
	if err != nil || len(refs) != 1 {
		return "", errors.Join(err, fmt.Errorf("triggerauthentication %q names %d secrets, not one", name, len(refs)))
	}
	ref, _ := refs[0].(map[string]any)
	secretName, _ := ref["name"].(string)
	key, _ := ref["key"].(string)
	secret, err := p.core.CoreV1().Secrets(namespace).Get(ctx, secretName, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("secret %q: %w", secretName, err)
	}
	return string(secret.Data[key]), nil
}

// ask reads one number of an operation's answer.
func (p *Pools) ask(ctx context.Context, m *measureTrigger, token string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url, nil)
	if err != nil {
		return 0, fmt.Errorf("ask: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := p.o.Client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("ask: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("api returned %d", response.StatusCode)
	}
	var answer map[string]any
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&answer); err != nil {
		return 0, fmt.Errorf("answer: %w", err)
	}
	value, ok := answer[m.field].(float64)
	if !ok {
		return 0, fmt.Errorf("the answer has no number %q", m.field)
	}
	return value, nil
}

// say writes the condition into the status, unless it is there.
func (p *Pools) say(ctx context.Context, so *unstructured.Unstructured, condition map[string]any) {
	conditions, _, _ := unstructured.NestedSlice(so.Object, "status", "conditions")
	if len(conditions) == 1 {
		if said, _ := conditions[0].(map[string]any); said["status"] == condition["status"] && said["message"] == condition["message"] {
			return
		}
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []any{condition}}})
	if err == nil {
		_, err = p.dynamic.Resource(keda("scaledobjects")).Namespace(so.GetNamespace()).
			Patch(ctx, so.GetName(), types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	}
	if err != nil && ctx.Err() == nil {
		p.o.Log.Warn("status of scaledobject", "namespace", so.GetNamespace(), "name", so.GetName(), "error", err)
	}
}
