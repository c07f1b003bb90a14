package object

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Updated is when an object last changed, status included, as far as the object API remembers who changed what.
func Updated(m *metav1.ObjectMeta) time.Time {
	latest := m.CreationTimestamp.Time
	for _, change := range m.ManagedFields {
		if change.Time != nil && change.Time.After(latest) {
			latest = change.Time.Time
		}
	}
	return latest.UTC()
}
