package scaler

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const poolFile = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: night, namespace: user-a}
spec:
  scaleTargetRef: {apiVersion: apps.onex.io/v1beta1, kind: MinerSet, name: night}
  pollingInterval: 15
  cooldownPeriod: 60
  minReplicaCount: 1
  maxReplicaCount: 5
  triggers:
  - type: cron
    metadata: {timezone: Europe/Berlin, start: "0 22 * * *", end: "0 6 * * *", desiredReplicas: "4"}
`

func parsed(t *testing.T, text string) (*pool, error) {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return parsePool(o)
}

func TestOnlyWhatScalesAMinerSetIsAPool(t *testing.T) {
	p, err := parsed(t, poolFile)
	if err != nil || p.minerSet != "night" || p.least != 1 || p.most != 5 || p.calm != maxCalm || p.clock == nil {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := parsed(t, strings.Replace(poolFile, "kind: MinerSet", "kind: StatefulSet", 1)); p != nil || err != nil {
		t.Errorf("a stream: %+v, %v", p, err)
	}
	for name, change := range map[string][2]string{
		"a zone that is not there":      {"Europe/Berlin", "Europe/Atlantis"},
		"a start that is no time":       {"0 22 * * *", "late"},
		"an end that is no time":        {"0 6 * * *", "0 6 * *"},
		"no replicas":                   {`desiredReplicas: "4"`, `desiredReplicas: "0"`},
		"a trigger of another kind":     {"type: cron", "type: kafka"},
		"bounds the wrong way around":   {"minReplicaCount: 1", "minReplicaCount: 6"},
		"a measure without an address":  {"type: cron", "type: metrics-api"},
		"a second trigger":              {"  - type: cron", "  - {type: cron}\n  - type: cron"},
		"a number where a word belongs": {"name: night}\n  polling", "name: [night]}\n  polling"},
	} {
		if p, err := parsed(t, strings.Replace(poolFile, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: accepted as %+v", name, p)
		}
	}
}

func TestTheClockWantsFromStartToEnd(t *testing.T) {
	p, err := parsed(t, poolFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		at   string
		want float64
	}{
		"before the start":  {"2026-11-20T21:59:00+01:00", 0},
		"after the start":   {"2026-11-20T22:00:01+01:00", 4},
		"over midnight":     {"2026-11-21T00:30:00+01:00", 4},
		"before the end":    {"2026-11-21T05:59:00+01:00", 4},
		"after the end":     {"2026-11-21T06:00:01+01:00", 0},
		"in another zone":   {"2026-11-20T21:30:00Z", 4},
		"in summer as well": {"2026-07-20T20:30:00Z", 4},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.clock.wants(at); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestAPoolRisesAtOnceAndFallsWhenItIsCalm(t *testing.T) {
	p, c := &pool{least: 0, most: 5, calm: 10 * time.Second}, &course{}
	now := time.Unix(0, 0)
	current := int32(2)
	for _, row := range []struct {
		name   string
		after  time.Duration
		wanted float64
		want   int32
	}{
		{"what it has stays for a moment", 0, 0, 2},
		{"it rises at once", time.Second, 4, 4},
		{"never above the most", time.Second, 900, 5},
		{"a lull lets it be", 5 * time.Second, 1, 5},
		{"calm lets it fall to what was called for since", 6 * time.Second, 0, 1},
		{"and then to none", 11 * time.Second, 0, 0},
		{"none stays none", time.Hour, 0, 0},
		{"up again", time.Second, 3, 3},
	} {
		now = now.Add(row.after)
		if current = c.decide(p, row.wanted, current, now); current != row.want {
			t.Errorf("%s: %d, want %d", row.name, current, row.want)
		}
	}
	p.least = 2
	if got := c.decide(p, 0, 3, now.Add(time.Hour)); got != 2 {
		t.Errorf("%d, want never below the least, 2", got)
	}
}
