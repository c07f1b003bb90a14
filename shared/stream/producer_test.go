package stream_test

import (
	"context"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/stream"
)

func TestSendReturnsWhenTheEventIsSafe(t *testing.T) {
	k, done := newKafka(t, 1), &effect{}
	k.send("1")
	ends, err := k.admin.ListEndOffsets(t.Context(), "audit")
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := ends.Lookup("audit", 0); o.Offset != 1 {
		t.Errorf("Send has returned, but the topic holds %d records", o.Offset)
	}
	k.consume("store-audit-0", done.handle)
	done.await(t, "1")
}

func TestSendIsBusyWhenKafkaIsAway(t *testing.T) {
	client, err := kgo.NewClient(kgo.SeedBrokers("127.0.0.1:1"), kgo.RecordDeliveryTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	err = stream.NewProducer(client, "audit").Send(t.Context(), event("1"))
	if err == nil || fault.KindOf(err) != fault.Busy || fault.ReasonOf(err) != "StreamAway" {
		t.Errorf("got %v", err)
	}
}

func TestSendIsBusyForATopicThatIsNotThere(t *testing.T) {
	k := newKafka(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := stream.NewProducer(k.client, "nowhere").Send(ctx, event("1")); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
}

func TestAnInvalidEventIsNeitherSentNorBuffered(t *testing.T) {
	k := newKafka(t, 1)
	producer := stream.NewProducer(k.client, "audit")
	if err := producer.Send(t.Context(), cloudevents.NewEvent()); err == nil {
		t.Error("sent")
	}
	if err := producer.Buffer(t.Context(), cloudevents.NewEvent(), func(error) {}); err == nil {
		t.Error("buffered")
	}
}

func TestFlushWaitsForWhatIsBuffered(t *testing.T) {
	k, done := newKafka(t, 1), &effect{}
	producer := stream.NewProducer(k.client, "audit")
	request, cancel := context.WithCancel(t.Context())
	for _, id := range []string{"1", "2"} {
		if err := producer.Buffer(request, event(id), func(err error) { t.Errorf("event %s is lost: %v", id, err) }); err != nil {
			t.Fatal(err)
		}
	}
	cancel() // the request is over; what it buffered is not
	if err := producer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.consume("store-audit-0", done.handle)
	done.await(t, "1", "2")
}

func TestWhatIsLostIsTold(t *testing.T) {
	nothing := func(*testing.T, *kgo.Client) {}
	for _, row := range []struct {
		name          string
		option        kgo.Opt
		before, after func(*testing.T, *kgo.Client)
	}{
		{"Kafka never answers", kgo.RecordDeliveryTimeout(time.Second), nothing, nothing},
		{"the client is closed before", kgo.ProducerLinger(0), nothing, func(_ *testing.T, c *kgo.Client) { c.Close() }},
		{"the buffer is full", kgo.MaxBufferedRecords(1), func(t *testing.T, c *kgo.Client) {
			if err := stream.NewProducer(c, "audit").Buffer(t.Context(), event("0"), func(error) {}); err != nil {
				t.Fatal(err)
			}
		}, nothing},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, err := kgo.NewClient(kgo.SeedBrokers("127.0.0.1:1"), row.option)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			lost := make(chan error, 1)
			row.before(t, client)
			if err := stream.NewProducer(client, "audit").Buffer(t.Context(), event("1"), func(err error) { lost <- err }); err != nil {
				t.Fatal(err)
			}
			row.after(t, client)
			select {
			case err := <-lost:
				if err == nil {
					t.Error("told of no error")
				}
			case <-time.After(20 * time.Second):
				t.Error("nobody was told")
			}
		})
	}
}
