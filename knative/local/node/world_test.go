package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/knative/local/node"
)

const patience = 20 * time.Second

// world is an API server with a node that can be stopped and started again.
type world struct {
	t      *testing.T
	client kubernetes.Interface
	state  string
	stop   func()
}

func newWorld(t *testing.T, client kubernetes.Interface) *world {
	w := &world{t: t, client: client, state: t.TempDir()}
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	n, err := node.New(node.Options{
		Client: w.client, State: w.state,
		Images:     map[string]string{"onex.local/program": os.Args[0]},
		Env:        map[string]string{"HTTP_PROXY": "http://127.0.0.1:1"},
		CrashDelay: 50 * time.Millisecond,
		Log:        slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
	w.t.Cleanup(func() { w.stop() })
}

func (w *world) pods() corev1.PodInterface {
	return w.client.CoreV1().Pods("default")
}

func (w *world) create(pod *v1.Pod) {
	w.t.Helper()
	kubetest.Eventually(w.t, patience, func() string {
		// The service account of a fresh namespace takes a moment.
		if _, err := w.pods().Create(w.t.Context(), pod, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err.Error()
		}
		return ""
	})
}

// until waits for the pod to be as ok says.
func (w *world) until(name, what string, ok func(*v1.Pod) bool) *v1.Pod {
	w.t.Helper()
	var pod *v1.Pod
	kubetest.Eventually(w.t, patience, func() string {
		p, err := w.pods().Get(w.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		pod = p
		if !ok(p) {
			status, _ := json.Marshal(p.Status)
			return fmt.Sprintf("pod is not %s: %s", what, status)
		}
		return ""
	})
	return pod
}

func (w *world) untilGone(name string) {
	w.t.Helper()
	kubetest.Eventually(w.t, patience, func() string {
		if _, err := w.pods().Get(w.t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("pod is still there: %v", err)
		}
		return ""
	})
}

func ready(p *v1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == v1.PodReady {
			return c.Status == v1.ConditionTrue
		}
	}
	return false
}

func restarts(p *v1.Pod) int32 {
	if len(p.Status.ContainerStatuses) == 0 {
		return 0
	}
	return p.Status.ContainerStatuses[0].RestartCount
}

func (w *world) get(p *v1.Pod, path string) *http.Response {
	w.t.Helper()
	resp, err := http.Get("http://" + p.Status.PodIP + ":8080" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp
}

func (w *world) info(p *v1.Pod) info {
	w.t.Helper()
	resp := w.get(p, "/info")
	defer resp.Body.Close()
	var i info
	if err := json.NewDecoder(resp.Body).Decode(&i); err != nil {
		w.t.Fatal(err)
	}
	return i
}

// alive tells whether there is such a process.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func pod(name string, args ...string) *v1.Pod {
	get := func(path string) v1.ProbeHandler {
		return v1.ProbeHandler{HTTPGet: &v1.HTTPGetAction{Path: path, Port: intstr.FromString("http")}}
	}
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", Labels: map[string]string{"app": name}},
		Spec: v1.PodSpec{
			TerminationGracePeriodSeconds: ptr(int64(5)),
			Containers: []v1.Container{{
				Name: "main", Image: "onex.local/program:v1",
				Args:           append([]string{"pod-program", "--addr=$(POD_IP):8080", "--data=/data"}, args...),
				Env:            []v1.EnvVar{fieldEnv("POD_IP", "status.podIP")},
				Ports:          []v1.ContainerPort{{Name: "http", ContainerPort: 8080}},
				VolumeMounts:   []v1.VolumeMount{{Name: "data", MountPath: "/data"}},
				StartupProbe:   &v1.Probe{ProbeHandler: get("/healthz"), PeriodSeconds: 1, FailureThreshold: 30},
				ReadinessProbe: &v1.Probe{ProbeHandler: get("/readyz"), PeriodSeconds: 1, FailureThreshold: 1},
				LivenessProbe:  &v1.Probe{ProbeHandler: get("/healthz"), PeriodSeconds: 1, FailureThreshold: 2},
			}},
			Volumes: []v1.Volume{{Name: "data", VolumeSource: v1.VolumeSource{EmptyDir: &v1.EmptyDirVolumeSource{}}}},
		},
	}
}

func fieldEnv(name, path string) v1.EnvVar {
	return v1.EnvVar{Name: name, ValueFrom: &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{FieldPath: path}}}
}

func ptr[T any](v T) *T { return &v }
