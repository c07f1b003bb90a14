package proc_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onex.io/onex/knative/local/proc"
)

// TestMain makes the test binary a platform that starts a process and waits to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("PROC_TEST_PARENT") != "" {
		p, err := proc.Start(exec.Command("sleep", "1000"))
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(p.PID())
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, name string, args ...string) *proc.Process {
	t.Helper()
	p, err := proc.Start(exec.Command(name, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(0) })
	return p
}

// gone waits until there is no such process, or only a zombie that somebody else has to reap.
func gone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d lives", pid)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestStop(t *testing.T) {
	t.Run("ends a polite process at once", func(t *testing.T) {
		p := start(t, "sleep", "1000")
		begun := time.Now()
		p.Stop(time.Minute)
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
		if p.State().Exited() {
			t.Error("it ended by itself")
		}
	})
	t.Run("kills a stubborn one after its grace", func(t *testing.T) {
		cmd := exec.Command("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		p, err := proc.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		p.Stop(50 * time.Millisecond)
		gone(t, p.PID())
	})
	t.Run("may be called again", func(t *testing.T) {
		p := start(t, "true")
		<-p.Done()
		p.Stop(time.Second)
		p.Signal(syscall.SIGKILL)
		if p.State().ExitCode() != 0 || p.Err() != nil {
			t.Errorf("state %v, error %v", p.State(), p.Err())
		}
	})
}

func TestEndOfTheLeaderEndsTheGroup(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 1000 & echo $!")
	out, in, err := os.Pipe() // not StdoutPipe, which the end of the leader closes
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = in
	p, err := proc.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	gone(t, pid)
}

func TestEndOfThePlatformEndsTheProcess(t *testing.T) {
	platform := exec.Command(os.Args[0])
	platform.Env = append(os.Environ(), "PROC_TEST_PARENT=1")
	out, err := platform.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := platform.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := platform.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = platform.Wait()
	gone(t, pid)
}

func TestProgramThatIsNotThere(t *testing.T) {
	if _, err := proc.Start(exec.Command("/nonexistent")); err == nil {
		t.Error("started")
	}
}
