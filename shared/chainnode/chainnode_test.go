package chainnode_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
)

func TestAskIsBusyUnlessTheAnswerCanBeRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/harbor/user-a/v1/status" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, "hello")
	}))
	defer server.Close()
	here := chainnode.Nodes{HTTP: server.Client(), Pattern: server.URL + "/%s/%s"}
	harbor := &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Namespace: "user-a", Name: "harbor"}}
	for _, row := range []struct {
		name  string
		nodes chainnode.Nodes
		path  string
		bad   error
		want  string
	}{
		{"an answer", here, "/v1/status", nil, "hello"},
		{"an answer that cannot be read", here, "/v1/status", errors.New("nonsense"), ""},
		{"no success", here, "/v1/nothing", nil, ""},
		{"nobody listens", chainnode.Nodes{HTTP: server.Client(), Pattern: "http://127.0.0.1:1/%s/%s"}, "/v1/status", nil, ""},
	} {
		var got string
		err := row.nodes.Ask(t.Context(), harbor, row.path, func(body io.Reader) error {
			text, err := io.ReadAll(body)
			got = string(text)
			return errors.Join(err, row.bad)
		})
		switch {
		case row.want != "" && (err != nil || got != row.want):
			t.Errorf("%s: %q, %v", row.name, got, err)
		case row.want == "" && (err == nil || fault.KindOf(err) != fault.Busy || fault.ReasonOf(err) != "NodeAway"):
			t.Errorf("%s: %v, want Busy", row.name, err)
		}
	}
}
