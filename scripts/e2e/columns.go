package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
)

// columns looks at the objects as kubectl does: the columns are the original's, and they are filled.
func (w *world) columns(t *testing.T, ada *life.Life) {
	for kind, want := range map[string][]string{
		"chains":    {"Name", "Age"},
		"minersets": {"Name", "Ready", "Current", "Available", "Age"},
		"miners":    {"Name", "Status", "Age"},
	} {
		table := w.table(t, ada.User.UserID, kind)
		var names []string
		for _, c := range table.ColumnDefinitions {
			if c.Priority == 0 {
				names = append(names, c.Name)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: columns %q, want %q", kind, names, want)
		}
		if len(table.Rows) == 0 {
			t.Errorf("%s: no rows", kind)
		}
		for _, row := range table.Rows {
			for i, cell := range row.Cells {
				if cell == nil || cell == "" {
					t.Errorf("%s: %v: column %s is empty", kind, row.Cells[0], table.ColumnDefinitions[i].Name)
				}
			}
		}
	}
	replicas := *ada.MinerSet.Spec.Replicas
	if got, want := w.table(t, ada.User.UserID, "minersets").Rows[0].Cells[1], fmt.Sprintf("%d/%d", replicas, replicas); got != want {
		t.Errorf("READY is %v, want %s", got, want)
	}
}

func (w *world) table(t *testing.T, namespace, kind string) metav1.Table {
	t.Helper()
	text, err := w.core.CoreV1().RESTClient().Get().
		AbsPath("/apis/apps.onex.io/v1beta1/namespaces", namespace, kind).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
	fatal(t, err)
	var table metav1.Table
	fatal(t, json.Unmarshal(text, &table))
	return table
}
