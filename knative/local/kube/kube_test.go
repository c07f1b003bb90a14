package kube_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"onex.io/onex/knative/local/kube"
	"onex.io/onex/knative/local/kube/kubetest"
)

const patience = 30 * time.Second

// TestMain makes the test binary a platform that starts an API server and waits to be killed.
func TestMain(m *testing.M) {
	if state := os.Getenv("KUBE_TEST_STATE"); state != "" {
		s, err := kube.Start(context.Background(), kube.Options{Bin: os.Getenv("KUBE_TEST_BIN"), State: state})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("up", s.PID())
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, state string) *kube.Server {
	t.Helper()
	return startWith(t, kube.Options{Bin: kubetest.Bin(t), State: state})
}

func startWith(t *testing.T, o kube.Options) *kube.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := kube.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestServer(t *testing.T) {
	for name, options := range map[string]func(*testing.T) kube.Options{
		"one program":              func(t *testing.T) kube.Options { return kube.Options{Bin: kubetest.Bin(t)} },
		"the programs of a folder": func(t *testing.T) kube.Options { return kube.Options{Assets: kubetest.Assets(t)} },
		"a bare one of another's":  func(t *testing.T) kube.Options { return kube.Options{Kubeconfig: bare(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.State = t.TempDir()
			s, err := kube.Start(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			behaves(t, s)
		})
	}
}

func behaves(t *testing.T, server *kube.Server) {
	client := kubetest.Client(t, server)
	for name, run := range map[string]func(*testing.T, *kube.Server, kubernetes.Interface){
		"it tells the version of a real cluster":        tellsVersion,
		"what an owner owned goes with it":              collectsGarbage,
		"a namespace goes with all in it":               deletesNamespace,
		"a namespace has its service account":           makesServiceAccount,
		"a custom kind is served, with its rules":       servesCustomKind,
		"nobody gets in without the kubeconfig's token": wantsToken,
	} {
		t.Run(name, func(t *testing.T) { run(t, server, client) })
	}
}

func tellsVersion(t *testing.T, _ *kube.Server, c kubernetes.Interface) {
	v, err := c.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if minor, err := strconv.Atoi(v.Minor); v.Major != "1" || err != nil || minor < 34 {
		t.Errorf("version is %+v", v)
	}
}

func collectsGarbage(t *testing.T, _ *kube.Server, c kubernetes.Interface) {
	maps := c.CoreV1().ConfigMaps("default")
	owner, err := maps.Create(t.Context(), &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	owned := &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owned", OwnerReferences: []metav1.OwnerReference{
		{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.UID}}}}
	if _, err := maps.Create(t.Context(), owned, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "owner", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	kubetest.Eventually(t, patience, func() string {
		if _, err := maps.Get(t.Context(), "owned", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Sprint("it is still there: ", err)
		}
		return ""
	})
}

func makeNamespace(t *testing.T, c kubernetes.Interface, name string) {
	t.Helper()
	_, err := c.CoreV1().Namespaces().Create(t.Context(), &v1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func deletesNamespace(t *testing.T, _ *kube.Server, c kubernetes.Interface) {
	makeNamespace(t, c, "doomed")
	if _, err := c.CoreV1().Secrets("doomed").Create(t.Context(), &v1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.CoreV1().Namespaces().Delete(t.Context(), "doomed", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	kubetest.Eventually(t, patience, func() string {
		if _, err := c.CoreV1().Namespaces().Get(t.Context(), "doomed", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Sprint("it is still there: ", err)
		}
		return ""
	})
}

func makesServiceAccount(t *testing.T, _ *kube.Server, c kubernetes.Interface) {
	makeNamespace(t, c, "user-a")
	kubetest.Eventually(t, patience, func() string {
		if _, err := c.CoreV1().ServiceAccounts("user-a").Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
			return err.Error()
		}
		return ""
	})
}

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.test.onex.io}
spec:
  group: test.onex.io
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {size: {type: integer}}
            x-kubernetes-validations: [{rule: "self.size < 10", message: too big}]
`

func servesCustomKind(t *testing.T, s *kube.Server, _ kubernetes.Interface) {
	cfg, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	dyn, err := dynamic.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var def unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(crd), &def.Object); err != nil {
		t.Fatal(err)
	}
	defs := dyn.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	if _, err := defs.Create(t.Context(), &def, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	things := dyn.Resource(schema.GroupVersionResource{Group: "test.onex.io", Version: "v1", Resource: "things"}).Namespace("default")
	thing := func(name string, size int64) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "test.onex.io/v1", "kind": "Thing",
			"metadata": map[string]any{"name": name}, "spec": map[string]any{"size": size}}}
	}
	kubetest.Eventually(t, patience, func() string {
		if _, err := things.Create(t.Context(), thing("small", 3), metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err.Error()
		}
		return ""
	})
	if _, err := things.Create(t.Context(), thing("big", 30), metav1.CreateOptions{}); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "too big") {
		t.Errorf("a big thing: %v, want a refusal by its rule", err)
	}
}

func wantsToken(t *testing.T, s *kube.Server, _ kubernetes.Interface) {
	cfg, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	cfg.BearerToken = ""
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("error is %v, want Unauthorized", err)
	}
}

func TestStateSurvivesAKill(t *testing.T) {
	for name, o := range map[string]kube.Options{
		"one program":              {Bin: kubetest.Bin(t)},
		"the programs of a folder": {Assets: kubetest.Assets(t)},
	} {
		t.Run(name, func(t *testing.T) { survives(t, o) })
	}
}

func survives(t *testing.T, o kube.Options) {
	o.State = t.TempDir()
	s := startWith(t, o)
	client := kubetest.Client(t, s)
	if _, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(s.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, kube.ErrEnded) {
		t.Errorf("error is %v", err)
	}
	s.Close()
	again := startWith(t, o)
	after, err := os.ReadFile(again.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) || again.Host() != s.Host() {
		t.Errorf("the kubeconfig changed; host %s, before %s", again.Host(), s.Host())
	}
	// The client of before is good for the server of now.
	if _, err := client.CoreV1().ConfigMaps("default").Get(t.Context(), "kept", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestTwoAtOnceKeepApart(t *testing.T) {
	a, b := start(t, t.TempDir()), start(t, t.TempDir())
	if a.Host() == b.Host() {
		t.Error("two servers have one address")
	}
	kubetest.Client(t, a)
	_, err := kubetest.Client(t, a).CoreV1().ConfigMaps("default").Create(t.Context(), &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "of-a"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kubetest.Client(t, b).CoreV1().ConfigMaps("default").Get(t.Context(), "of-a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("b answers %v about an object of a", err)
	}
}

func TestEndOfThePlatformEndsTheServer(t *testing.T) {
	platform := exec.Command(os.Args[0])
	platform.Env = append(os.Environ(), "KUBE_TEST_STATE="+t.TempDir(), "KUBE_TEST_BIN="+kubetest.Bin(t))
	out, err := platform.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := platform.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var pid int
	if _, serr := fmt.Sscanf(line, "up %d", &pid); err != nil || serr != nil {
		t.Fatalf("platform says %q, %v", line, err)
	}
	if err := platform.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = platform.Wait()
	kubetest.Eventually(t, patience, func() string {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			return "the API server lives"
		}
		return ""
	})
}

func TestStartThatFails(t *testing.T) {
	t.Run("a program that is not there", func(t *testing.T) {
		if _, err := kube.Start(t.Context(), kube.Options{Bin: "/nonexistent", State: t.TempDir()}); err == nil {
			t.Error("started")
		}
	})
	t.Run("a state folder that is a file, with what the program says about it", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := kube.Start(t.Context(), kube.Options{Bin: kubetest.Bin(t), State: file})
		if err == nil || !strings.Contains(err.Error(), "state folder") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("a folder without the programs, with what it must have", func(t *testing.T) {
		_, err := kube.Start(t.Context(), kube.Options{Assets: t.TempDir(), State: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), "kube-apiserver and etcd") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("a kubeconfig of nobody, by its name", func(t *testing.T) {
		s := start(t, t.TempDir())
		file := filepath.Join(t.TempDir(), "kubeconfig")
		text, err := os.ReadFile(s.Kubeconfig())
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := kube.Start(t.Context(), kube.Options{Kubeconfig: file, State: t.TempDir()}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("nobody waits any more", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := kube.Start(ctx, kube.Options{Bin: kubetest.Bin(t), State: t.TempDir()}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}
