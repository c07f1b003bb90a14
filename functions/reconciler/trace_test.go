package reconciler

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/telemetry"
	"onex.io/onex/shared/telemetry/telemetrytest"
)

const (
	passes         = "onex.reconciler.pass.duration"
	traceID, click = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
)

// toldNight has a reconciler make the one miner of a set that came of a click, and gives what a collector heard.
func toldNight(t *testing.T, clock func() time.Time) (*telemetrytest.Collector, *corev1.Pod) {
	t.Helper()
	collector, url := telemetrytest.Start(t)
	told, err := telemetry.New(telemetry.Options{Collector: url, Ratio: 1, Service: "reconciler", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := newStory(t)
	s.addChain(user, "harbour")
	_, err = s.api.MinerSets(user).Create(t.Context(), &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: "night", Annotations: map[string]string{object.TraceAnnotation: "00-" + traceID + "-" + click + "-01"}},
		Spec:       v1beta1.MinerSetSpec{Replicas: ptr(int32(1)), Template: v1beta1.MinerTemplateSpec{Spec: v1beta1.MinerSpec{ChainName: "harbour"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stop := s.running(func(o *Options) {
		o.Telemetry, o.Collector, o.TraceRatio, o.Clock = told, "http://collector", 0.5, clock
	})
	s.eventually("a miner ready", s.setReady("night", "1/1"))
	pod := s.pod(user, "night-0")
	stop()
	told.Close(t.Context())
	return collector, pod
}

func TestPassesThatActAreSpansOfTheTraceThatMadeTheObject(t *testing.T) {
	collector, pod := toldNight(t, nil)
	spans := map[string]telemetrytest.Span{}
	for _, span := range collector.Trace(traceID) {
		spans[span.ID] = span
	}
	var path []string
	for at := strings.Split(pod.Annotations[object.TraceAnnotation], "-")[2]; at != click; at = spans[at].Parent {
		if path = append(path, spans[at].Name+" "+spans[at].About["onex.object.name"]); spans[at].ID == "" {
			t.Fatalf("the pod's trace leads by %q to nowhere in %+v", path, spans)
		}
	}
	if want := []string{"reconcile miner night-0", "reconcile minerset night"}; !slices.Equal(path, want) {
		t.Errorf("the pod came by %q, want %q", path, want)
	}
	env := pod.Spec.Containers[0].Env
	if last := env[len(env)-2:]; last[0].Value != "http://collector" || last[1].Value != "0.5" {
		t.Errorf("the node is told of the collector as %+v", last)
	}
	settled := collector.Count(passes, telemetrytest.Attributes{"onex.reconciler.outcome": "settled"})
	if all, told := collector.Count(passes, nil), float64(len(collector.Trace(""))); all == 0 || told != all-settled {
		t.Errorf("of %v passes %v changed nothing, and %v spans are told", all, settled, told)
	}
}

func TestALongLifeIsNotOneTrace(t *testing.T) {
	late := time.Now().Add(2 * traceLife)
	collector, pod := toldNight(t, func() time.Time { return late })
	if spans := collector.Trace(traceID); len(spans) > 0 {
		t.Errorf("the click of two hours ago goes on: %+v", spans)
	}
	if strings.Contains(pod.Annotations[object.TraceAnnotation], traceID) {
		t.Error("the pod is a part of it")
	}
	linked := slices.ContainsFunc(collector.Trace(""), func(s telemetrytest.Span) bool {
		return s.About["onex.object.name"] == "night" && slices.Contains(s.Links, traceID)
	})
	if !linked {
		t.Errorf("nothing is linked to it: %+v", collector.Trace(""))
	}
}
