package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/knative/local/node"
)

func TestNode(t *testing.T) {
	_, client := kubetest.Start(t)
	tests := []struct {
		name string
		run  func(*world)
	}{
		{"a pod runs with an address, an environment and files of its own", podRuns},
		{"a killed process is started again and keeps its files", killedRestarts},
		{"a kill is seen by itself, without a probe", killSeenAtOnce},
		{"a process that never starts up is started again", startupRestarts},
		{"readiness follows the probe", readinessFollows},
		{"a sick process is started again", sickRestarts},
		{"a deleted pod ends in its own time", deletedEnds},
		{"a stubborn process is killed after its grace", stubbornKilled},
		{"a process of a pod deleted by force is killed at once", forcedKilled},
		{"a pod that never restarts keeps the result of its end", neverRestarts},
		{"a pod that restarts on failure ends with its success alone", onFailureRestarts},
		{"a crashing pod is restarted with growing delays", crashing},
		{"pods go on after the platform was down, and those deleted meanwhile leave nothing", platformRestarts},
		{"a pod waits for its secret", waitsForSecret},
		{"an unknown image is said to be unknown", unknownImage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(newWorld(t, client)) })
	}
}

func podRuns(w *world) {
	_, err := w.client.CoreV1().Secrets("default").Create(w.t.Context(), &v1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "one-key"}, StringData: map[string]string{"ed25519.pem": "secret!", "user": "bob"},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	p := pod("one", "--key=/etc/key/ed25519.pem")
	c := &p.Spec.Containers[0]
	c.Env = append(c.Env, fieldEnv("NAME", "metadata.name"), fieldEnv("NS", "metadata.namespace"), fieldEnv("APP", "metadata.labels['app']"),
		v1.EnvVar{Name: "ACCOUNT", ValueFrom: &v1.EnvVarSource{SecretKeyRef: &v1.SecretKeySelector{LocalObjectReference: v1.LocalObjectReference{Name: "one-key"}, Key: "user"}}},
		v1.EnvVar{Name: "GREETING", Value: "hi $(ACCOUNT) of $(NS), $$(NS), $(NOBODY)"})
	c.VolumeMounts = append(c.VolumeMounts, v1.VolumeMount{Name: "key", MountPath: "/etc/key", ReadOnly: true})
	p.Spec.Volumes = append(p.Spec.Volumes, v1.Volume{Name: "key", VolumeSource: v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "one-key"}}})
	w.create(p)
	got := w.until("one", "ready", ready)
	i := w.info(got)
	for k, want := range map[string]string{
		"NAME": "one", "NS": "default", "APP": "one", "POD_IP": got.Status.PodIP, "HTTP_PROXY": "http://127.0.0.1:1",
		"GREETING": "hi bob of default, $(NS), $(NOBODY)",
	} {
		if i.Env[k] != want {
			w.t.Errorf("%s = %q, want %q", k, i.Env[k], want)
		}
	}
	if i.Key != "secret!" {
		w.t.Errorf("key file holds %q", i.Key)
	}
	if got.Spec.NodeName != node.Name || got.Status.HostIP == "" || got.Status.StartTime == nil || !strings.HasPrefix(got.Status.PodIP, "127.") {
		w.t.Errorf("status is not complete: %+v", got.Status)
	}
	log, err := os.ReadFile(filepath.Join(w.state, "logs", "pods", "default_one.log"))
	if err != nil || !strings.Contains(string(log), "starting "+got.Status.PodIP) {
		w.t.Errorf("log is %q, %v", log, err)
	}
	w.stop()
	if alive(i.PID) {
		w.t.Error("the process outlives the node")
	}
}

func killedRestarts(w *world) {
	w.create(pod("killed"))
	p := w.until("killed", "ready", ready)
	before := w.info(p)
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
	p = w.until("killed", "restarted and ready", func(p *v1.Pod) bool { return restarts(p) == 1 && ready(p) })
	after := w.info(p)
	if after.Starts != 2 || after.PID == before.PID {
		w.t.Errorf("before %+v, after %+v", before, after)
	}
	last := p.Status.ContainerStatuses[0].LastTerminationState.Terminated
	if last == nil || last.ExitCode != 137 {
		w.t.Errorf("last state is %+v, want exit code 137", last)
	}
	log, err := os.ReadFile(filepath.Join(w.state, "logs", "pods", "default_killed.log"))
	if n := strings.Count(string(log), "starting "); err != nil || n != 2 {
		w.t.Errorf("the log has %d starts, want both (%v): %s", n, err, log)
	}
}

