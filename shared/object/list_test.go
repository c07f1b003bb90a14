package object_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/object"
)

func TestUpdatedIsTheLatestChange(t *testing.T) {
	at := func(minute int) *metav1.Time {
		moment := metav1.NewTime(time.Date(2026, 11, 20, 6, minute, 0, 0, time.UTC))
		return &moment
	}
	m := metav1.ObjectMeta{CreationTimestamp: *at(1)}
	if got := object.Updated(&m); !got.Equal(at(1).Time) {
		t.Errorf("never changed: got %s", got)
	}
	m.ManagedFields = []metav1.ManagedFieldsEntry{{Time: at(3)}, {Time: nil}, {Time: at(2)}}
	if got := object.Updated(&m); !got.Equal(at(3).Time) {
		t.Errorf("changed: got %s", got)
	}
}
