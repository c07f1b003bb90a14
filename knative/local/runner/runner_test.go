package runner_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"onex.io/onex/knative/local/kube"
	"onex.io/onex/knative/local/runner"
	"onex.io/onex/scripts/e2e"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/client"
)

// stateVariable makes the test binary a platform of its own, for the tests that kill one.
const stateVariable = "ONEX_TEST_PLATFORM_STATE"

func TestMain(m *testing.M) {
	if state := os.Getenv(stateVariable); state != "" {
		os.Exit(platformMain(state))
	}
	os.Exit(m.Run())
}

func platformMain(state string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p, err := runner.Start(ctx, options(state))
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

func TestFirstCoinOnOneMachine(t *testing.T) {
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
			p := start(t, o)
			e2e.Run(t, envOf(t, o.State))
			mode.then(t, p)
		})
	}
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
			t.Errorf("processes left: %q", left)
		}
	})
	return p
}

// A platform that is killed in the middle goes on where it was: nothing is lost, nothing happens twice, and none of
// its processes outlives it.
func TestKillNineInTheMiddle(t *testing.T) {
	state := t.TempDir()
	platform := launch(t, state)
	ada := life.New(life.Options{Client: connect(t, state), Out: os.Stderr})
	step := func(name string, do func(context.Context) error) {
		t.Helper()
		if err := do(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	again := func() {
		t.Helper()
		platform.killNine(t)
		platform = launch(t, state)
		ada.Reconnect(connect(t, state))
	}
	step("sign up", ada.SignUp)
	again()
	step("log in", ada.LogIn)
	step("gift", ada.ReceiveGift)
	step("chain", ada.CreateChain)
	step("miner", ada.BuyMiners)
	again()
	step("run", ada.SeeMinersRun)
	step("coin", ada.ReceiveCoin)
	again()
	step("run again", ada.SeeMinersRun)
	e2e.Audit(t, envOf(t, state), ada)
	platform.interrupt(t)
}

// process is a platform in a process of its own.
type process struct {
	cmd   *exec.Cmd
	state string
}

func launch(t *testing.T, state string) *process {
	t.Helper()
	env := filepath.Join(state, "env")
	_ = os.Remove(env) // it appears when the platform is ready
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), stateVariable+"="+state)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, state: state}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p.poll(t, "ready", func() bool { _, err := os.Stat(env); return err == nil })
	return p
}

func (p *process) killNine(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	p.poll(t, "without processes", func() bool { return len(p.left()) == 0 })
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if left := p.left(); len(left) > 0 {
		t.Errorf("processes left: %q", left)
	}
}

func (p *process) left() []string { return processesOf(p.state) }

// processesOf are the command lines of processes, other than this one, that name the state folder in their arguments
// or in their environment.
func processesOf(state string) []string {
	var lines []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(dir + "/cmdline")
		env, _ := os.ReadFile(dir + "/environ")
		if dir != fmt.Sprintf("/proc/%d", os.Getpid()) && strings.Contains(string(line)+string(env), state) {
			lines = append(lines, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return lines
}

func (p *process) poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not %s in a minute; processes: %q", what, p.left())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// envOf reads the env file, as a shell would.
func envOf(t *testing.T, state string) e2e.Options {
	t.Helper()
	f, err := os.Open(filepath.Join(state, "env"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	vars := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "="); ok {
			vars[name] = strings.Trim(value, "'")
		}
	}
	return e2e.Options{
		Addr: vars["ONEX_ADDR"], Kubeconfig: vars["KUBECONFIG"], Mongo: vars["ONEX_MONGO"],
		Proxy: vars["ONEX_PROXY"], Triggers: vars["ONEX_TRIGGERS"],
	}
}

func connect(t *testing.T, state string) *client.Client {
	t.Helper()
	return client.New(envOf(t, state).Addr, client.Options{})
}