func killSeenAtOnce(w *world) {
	p := pod("watched")
	never := int32(3600)
	c := &p.Spec.Containers[0]
	c.LivenessProbe.PeriodSeconds, c.ReadinessProbe.PeriodSeconds = never, never
	w.create(p)
	if err := syscall.Kill(w.info(w.until("watched", "ready", ready)).PID, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
	w.until("watched", "restarted and ready", func(p *v1.Pod) bool { return restarts(p) == 1 && ready(p) })
}

func startupRestarts(w *world) {
	p := pod("dull")
	p.Spec.Containers[0].StartupProbe.HTTPGet.Path = "/nobody-answers-this"
	p.Spec.Containers[0].StartupProbe.FailureThreshold = 1
	w.create(p)
	got := w.until("dull", "restarted", func(p *v1.Pod) bool { return restarts(p) >= 1 })
	if last := got.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || !strings.Contains(last.Message, "startup probe") || ready(got) {
		w.t.Errorf("last state is %+v, ready %t", last, ready(got))
	}
	if err := w.pods().Delete(w.t.Context(), "dull", metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.untilGone("dull")
}

func readinessFollows(w *world) {
	w.create(pod("moody"))
	p := w.until("moody", "ready", ready)
	w.get(p, "/unready").Body.Close()
	w.until("moody", "unready", func(p *v1.Pod) bool { return !ready(p) })
	w.get(p, "/ready").Body.Close()
	p = w.until("moody", "ready again", ready)
	if restarts(p) != 0 {
		w.t.Errorf("restarted %d times", restarts(p))
	}
}

func sickRestarts(w *world) {
	w.create(pod("sick"))
	p := w.until("sick", "ready", ready)
	w.get(p, "/sick").Body.Close()
	p = w.until("sick", "restarted and ready", func(p *v1.Pod) bool { return restarts(p) == 1 && ready(p) })
	last := p.Status.ContainerStatuses[0].LastTerminationState.Terminated
	if last == nil || !strings.Contains(last.Message, "liveness probe") {
		w.t.Errorf("last state is %+v", last)
	}
}

func deletedEnds(w *world) {
	w.create(pod("polite"))
	p := w.until("polite", "ready", ready)
	pid := w.info(p).PID
	if err := w.pods().Delete(w.t.Context(), "polite", metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.untilGone("polite")
	if alive(pid) {
		w.t.Error("the process outlives its pod")
	}
	kubetest.Eventually(w.t, patience, func() string {
		if _, err := os.Stat(filepath.Join(w.state, "pods", string(p.UID))); !os.IsNotExist(err) {
			return "the pod's folder is still there"
		}
		return ""
	})
}

func stubbornKilled(w *world) {
	p := pod("stubborn", "--stubborn")
	p.Spec.TerminationGracePeriodSeconds = ptr(int64(1))
	w.create(p)
	pid := w.info(w.until("stubborn", "ready", ready)).PID
	begun := time.Now()
	if err := w.pods().Delete(w.t.Context(), "stubborn", metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.untilGone("stubborn")
	if took := time.Since(begun); took < time.Second {
		w.t.Errorf("killed after %s, before its grace was over", took)
	}
	if alive(pid) {
		w.t.Error("the process outlives its pod")
	}
}

func forcedKilled(w *world) {
	w.create(pod("forced", "--stubborn"))
	pid := w.info(w.until("forced", "ready", ready)).PID
	if err := w.pods().Delete(w.t.Context(), "forced", metav1.DeleteOptions{GracePeriodSeconds: ptr(int64(0))}); err != nil {
		w.t.Fatal(err)
	}
	kubetest.Eventually(w.t, 3*time.Second, func() string {
		if alive(pid) {
			return "the process outlives its pod"
		}
		return ""
	})
}

func neverRestarts(w *world) {
	for name, tt := range map[string]struct {
		code  string
		phase v1.PodPhase
	}{
		"good-end": {"0", v1.PodSucceeded},
		"bad-end":  {"7", v1.PodFailed},
	} {
		p := pod(name, "--exit="+tt.code)
		p.Spec.RestartPolicy = v1.RestartPolicyNever
		w.create(p)
		got := w.until(name, "finished", func(p *v1.Pod) bool { return p.Status.Phase == tt.phase })
		end := got.Status.ContainerStatuses[0].State.Terminated
		if end == nil || fmt.Sprint(end.ExitCode) != tt.code {
			w.t.Errorf("%s ended as %+v", name, end)
		}
		if err := w.pods().Delete(w.t.Context(), name, metav1.DeleteOptions{}); err != nil {
			w.t.Fatal(err)
		}
		w.untilGone(name)
	}
}

func onFailureRestarts(w *world) {
	for name, code := range map[string]string{"content": "0", "stubborn-failure": "7"} {
		p := pod(name, "--exit="+code)
		p.Spec.RestartPolicy = v1.RestartPolicyOnFailure
		w.create(p)
	}
	got := w.until("content", "finished", func(p *v1.Pod) bool { return p.Status.Phase == v1.PodSucceeded })
	if restarts(got) != 0 {
		w.t.Errorf("restarted %d times after a success", restarts(got))
	}
	got = w.until("stubborn-failure", "restarted", func(p *v1.Pod) bool { return restarts(p) >= 2 })
	if got.Status.Phase == v1.PodFailed {
		w.t.Error("it was given up")
	}
	for _, name := range []string{"content", "stubborn-failure"} {
		if err := w.pods().Delete(w.t.Context(), name, metav1.DeleteOptions{}); err != nil {
			w.t.Fatal(err)
		}
		w.untilGone(name)
	}
}

func crashing(w *world) {
	w.create(pod("crashing", "--exit=1"))
	w.until("crashing", "backing off", func(p *v1.Pod) bool {
		return restarts(p) >= 2 && p.Status.ContainerStatuses[0].State.Waiting != nil &&
			p.Status.ContainerStatuses[0].State.Waiting.Reason == "CrashLoopBackOff"
	})
	if err := w.pods().Delete(w.t.Context(), "crashing", metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.untilGone("crashing")
}

func platformRestarts(w *world) {
	w.create(pod("lasting"))
	w.create(pod("leaving"))
	p := w.until("lasting", "ready", ready)
	leaving := w.until("leaving", "ready", ready)
	first := w.info(p)
	w.stop()
	if alive(first.PID) {
		w.t.Fatal("the process outlives the node")
	}
	if err := w.pods().Delete(w.t.Context(), "leaving", metav1.DeleteOptions{GracePeriodSeconds: ptr(int64(0))}); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	p = w.until("lasting", "started again and ready", func(p *v1.Pod) bool { return restarts(p) == 1 && ready(p) })
	if again := w.info(p); again.Starts != 2 || p.Status.PodIP != again.Env["POD_IP"] {
		w.t.Errorf("first %+v, again %+v", first, again)
	}
	kubetest.Eventually(w.t, patience, func() string {
		if _, err := os.Stat(filepath.Join(w.state, "pods", string(leaving.UID))); !os.IsNotExist(err) {
			return "the deleted pod's folder is still there"
		}
		return ""
	})
}

func waitsForSecret(w *world) {
	p := pod("hoping")
	p.Spec.Volumes = append(p.Spec.Volumes, v1.Volume{Name: "late", VolumeSource: v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "late"}}})
	p.Spec.Containers[0].VolumeMounts = append(p.Spec.Containers[0].VolumeMounts, v1.VolumeMount{Name: "late", MountPath: "/late"})
	w.create(p)
	w.until("hoping", "waiting", func(p *v1.Pod) bool {
		return len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].State.Waiting != nil
	})
	_, err := w.client.CoreV1().Secrets("default").Create(w.t.Context(), &v1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "late"}}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("hoping", "ready", ready)
}

func unknownImage(w *world) {
	p := pod("alien")
	p.Spec.Containers[0].Image = "example.com/alien"
	w.create(p)
	w.until("alien", "refused", func(p *v1.Pod) bool {
		return p.Status.Phase == v1.PodPending && len(p.Status.ContainerStatuses) == 1 &&
			p.Status.ContainerStatuses[0].State.Waiting != nil && p.Status.ContainerStatuses[0].State.Waiting.Reason == "ErrImageNeverPull"
	})
}
