package runner_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a platform in a process of its own.
type process struct {
	cmd   *exec.Cmd
	state string
	ended chan error // of the process
}

func launch(t *testing.T, state string, isolate bool) *process {
	t.Helper()
	env := filepath.Join(state, "env")
	_ = os.Remove(env) // it appears when the platform is ready
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), stateVariable+"="+state)
	if isolate {
		cmd.Env = append(cmd.Env, isolateVariable+"=1")
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, state: state, ended: make(chan error, 1)}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p.poll(t, "ready", func() bool {
		if len(p.ended) > 0 {
			t.Fatalf("the platform ended while it started: %v", <-p.ended)
		}
		_, err := os.Stat(env)
		return err == nil
	})
	return p
}

func (p *process) killNine(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	p.poll(t, "without processes", func() bool { return len(p.left()) == 0 })
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if left := p.left(); len(left) > 0 {
		t.Errorf("processes left: %q", left)
	}
}

func (p *process) left() []string {
	var lines []string
	for _, found := range processesOf(p.state) {
		lines = append(lines, found.line)
	}
	return lines
}

func (p *process) poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not %s in two minutes; processes: %q", what, p.left())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// found is a process.
type found struct {
	pid     int
	program string // the name of its file
	line    string
}

// processesOf are the processes, other than this one, that name the state folder in their arguments or in their
// environment.
func processesOf(state string) []found {
	var all []found
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(dir + "/cmdline")
		env, _ := os.ReadFile(dir + "/environ")
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if pid != os.Getpid() && strings.Contains(string(line)+string(env), state) {
			file, _ := os.Readlink(dir + "/exe")
			all = append(all, found{pid, filepath.Base(file), strings.ReplaceAll(string(line), "\x00", " ")})
		}
	}
	return all
}
