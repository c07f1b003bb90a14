package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// status is what the API is told about a pod, and nothing is told twice.
type status struct {
	node *Node
	pod  *v1.Pod
	want v1.PodStatus
	told string
}

func newStatus(n *Node, pod *v1.Pod, addr netip.Addr) *status {
	s := &status{node: n, pod: pod, want: *pod.Status.DeepCopy()}
	host := n.block.host().String()
	s.want.HostIP, s.want.HostIPs = host, []v1.HostIP{{IP: host}}
	s.want.PodIP, s.want.PodIPs = addr.String(), []v1.PodIP{{IP: addr.String()}}
	if s.want.StartTime == nil {
		now := metav1.Now()
		s.want.StartTime = &now
	}
	if len(s.want.ContainerStatuses) != 1 {
		c := pod.Spec.Containers[0]
		s.want.ContainerStatuses = []v1.ContainerStatus{{Name: c.Name, Image: c.Image}}
	}
	return s
}

func (s *status) container() *v1.ContainerStatus { return &s.want.ContainerStatuses[0] }

// waiting tells why there is no process yet, or not again yet.
func (s *status) waiting(ctx context.Context, reason, message string) {
	if s.want.Phase == "" {
		s.want.Phase = v1.PodPending
	}
	s.container().State = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason, Message: message}}
	s.setReady(false)
	s.tell(ctx)
}

// started tells of a new process. Whether it is the first is known from the one before it.
func (s *status) started(ctx context.Context, pid int) {
	c := s.container()
	if c.ContainerID != "" {
		c.RestartCount++
	}
	if c.State.Running != nil {
		// It ran when the platform stopped; nobody saw its end.
		s.lastState(exit{code: 137, signal: 9, message: "the platform stopped"})
	}
	c.ContainerID = fmt.Sprintf("process://%d", pid)
	c.Image = s.pod.Spec.Containers[0].Image
	c.ImageID = c.Image
	c.State = v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: metav1.Now()}}
	no := false
	c.Started = &no
	s.want.Phase = v1.PodRunning
	s.setReady(false)
	s.condition(v1.PodScheduled, true)
	s.condition(v1.PodInitialized, true)
	s.condition(v1.PodReadyToStartContainers, true)
	s.tell(ctx)
}

// judge tells what a probe found out.
func (s *status) judge(ctx context.Context, v verdict) {
	if v.kind == up {
		yes := true
		s.container().Started = &yes
		if s.pod.Spec.Containers[0].ReadinessProbe == nil {
			return // it is ready as well, and that comes next
		}
	} else {
		s.setReady(v.kind == ready)
	}
	s.tell(ctx)
}

func (s *status) ready(ctx context.Context, yes bool) {
	s.setReady(yes)
	s.tell(ctx)
}

// ended notes the end of a process; it is told with what comes of it.
func (s *status) ended(_ context.Context, e exit) {
	s.lastState(e)
	s.container().State = v1.ContainerState{Terminated: s.container().LastTerminationState.Terminated}
	s.setReady(false)
}

func (s *status) lastState(e exit) {
	t := &v1.ContainerStateTerminated{
		ExitCode: e.code, Signal: e.signal, Reason: e.reason(), Message: e.message,
		FinishedAt: metav1.Now(), ContainerID: s.container().ContainerID,
	}
	if r := s.container().State.Running; r != nil {
		t.StartedAt = r.StartedAt
	}
	s.container().LastTerminationState = v1.ContainerState{Terminated: t}
}

// finish tells that there will be no other process.
func (s *status) finish(ctx context.Context, e exit) {
	s.want.Phase = v1.PodSucceeded
	if e.code != 0 {
		s.want.Phase = v1.PodFailed
	}
	s.container().LastTerminationState = v1.ContainerState{}
	s.tell(ctx)
}

func (s *status) setReady(yes bool) {
	c := s.container()
	c.Ready = yes
	s.condition(v1.ContainersReady, yes)
	s.condition(v1.PodReady, yes)
	if !yes && c.State.Running == nil {
		no := false
		c.Started = &no
	}
}

// condition keeps the time of the last change.
func (s *status) condition(t v1.PodConditionType, yes bool) {
	value := v1.ConditionFalse
	if yes {
		value = v1.ConditionTrue
	}
	i := slices.IndexFunc(s.want.Conditions, func(c v1.PodCondition) bool { return c.Type == t })
	if i < 0 {
		s.want.Conditions = append(s.want.Conditions, v1.PodCondition{Type: t})
		i = len(s.want.Conditions) - 1
	}
	c := &s.want.Conditions[i]
	if c.Status != value {
		c.Status, c.LastTransitionTime = value, metav1.Now()
	}
}

// tell writes the status, unless it stands there already. The uid keeps it from a namesake that came after.
func (s *status) tell(ctx context.Context) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": s.pod.UID}, "status": s.want})
	if err != nil {
		s.node.o.Log.Error("encode pod status", "pod", podName(s.pod), "error", err)
		return
	}
	if string(patch) == s.told {
		return
	}
	if err := s.patch(ctx, patch); err != nil {
		s.node.o.Log.Error("write pod status", "pod", podName(s.pod), "error", err)
		return
	}
	s.told = string(patch)
}

// patch tries for a while: the API server may be starting again.
func (s *status) patch(ctx context.Context, patch []byte) error {
	for try := 0; ; try++ {
		_, err := s.node.o.Client.CoreV1().Pods(s.pod.Namespace).
			Patch(ctx, s.pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
		if err == nil || ctx.Err() != nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil // or nobody is left to tell
		}
		if try == 5 {
			return err
		}
		timer := time.NewTimer(100 * time.Millisecond << try)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}
