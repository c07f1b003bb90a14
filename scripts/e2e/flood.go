package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/stream"
)

const (
	floodSize   = 20_000
	auditStream = "store-audit"
	// killEvery is how often the consumer's pods are deleted by force in one of the floods.
	killEvery = 5 * time.Second
)

// floods puts records into Kafka while their consumer sleeps: three times, twice with faults.
func (w *world) floods(t *testing.T, seen *sightings) {
	if w.o.Kafka == "" {
		t.Skip("ONEX_KAFKA is not set")
	}
	t.Run("undisturbed", func(t *testing.T) { w.flood(t, seen, func(context.Context) {}) })
	t.Run("with the consumer killed every 5 s", func(t *testing.T) { w.flood(t, seen, w.keepKilling) })
	t.Run("with the broker killed once", func(t *testing.T) {
		w.flood(t, seen, func(context.Context) {
			w.fault(t, "kill", "kafka")
			w.fault(t, "start", "kafka")
		})
	})
}

// flood wants every record of a flood to be stored, whatever harm is done meanwhile.
func (w *world) flood(t *testing.T, seen *sightings, harm func(context.Context)) {
	asleep := func(context.Context) error {
		if n := seen.awake()[auditStream]; n > 0 {
			return fmt.Errorf("%d pods: %w", n, errNotYet)
		}
		return nil
	}
	w.stopClocks(t) // whose decisions are records, too
	eventually(t, auditStream+" sleeps", asleep)
	subject := "flood-" + rand.Text()
	w.pour(t, subject)
	began := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	eventually(t, auditStream+" wakes and stores the first", func(ctx context.Context) error {
		if n, err := w.stored(ctx, subject); err != nil || n == 0 {
			return errors.Join(errNotYet, err)
		}
		return nil
	})
	woken := time.Since(began)
	go func() { defer close(done); harm(ctx) }()
	defer func() { stop(); <-done }()
	eventually(t, "all records are stored", func(ctx context.Context) error {
		if n, err := w.stored(ctx, subject); err != nil || n < floodSize {
			return errors.Join(fmt.Errorf("%d of %d: %w", n, floodSize, errNotYet), err)
		}
		return nil
	})
	took := time.Since(began)
	stop()
	<-done
	eventually(t, auditStream+" sleeps again", asleep)
	n, err := w.stored(t.Context(), subject)
	fatal(t, err)
	if n != floodSize {
		t.Errorf("%d records are stored of %d", n, floodSize)
	}
	t.Logf("%d records: the first stored after %.1f s, all after %.1f s, no pod after %.0f s",
		floodSize, woken.Seconds(), took.Seconds(), time.Since(began).Seconds())
}

// pour puts a flood of records into Kafka, as operations do.
func (w *world) pour(t *testing.T, subject string) {
	kafka, err := kgo.NewClient(kgo.SeedBrokers(w.o.Kafka))
	fatal(t, err)
	defer kafka.Close()
	producer := recorder{stream.NewProducer(kafka, audit.Topic), t}
	for range floodSize / 1000 {
		for range 1000 {
			audit.Recorder{Sender: producer}.Soon(t.Context(), audit.Record{ID: audit.NewID(), At: time.Now(), Subject: subject, Operation: "flood", Rule: "test"})
		}
		fatal(t, producer.Flush(t.Context()))
	}
}

// recorder fails the test when a record does not get into Kafka.
type recorder struct {
	*stream.Producer
	t *testing.T
}

// Buffer sends a record soon.
func (r recorder) Buffer(ctx context.Context, e cloudevents.Event, _ func(error)) error {
	return r.Producer.Buffer(ctx, e, func(err error) { r.t.Error(err) })
}

func (w *world) stored(ctx context.Context, subject string) (int64, error) {
	return w.db.Collection("audit").CountDocuments(ctx, bson.D{{Key: "subject", Value: subject}})
}

// keepKilling deletes the consumer's pods by force, again and again.
func (w *world) keepKilling(ctx context.Context) {
	for tick := time.NewTicker(killEvery); ; {
		_ = w.core.CoreV1().Pods("onex").DeleteCollection(ctx, life.ByForce(),
			metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=" + auditStream})
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// dispatchers carry the Broker's events.
func dispatchers() []string {
	return []string{"imc-dispatcher", "mt-broker-filter", "mt-broker-ingress"}
}

// killDispatcher signs people up while the pods that carry events die: each has one gift in the end.
func (w *world) killDispatcher(t *testing.T) {
	var newcomers []string
	for i := range 20 {
		if i%5 == 2 {
			w.killDispatchers(t)
		}
		newcomers = append(newcomers, w.newcomer(t).User.UserID)
	}
	slices.Sort(newcomers)
	for _, again := range newcomers[:3] {
		_ = w.tell(t, again) // the broker may still be away
	}
	w.auditGifts(t)
}

func (w *world) killDispatchers(t *testing.T) {
	pods, err := w.core.CoreV1().Pods("knative-eventing").List(t.Context(), metav1.ListOptions{})
	fatal(t, err)
	killed := 0
	for _, p := range pods.Items {
		if slices.ContainsFunc(dispatchers(), func(name string) bool { return strings.HasPrefix(p.Name, name+"-") }) {
			fatal(t, w.core.CoreV1().Pods(p.Namespace).Delete(t.Context(), p.Name, life.ByForce()))
			killed++
		}
	}
	if killed == 0 {
		t.Errorf("no pod carries events: none of %v", dispatchers())
	}
}
