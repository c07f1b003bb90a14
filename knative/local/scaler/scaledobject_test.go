package scaler

import (
	"strings"
	"testing"
	"time"
)

const good = `metadata: {name: a}
spec:
  scaleTargetRef: {name: audit-store}
  cooldownPeriod: 30
  triggers:
  - type: kafka
    metadata: {consumerGroup: g, topic: t, activationLagThreshold: "5"}
`

func TestParse(t *testing.T) {
	s, err := parse([]byte(good), "onex")
	if err != nil {
		t.Fatal(err)
	}
	if s.key() != "onex/a" || s.target != "audit-store" || s.cooldown != 30*time.Second || s.polling != defaultPolling || s.always || s.paused {
		t.Errorf("got %+v", s)
	}
	if k := s.triggers[0]; k.group != "g" || k.topic != "t" || k.activation != 5 || k.earliest {
		t.Errorf("got %+v", k)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"no target":                    {"name: audit-store", ""},
		"no topic":                     {"topic: t, ", ""},
		"no group":                     {"consumerGroup: g, ", ""},
		"a threshold that is a word":   {`"5"`, "five"},
		"a trigger of another kind":    {"type: kafka", "type: prometheus"},
		"a maximum of none":            {"cooldownPeriod: 30", "maxReplicaCount: 0"},
		"a cooldown that is not right": {"cooldownPeriod: 30", "cooldownPeriod: soon"},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := parse([]byte(strings.Replace(good, change[0], change[1], 1)), "onex"); err == nil {
				t.Errorf("accepted as %+v", s)
			}
		})
	}
}
