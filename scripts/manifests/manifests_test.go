package manifests_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/scripts/manifests"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

func hear(*platform.Platform) (op.EventFunc, error) {
	return func(context.Context, cloudevents.Event) error { return nil }, nil
}

type thing struct{}

func show(*platform.Platform) (op.RequestFunc[thing, thing], error) {
	return func(context.Context, *thing) (*thing, error) { return &thing{}, nil }, nil
}

// operations are one of every sort.
func operations() []op.Operation {
	return []op.Operation{
		{Name: "get-thing", Summary: "Shows a thing.", Allow: access.SignedIn, Wakes: op.On(op.Get("/v1/things/{name}")), Handler: op.Request(show), Secrets: []string{"ONEX_TOKEN_KEY"}},
		{Name: "praise-thing", Summary: "Praises a thing.", Allow: access.Anyone, Wakes: op.On(op.Get("/v1/praise")), Handler: op.Request(show)},
		{Name: "make-thing", Summary: "Makes a thing.", Wakes: op.On(op.Told("io.onex.thing.v1"), op.Every("*/5 * * * *")), Handler: op.OnEvent(hear),
			Scale: op.Scale{Max: 3, Concurrency: 7}, Rights: []op.Right{op.May("chains", "get", "list"), {Resource: "pods", Verbs: []string{"get"}}}},
		{Name: "entrance", Summary: "Lets in.", Public: true, Wakes: op.On(op.AnyPath()), Handler: op.OnEvent(hear)},
		{Name: "store-thing", Summary: "Keeps things.", Wakes: op.On(op.From(op.Topic{Name: "things", Partitions: 6, Lag: 50}))},
		{Name: "keep-refused", Summary: "Keeps the refused.", Wakes: op.On(op.DeadLetters()), Handler: op.OnEvent(hear)},
		{Name: "set-up", Summary: "Sets up.", Wakes: op.On(op.AtDeploy())},
	}
}

