package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"

	"onex.io/onex/knative/local/proc"
)

const (
	sigTerm = syscall.SIGTERM
	// maxLog is the size beyond which a pod's log is put aside when its process starts again.
	maxLog = 16 << 20
)

// startError is an obstacle with the word that Kubernetes has for it.
type startError struct {
	reason string
	err    error
}

// Error is the obstacle.
func (e *startError) Error() string { return e.err.Error() }

// Unwrap is its cause.
func (e *startError) Unwrap() error { return e.err }

func reasonOf(err error) string {
	var e *startError
	if errors.As(err, &e) {
		return e.reason
	}
	return "CreateContainerConfigError"
}

// container is what is known of a process when it starts.
type container struct {
	pod  *v1.Pod
	spec v1.Container
	addr netip.Addr
}

// start makes everything the process needs and starts it.
func (w *worker) start(ctx context.Context, addr netip.Addr) (*proc.Process, *container, error) {
	pod := w.current().DeepCopy()
	pod.Status.PodIP, pod.Status.PodIPs = addr.String(), []v1.PodIP{{IP: addr.String()}}
	pod.Status.HostIP = w.node.block.host().String()
	c := &container{pod: pod, spec: pod.Spec.Containers[0], addr: addr}
	path, err := w.node.program(c.spec.Image)
	if err != nil {
		return nil, nil, err
	}
	vols, err := w.volumes(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	env, err := w.environment(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(path, translateAll(vols, c.args(env))...)
	cmd.Env = append(w.baseEnv(pod), translateAll(vols, env.list())...)
	cmd.Dir = w.dir()
	if c.spec.WorkingDir != "" {
		cmd.Dir = translate(vols, c.spec.WorkingDir)
	}
	log, err := w.openLog(pod)
	if err != nil {
		return nil, nil, err
	}
	defer log.Close() // the process has its own copy
	cmd.Stdout, cmd.Stderr = log, log
	p, err := proc.Start(cmd)
	if err != nil {
		return nil, nil, &startError{"RunContainerError", err}
	}
	return p, c, nil
}

// args are the process's arguments. The program stands for the image's entry point, so the first word of a command,
// which would name it, is left out.
func (c *container) args(env *environment) []string {
	var args []string
	if len(c.spec.Command) > 1 {
		args = append(args, c.spec.Command[1:]...)
	}
	args = append(args, c.spec.Args...)
	for i := range args {
		args[i] = env.expand(args[i])
	}
	return args
}

func (c *container) sickGrace() time.Duration {
	if p := c.spec.LivenessProbe; p != nil && p.TerminationGracePeriodSeconds != nil {
		return time.Duration(*p.TerminationGracePeriodSeconds) * time.Second
	}
	return grace(c.pod)
}

// program is the path of the program that image stands for.
func (n *Node) program(image string) (string, error) {
	if path, ok := n.o.Images[image]; ok {
		return path, nil
	}
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	if path, ok := n.o.Images[name]; ok {
		return path, nil
	}
	return "", &startError{"ErrImageNeverPull", fmt.Errorf("image %q stands for no program on this machine", image)}
}

// baseEnv is what every process gets.
func (w *worker) baseEnv(pod *v1.Pod) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + w.dir(),
		"TMPDIR=" + w.dir(),
		"HOSTNAME=" + pod.Name,
	}
	for k, v := range w.node.o.Env {
		env = append(env, k+"="+v)
	}
	return env
}

func (w *worker) openLog(pod *v1.Pod) (*os.File, error) {
	path := filepath.Join(logsDir(w.node.o.State), pod.Namespace+"_"+pod.Name+".log")
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		_ = os.Rename(path, path+".old") // at worst the log stays long
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of pod %q: %w", podName(pod), err)
	}
	return f, nil
}

// exit is how a process ended.
type exit struct {
	code    int32
	signal  int32
	message string
}

func exitOf(p *proc.Process, message string) exit {
	state := p.State()
	if state == nil {
		return exit{code: 1, message: message}
	}
	e := exit{code: int32(state.ExitCode()), message: message}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.signal = int32(ws.Signal())
		e.code = 128 + e.signal
	}
	return e
}

func (e exit) reason() string {
	if e.code == 0 {
		return "Completed"
	}
	return "Error"
}
