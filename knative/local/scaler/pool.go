package scaler

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// pool is a ScaledObject that scales a MinerSet.
type pool struct {
	minerSet    string
	least, most int32
	calm        time.Duration // how long what has fallen must have stayed so
	clock       *clockTrigger
	measure     *measureTrigger
}

// clockTrigger wants a number from start to end.
type clockTrigger struct {
	zone       *time.Location
	start, end cron.Schedule
	replicas   float64
}

// measureTrigger asks an operation for a number.
type measureTrigger struct {
	url, field     string
	target         float64
	authentication string // name of a TriggerAuthentication
}

// poolDocument is the part of a ScaledObject that is read of pools.
type poolDocument struct {
	Spec struct {
		ScaleTargetRef struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Name       string `json:"name"`
		} `json:"scaleTargetRef"`
		CooldownPeriod  *int   `json:"cooldownPeriod"`
		MinReplicaCount *int32 `json:"minReplicaCount"`
		MaxReplicaCount *int32 `json:"maxReplicaCount"`
		Triggers        []struct {
			Type              string            `json:"type"`
			Metadata          map[string]string `json:"metadata"`
			AuthenticationRef struct {
				Name string `json:"name"`
			} `json:"authenticationRef"`
		} `json:"triggers"`
	} `json:"spec"`
}

// parsePool reads a ScaledObject; nil without an error is one that scales something else.
func parsePool(o *unstructured.Unstructured) (*pool, error) {
	var d poolDocument
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d); err != nil {
		return nil, err
	}
	target := d.Spec.ScaleTargetRef
	if target.APIVersion != v1beta1.SchemeGroupVersion.String() || target.Kind != v1beta1.KindMinerSet {
		return nil, nil
	}
	p := &pool{minerSet: target.Name, least: 0, most: 100, calm: min(seconds(d.Spec.CooldownPeriod, defaultCooldown), maxCalm)}
	if n := d.Spec.MinReplicaCount; n != nil {
		p.least = *n
	}
	if n := d.Spec.MaxReplicaCount; n != nil {
		p.most = *n
	}
	if len(d.Spec.Triggers) != 1 || p.most < 1 || p.least > p.most {
		return nil, errors.New("one trigger and bounds the right way around are needed")
	}
	t := d.Spec.Triggers[0]
	var err error
	switch t.Type {
	case "cron":
		p.clock, err = parseClock(t.Metadata)
	case "metrics-api":
		p.measure, err = parseMeasure(t.Metadata, t.AuthenticationRef.Name)
	default:
		err = fmt.Errorf("trigger %q is not known on this machine", t.Type)
	}
	return p, err
}

func parseClock(m map[string]string) (*clockTrigger, error) {
	zone, err := time.LoadLocation(m["timezone"])
	if err != nil {
		return nil, fmt.Errorf("unable to load timezone: %w", err)
	}
	start, err := cron.ParseStandard(m["start"])
	if err != nil {
		return nil, fmt.Errorf("error parsing start schedule: %w", err)
	}
	end, err := cron.ParseStandard(m["end"])
	if err != nil {
		return nil, fmt.Errorf("error parsing end schedule: %w", err)
	}
	replicas, err := strconv.ParseUint(m["desiredReplicas"], 10, 31)
	if err != nil || replicas == 0 {
		return nil, errors.New("no desiredReplicas specified")
	}
	return &clockTrigger{zone: zone, start: start, end: end, replicas: float64(replicas)}, nil
}

func parseMeasure(m map[string]string, authentication string) (*measureTrigger, error) {
	target, err := strconv.ParseFloat(m["targetValue"], 64)
	if err != nil || target <= 0 || m["url"] == "" || m["valueLocation"] == "" {
		return nil, errors.New("url, valueLocation and targetValue are needed")
	}
	if m["authMode"] != "bearer" || authentication == "" {
		return nil, errors.New("only what asks with a bearer token is known on this machine")
	}
	return &measureTrigger{url: m["url"], field: m["valueLocation"], target: target, authentication: authentication}, nil
}

// wants is what the clock wants at a time, as KEDA sees it: who ends before starting again is in between.
func (c *clockTrigger) wants(now time.Time) float64 {
	now = now.In(c.zone)
	if c.end.Next(now).Before(c.start.Next(now)) {
		return c.replicas
	}
	return 0
}

// course is what a pool was called to have lately, the latest last.
type course struct{ calls []call }

// call is a number of replicas that was called for at a time.
type call struct {
	at       time.Time
	replicas int32
}

// decide is how many replicas a pool gets. It rises at once, and falls to the most that was called for within the time
// of calm; what it has when it is first seen counts as a call.
func (c *course) decide(p *pool, wanted float64, current int32, now time.Time) int32 {
	within := func(n float64) int32 { return int32(min(max(n, float64(p.least)), float64(p.most))) }
	if len(c.calls) == 0 {
		c.calls = append(c.calls, call{now, within(float64(current))})
	}
	c.calls = append(c.calls, call{now, within(wanted)})
	for now.Sub(c.calls[0].at) > p.calm {
		c.calls = c.calls[1:]
	}
	var highest int32
	for _, call := range c.calls {
		highest = max(highest, within(float64(call.replicas)))
	}
	return highest
}