func rendered(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := manifests.Render(operations())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEveryOperationGetsWhatItNeedsAndNoMore(t *testing.T) {
	want := []string{
		"functions/gateway/routes.json", "functions/policy/operations.json",
		"knative/funcs/entrance/func.yaml", "knative/funcs/get-thing/func.yaml", "knative/funcs/keep-refused/func.yaml", "knative/funcs/make-thing/func.yaml", "knative/funcs/praise-thing/func.yaml",
		"knative/jobs/kustomization.yaml", "knative/jobs/set-up.yaml",
		"knative/overlays/gateway-api/routes/entrance.yaml", "knative/overlays/gateway-api/routes/get-thing.yaml", "knative/overlays/gateway-api/routes/kustomization.yaml", "knative/overlays/gateway-api/routes/praise-thing.yaml",
		"knative/rbac/kustomization.yaml", "knative/rbac/make-thing.yaml",
		"knative/services/entrance.yaml", "knative/services/get-thing.yaml", "knative/services/keep-refused.yaml", "knative/services/kustomization.yaml", "knative/services/make-thing.yaml", "knative/services/praise-thing.yaml",
		"knative/streams/kustomization.yaml", "knative/streams/store-thing.yaml",
		"triggers/kustomization.yaml", "triggers/make-thing.yaml", "triggers/store-thing.yaml",
	}
	if got := slices.Sorted(maps.Keys(rendered(t))); !slices.Equal(got, want) {
		t.Errorf("files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatIsDeclaredStandsInTheFile(t *testing.T) {
	files := rendered(t)
	for _, row := range []struct {
		name, file string
		has, not   []string
	}{
		{"an operation without rights has no token", "knative/services/get-thing.yaml", []string{
			"# Shows a thing.", "automountServiceAccountToken: false", "serviceAccountName: functions", "{name: FUNCTION_TARGET, value: get-thing}",
			"networking.knative.dev/visibility: cluster-local", "key: ONEX_TOKEN_KEY}", "key: ONEX_SECRETS_KEY}", `max-scale: "10"`, "containerConcurrency: 50",
		}, nil},
		{"one that asks nobody who calls, and keeps no answers, opens nobody's key", "knative/services/praise-thing.yaml", []string{"key: ONEX_TOKEN_PUBLIC_KEY}"}, []string{"ONEX_SECRETS_KEY"}},
		{"one with rights has an account of its own", "knative/services/make-thing.yaml", []string{
			"serviceAccountName: make-thing", `max-scale: "3"`, "containerConcurrency: 7",
		}, []string{"ONEX_TOKEN_KEY}", "ONEX_SECRETS_KEY", "automountServiceAccountToken: false"}},
		{"the public one alone is seen from outside", "knative/services/entrance.yaml", []string{"timeoutSeconds: 600"}, []string{"cluster-local"}},
		{"rights are those that are declared", "knative/rbac/make-thing.yaml", []string{
			`{apiGroups: ["apps.onex.io"], resources: [chains], verbs: [get, list]}`, `{apiGroups: [""], resources: [pods], verbs: [get]}`,
		}, []string{"*"}},
		{"an event and a clock", "triggers/make-thing.yaml", []string{"type: io.onex.thing.v1", `schedule: "*/5 * * * *"`, "kind: Trigger", "kind: PingSource"}, nil},
		{"what a Trigger cannot deliver goes to who keeps it", "triggers/make-thing.yaml", []string{"deadLetterSink:\n      ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: keep-refused}"}, nil},
		{"a topic", "triggers/store-thing.yaml", []string{"consumerGroup: store-thing", "topic: things", `lagThreshold: "50"`, "maxReplicaCount: 6", "offsetResetPolicy: earliest"}, nil},
		{"the gateway does not route to itself", "functions/gateway/routes.json", []string{`"path": "/v1/things/{name}"`, `"operation": "get-thing"`}, []string{"entrance"}},
		{"func finds the shared image and the keys", "knative/funcs/get-thing/func.yaml", []string{"image: ko://onex.io/onex/functions", "value: get-thing", "secret:onex-keys:ONEX_TOKEN_KEY", "cluster-local", "invoke: http"}, nil},
		{"what hears events is sent an event by func", "knative/funcs/make-thing/func.yaml", []string{"invoke: cloudevent", "serviceAccountName: make-thing", "concurrency: 7"}, nil},
		{"a path without a variable is matched as it is", "knative/overlays/gateway-api/routes/praise-thing.yaml", []string{"method: GET", "{type: Exact, value: /v1/praise}"}, nil},
		{"a path with one is matched by a pattern", "knative/overlays/gateway-api/routes/get-thing.yaml", []string{`{type: RegularExpression, value: "/v1/things/[^/]+"}`, "hostname: get-thing.onex.svc.cluster.local"}, nil},
		{"what no function answers goes to the gateway", "knative/overlays/gateway-api/routes/entrance.yaml", []string{"{type: PathPrefix, value: /}"}, []string{"method"}},
		{"a folder lists its members", "knative/services/kustomization.yaml", []string{"- entrance.yaml\n- get-thing.yaml\n- keep-refused.yaml\n- make-thing.yaml\n- praise-thing.yaml\n"}, []string{"kustomization.yaml"}},
	} {
		text := string(files[row.file])
		for _, part := range row.has {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %s has no %q:\n%s", row.name, row.file, part, text)
			}
		}
		for _, part := range row.not {
			if strings.Contains(text, part) {
				t.Errorf("%s: %s has %q", row.name, row.file, part)
			}
		}
	}
}

func TestWhatIsWrittenIsFreshUntilItIsTouched(t *testing.T) {
	root, files := t.TempDir(), rendered(t)
	if err := manifests.Compare(root, files); err == nil || !strings.Contains(err.Error(), "knative/services/get-thing.yaml is stale") {
		t.Errorf("before anything is written: %v", err)
	}
	if err := manifests.Write(root, files); err != nil {
		t.Fatal(err)
	}
	if err := manifests.Compare(root, files); err != nil {
		t.Errorf("right after: %v", err)
	}
	for name, touch := range map[string]struct{ file, want string }{
		"edited by hand": {"triggers/make-thing.yaml", "triggers/make-thing.yaml is stale"},
		"left behind":    {"knative/services/gone.yaml", "knative/services/gone.yaml belongs to no operation"},
		"left for func":  {"knative/funcs/get-thing/gone.yaml", "knative/funcs/get-thing/gone.yaml belongs to no operation"},
	} {
		if err := os.WriteFile(filepath.Join(root, touch.file), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := manifests.Compare(root, files); err == nil || !strings.Contains(err.Error(), touch.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := manifests.Write(root, files); err != nil {
		t.Fatal(err)
	}
	if err := manifests.Compare(root, files); err != nil {
		t.Errorf("after writing again: %v", err)
	}
}

func TestRenderingIsTheSameEveryTime(t *testing.T) {
	first := rendered(t)
	for range 5 {
		if !maps.EqualFunc(first, rendered(t), func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Fatal("two renderings differ")
		}
	}
}
