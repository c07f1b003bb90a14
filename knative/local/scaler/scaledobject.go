package scaler

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"sigs.k8s.io/yaml"
)

// KEDA's defaults.
const (
	defaultPolling  = 30 * time.Second
	defaultCooldown = 300 * time.Second
)

// scaledObject is a ScaledObject, as far as it matters here.
type scaledObject struct {
	namespace, name string
	target          string
	always          bool // never below one
	paused          bool
	polling         time.Duration
	cooldown        time.Duration
	triggers        []kafkaTrigger
}

func (s *scaledObject) key() string { return s.namespace + "/" + s.name }

// kafkaTrigger is what wakes.
type kafkaTrigger struct {
	group, topic string
	activation   int64 // lag up to here does not wake
	earliest     bool  // a group without offsets lags by all there is
}

// document is the part of the YAML that is read. KEDA's own types bring its webhooks and half of controller-runtime.
type document struct {
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		ScaleTargetRef struct {
			Name string `json:"name"`
		} `json:"scaleTargetRef"`
		PollingInterval *int `json:"pollingInterval"`
		CooldownPeriod  *int `json:"cooldownPeriod"`
		MinReplicaCount *int `json:"minReplicaCount"`
		MaxReplicaCount *int `json:"maxReplicaCount"`
		Triggers        []struct {
			Type     string            `json:"type"`
			Metadata map[string]string `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

func parse(raw []byte, namespace string) (*scaledObject, error) {
	var d document
	if err := yaml.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	if d.Spec.ScaleTargetRef.Name == "" {
		return nil, errors.New("scaleTargetRef.name is missing")
	}
	if d.Spec.MaxReplicaCount != nil && *d.Spec.MaxReplicaCount < 1 {
		return nil, errors.New("maxReplicaCount is below 1")
	}
	if d.Metadata.Namespace == "" {
		d.Metadata.Namespace = namespace
	}
	_, pausedAt := d.Metadata.Annotations["autoscaling.keda.sh/paused-replicas"]
	s := &scaledObject{
		namespace: d.Metadata.Namespace, name: d.Metadata.Name,
		target:   d.Spec.ScaleTargetRef.Name,
		always:   d.Spec.MinReplicaCount != nil && *d.Spec.MinReplicaCount > 0,
		paused:   pausedAt || d.Metadata.Annotations["autoscaling.keda.sh/paused"] == "true",
		polling:  seconds(d.Spec.PollingInterval, defaultPolling),
		cooldown: seconds(d.Spec.CooldownPeriod, defaultCooldown),
	}
	for _, t := range d.Spec.Triggers {
		k, err := parseTrigger(t.Type, t.Metadata)
		if err != nil {
			return nil, err
		}
		s.triggers = append(s.triggers, k)
	}
	return s, nil
}

func parseTrigger(kind string, m map[string]string) (kafkaTrigger, error) {
	if kind != "kafka" && kind != "apache-kafka" {
		return kafkaTrigger{}, fmt.Errorf("trigger %q is not known on this machine", kind)
	}
	k := kafkaTrigger{group: m["consumerGroup"], topic: m["topic"], earliest: m["offsetResetPolicy"] == "earliest"}
	if k.group == "" || k.topic == "" {
		return kafkaTrigger{}, errors.New("kafka trigger needs consumerGroup and topic")
	}
	if a := m["activationLagThreshold"]; a != "" {
		n, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return kafkaTrigger{}, fmt.Errorf("activationLagThreshold: %w", err)
		}
		k.activation = n
	}
	return k, nil
}

func seconds(n *int, otherwise time.Duration) time.Duration {
	if n == nil {
		return otherwise
	}
	return time.Duration(*n) * time.Second
}
