package runner_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"onex.io/onex/knative/local/kube"
	"onex.io/onex/knative/local/runner"
	"onex.io/onex/scripts/e2e"
)

// stateVariable makes the test binary a platform of its own, for the tests that kill one; isolateVariable gives each of
// its operations processes of their own.
const (
	stateVariable   = "ONEX_TEST_PLATFORM_STATE"
	isolateVariable = "ONEX_TEST_PLATFORM_ISOLATE"
)

func TestMain(m *testing.M) {
	if state := os.Getenv(stateVariable); state != "" {
		os.Exit(platformMain(state))
	}
	os.Exit(m.Run())
}

func platformMain(state string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := options(state)
	o.Triggers = state + "-triggers"
	if err := hurriedTriggers(o.Triggers); err != nil {
		slog.Error("triggers", "error", err)
		return 1
	}
	o.Isolate, o.Idle = os.Getenv(isolateVariable) != "", 3*time.Second
	p, err := runner.Start(ctx, o)
	if err == nil {
		err = p.Wait(ctx)
	}
	if p != nil {
		_ = p.Close()
	}
	if err != nil {
		slog.Error("platform", "error", err)
		return 1
	}
	return 0
}

// options finds the programs that make has built, in bin at the root.
func options(state string) runner.Options {
	root, err := filepath.Abs("../../..")
	if err != nil {
		panic(err)
	}
	return runner.Options{
		State: state, Kube: kube.Options{Assets: os.Getenv("KUBEBUILDER_ASSETS"), Bin: filepath.Join(root, "bin/kube")}, Toyblc: filepath.Join(root, "bin/toyblc"), Functions: filepath.Join(root, "bin/functions"),
		Triggers: filepath.Join(root, "triggers"), CRDs: filepath.Join(root, "knative/crds"), Addr: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler),
	}
}

func TestMainJobOnOneMachine(t *testing.T) {
	for name, mode := range map[string]struct {
		set  func(*runner.Options)
		then func(*testing.T, *runner.Platform)
	}{
		"one process":                {func(*runner.Options) {}, oneProcess},
		"a process each (ISOLATE=1)": {func(o *runner.Options) { o.Isolate, o.Idle = true, 3*time.Second }, fromZeroToZero},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t.TempDir())
			mode.set(&o)
			o.Triggers = t.TempDir() // the test changes them
			if err := os.CopyFS(o.Triggers, os.DirFS(options("").Triggers)); err != nil {
				t.Fatal(err)
			}
			w := newWitness(&o)
			p := start(t, o)
			env := envOf(t, o.State)
			env.Addr = w.before(t, env.Addr)
			w.tap(t, p)
			w.watch(t, env.Kubeconfig)
			e2e.Run(t, env)
			t.Run("no secret was told", func(t *testing.T) { w.verdict(t, enter(t, o.State), o.Isolate) })
			mode.then(t, p)
		})
	}
}

var schedule = regexp.MustCompile(`schedule: ".*"`)

// hurriedTriggers are those of the platform, with clocks that tick every minute: a test cannot wait as a user can.
func hurriedTriggers(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(options("").Triggers)); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, file := range files {
		text, readErr := os.ReadFile(file)
		err = errors.Join(err, readErr, os.WriteFile(file, schedule.ReplaceAll(text, []byte(`schedule: "* * * * *"`)), 0o600))
	}
	return err
}

// start starts a platform that ends with the test and leaves no process.
func start(t *testing.T, o runner.Options) *runner.Platform {
	t.Helper()
	p, err := runner.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if left := processesOf(o.State); len(left) > 0 {
			t.Errorf("processes left: %+v", left)
		}
	})
	return p
}

func envOf(t *testing.T, state string) e2e.Options {
	t.Helper()
	vars, err := readEnv(state)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(vars["ONEX_ADMIN_PASSWORD_FILE"]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the administrator's password may be read by others: %v, %v", info.Mode(), err)
	}
	return e2e.Options{
		Addr: vars["ONEX_ADDR"], Kubeconfig: vars["KUBECONFIG"], Mongo: vars["ONEX_MONGO"],
		Proxy: vars["ONEX_PROXY"], Triggers: vars["ONEX_TRIGGERS"], AdminPasswordFile: vars["ONEX_ADMIN_PASSWORD_FILE"],
	}
}

// readEnv reads the env file of a platform, as a shell would.
func readEnv(state string) (map[string]string, error) {
	f, err := os.Open(filepath.Join(state, "env"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	vars := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "="); ok {
			vars[name] = strings.Trim(value, "'")
		}
	}
	return vars, nil
}
