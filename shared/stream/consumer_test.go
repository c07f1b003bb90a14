package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestWhatWasSentBeforeTheConsumerCameIsDelivered(t *testing.T) {
	k, done := newKafka(t, 1), &effect{}
	k.send("1", "2", "3")
	k.consume("store-audit-0", done.handle)
	done.await(t, "1", "2", "3")
	k.send("4")
	done.await(t, "1", "2", "3", "4")
	k.awaitCommitted(4)
}

func TestOffsetsAreCommittedAfterTheEffect(t *testing.T) {
	k := newKafka(t, 1)
	k.send("1", "2")
	begun, end := make(chan struct{}), make(chan struct{})
	stop := k.consume("store-audit-0", func(context.Context, []cloudevents.Event) error {
		close(begun)
		<-end
		return nil
	})
	<-begun
	if got := k.committed("store-audit"); got != 0 {
		t.Errorf("%d records are committed before the effect", got)
	}
	close(end)
	k.awaitCommitted(2)
	stop()
}

func TestABatchThatFailsComesAgainUntilItSucceedsAndNothingOvertakesIt(t *testing.T) {
	k, done := newKafka(t, 1), &effect{fail: errors.New("the store is away")}
	k.send("1")
	k.consume("store-audit-0", done.handle)
	eventually(t, "a second try", func() (string, bool) { got := done.seen(); return fmt.Sprint(got), len(got) >= 2 })
	k.send("2")
	if got := k.committed("store-audit"); got != 0 {
		t.Errorf("%d records are committed without their effect", got)
	}
	done.answer(nil)
	k.awaitCommitted(2)
	got := done.seen()
	if i := slices.Index(got, "2"); i != len(got)-1 {
		t.Errorf("the order is %v, want 2 behind every try of 1", got)
	}
}

func TestAConsumerThatStopsWhileItFailsLeavesTheBatchToTheNext(t *testing.T) {
	k, failed, done := newKafka(t, 1), &effect{fail: errors.New("the store is away")}, &effect{}
	k.send("1", "2")
	stop := k.consume("store-audit-0", failed.handle)
	eventually(t, "a try", func() (string, bool) { got := failed.seen(); return fmt.Sprint(got), len(got) > 0 })
	stop()
	k.consume("store-audit-0", done.handle)
	done.await(t, "1", "2")
	k.awaitCommitted(2)
}

// A consumer that dies between effect and commit is one whose commit never arrives.
func TestAfterACrashBetweenEffectAndCommitTheBatchIsDeliveredAgain(t *testing.T) {
	k, first, second := newKafka(t, 1), &effect{}, &effect{}
	refused := make(chan struct{}, 100)
	k.cluster.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.cluster.KeepControl()
		refused <- struct{}{}
		return nil, errors.New("the connection broke"), true
	})
	k.send("1", "2")
	stop := k.consume("store-audit-0", first.handle)
	<-refused
	stop()
	k.cluster.DropControl()
	if got := k.committed("store-audit"); got != 0 {
		t.Fatalf("%d records are committed: the crash did not happen", got)
	}
	seen := first.seen()
	if !slices.Contains(seen, "1") {
		t.Fatalf("the first consumer did nothing: %v", seen)
	}
	k.cluster.ControlKey(int16(kmsg.OffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) { return nil, nil, false })
	k.consume("store-audit-0", second.handle)
	eventually(t, "the batch again", func() (string, bool) {
		got := second.seen()
		return fmt.Sprint(got), slices.Equal(got, []string{"1", "2"})
	})
}

func TestAPoisonedRecordIsPassedOver(t *testing.T) {
	k, done := newKafka(t, 1), &effect{}
	k.send("1")
	for _, poison := range []*kgo.Record{
		{Topic: "audit"},
		{Topic: "audit", Value: []byte("\x00\xff")},
		{Topic: "audit", Value: []byte("{"), Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json")}}},
	} {
		if err := k.client.ProduceSync(t.Context(), poison).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	k.send("2")
	k.consume("store-audit-0", done.handle)
	done.await(t, "1", "2")
	k.awaitCommitted(5)
}

func TestPoisonAloneIsCommittedAndDisturbsNobody(t *testing.T) {
	k := newKafka(t, 1)
	if err := k.client.ProduceSync(t.Context(), &kgo.Record{Topic: "audit", Value: []byte("x")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	k.consume("store-audit-0", func(_ context.Context, batch []cloudevents.Event) error {
		t.Errorf("called with %v", batch)
		return nil
	})
	k.awaitCommitted(1)
}

func (k *kafka) members() []string {
	k.t.Helper()
	groups, err := k.admin.DescribeGroups(k.t.Context(), "store-audit")
	if err != nil {
		k.t.Fatal(err)
	}
	var ids []string
	for _, m := range groups["store-audit"].Members {
		if m.InstanceID != nil {
			ids = append(ids, *m.InstanceID)
		} else {
			ids = append(ids, "dynamic")
		}
	}
	slices.Sort(ids)
	return ids
}

func TestAStaticMemberLeavesAndItsPartitionsMoveOn(t *testing.T) {
	k, first, second := newKafka(t, 3), &effect{}, &effect{}
	stop := k.consume("store-audit-0", first.handle)
	k.send("1")
	first.await(t, "1")
	stop()
	if got := k.members(); len(got) != 0 {
		t.Errorf("members %v stay behind: the group would wait for them until their session ends", got)
	}
	began := time.Now()
	k.consume("store-audit-1", second.handle)
	var want []string
	for i := range 30 {
		want = append(want, fmt.Sprint(i+2))
	}
	k.send(want...)
	eventually(t, "all partitions read by the next member", func() (string, bool) {
		got := second.seen()
		return strings.Join(got, " "), len(got) == len(want)
	})
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the partitions moved after %s", took)
	}
}

func TestADynamicMemberLeavesToo(t *testing.T) {
	k, done := newKafka(t, 1), &effect{}
	stop := k.consume("", done.handle)
	k.send("1")
	done.await(t, "1")
	stop()
	if got := k.members(); len(got) != 0 {
		t.Errorf("members %v stay behind", got)
	}
}

func TestARestartedMemberGoesOnWhereItStopped(t *testing.T) {
	k, first, second := newKafka(t, 1), &effect{}, &effect{}
	k.send("1")
	stop := k.consume("store-audit-0", first.handle)
	first.await(t, "1")
	k.awaitCommitted(1)
	stop()
	k.send("2")
	k.consume("store-audit-0", second.handle)
	second.await(t, "2")
}

func TestALeaveThatIsRefusedIsNoFaultOfTheConsumer(t *testing.T) {
	k, done := newKafka(t, 1), &effect{}
	k.cluster.ControlKey(int16(kmsg.LeaveGroup), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.cluster.KeepControl()
		response := r.ResponseKind().(*kmsg.LeaveGroupResponse)
		response.ErrorCode = kerr.CoordinatorNotAvailable.Code
		return response, nil, true
	})
	stop := k.consume("store-audit-0", done.handle)
	k.send("1")
	done.await(t, "1")
	began := time.Now()
	stop() // fails the test when Consume returns an error
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("leaving took %s", took)
	}
}
