package mesh_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"

	"onex.io/onex/knative/local/mesh"
)

func start(t *testing.T, o mesh.Options) *mesh.Mesh {
	t.Helper()
	o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	m, err := mesh.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return m
}

func service(namespace, name string, port int32, to intstr.IntOrString) *v1.Service {
	return &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []v1.ServicePort{{Port: port, TargetPort: to}}},
	}
}

func pod(namespace, app string, port int, ready v1.ConditionStatus) *v1.Pod {
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: app + "-" + strings.ToLower(string(ready)), Labels: map[string]string{"app": app}},
		Spec:       v1.PodSpec{Containers: []v1.Container{{Ports: []v1.ContainerPort{{Name: "p2p", ContainerPort: int32(port)}}}}},
		Status:     v1.PodStatus{PodIP: "127.0.0.1", Conditions: []v1.PodCondition{{Type: v1.PodReady, Status: ready}}},
	}
}

// echo says what it got, and speaks WebSocket at /ws.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ws" {
			fmt.Fprintf(w, "%s %s %s %s", name, r.Method, r.Host, r.RequestURI)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), kind, append([]byte(name+" "), b...)); err != nil {
				return
			}
		}
	})
}

func world(t *testing.T) *mesh.Mesh {
	backend := httptest.NewServer(echo("pod"))
	t.Cleanup(backend.Close)
	port := backend.Listener.Addr().(*net.TCPAddr).Port
	m := start(t, mesh.Options{Client: fake.NewClientset(
		service("user-a", "chain", 6001, intstr.FromString("p2p")), pod("user-a", "chain", port, v1.ConditionTrue),
		service("user-a", "number", 80, intstr.FromInt(port)), pod("user-a", "number", 1, v1.ConditionTrue),
		service("user-a", "sick", 80, intstr.FromInt(port)), pod("user-a", "sick", port, v1.ConditionFalse),
		service("user-a", "dead", 80, intstr.FromInt(1)), pod("user-a", "dead", 1, v1.ConditionTrue),
	)})
	m.Handle("create-user", "onex", echo("function"))
	return m
}

func TestNames(t *testing.T) {
	m := world(t)
	client := &http.Client{Transport: m.Transport()}
	for name, tt := range map[string]struct{ url, want string }{
		"a function by its full name":                             {"http://create-user.onex.svc.cluster.local/v1/x?y=1", "function GET create-user.onex.svc.cluster.local /v1/x?y=1"},
		"a function by its short name":                            {"http://create-user.onex.svc/a%2Fb", "function GET create-user.onex.svc /a%2Fb"},
		"a function on any port":                                  {"http://create-user.onex.svc.cluster.local:8080/", "function GET create-user.onex.svc.cluster.local:8080 /"},
		"a service whose target port has a name":                  {"http://chain.user-a.svc.cluster.local:6001/v1/blocks?from=2", "pod GET chain.user-a.svc.cluster.local:6001 /v1/blocks?from=2"},
		"a service whose target port is a number, without a port": {"http://number.user-a.svc.cluster.local/", "pod GET number.user-a.svc.cluster.local /"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := client.Get(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(b) != tt.want {
				t.Errorf("got %d %q, want %q", resp.StatusCode, b, tt.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	m := world(t)
	client := &http.Client{Transport: m.Transport()}
	for name, tt := range map[string]struct{ url, reason string }{
		"a service that does not exist": {"http://nobody.onex.svc.cluster.local/", "NameUnknown"},
		"a port the service has not":    {"http://number.user-a.svc.cluster.local:81/", "NameUnknown"},
		"a service without ready pods":  {"http://sick.user-a.svc.cluster.local/", "NameUnknown"},
		"a host outside the cluster":    {"http://www.example.com/", "NameUnknown"},
		"a pod that does not listen":    {"http://dead.user-a.svc.cluster.local/", "PodUnreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := client.Get(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var body struct {
				Code            int
				Reason, Message string
				Metadata        map[string]string
			}
			if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != 502 || body.Code != 502 || body.Reason != tt.reason || body.Message == "" || body.Metadata == nil {
				t.Errorf("got %d %+v, want 502 %s", resp.StatusCode, body, tt.reason)
			}
		})
	}
}

func TestWebSocket(t *testing.T) {
	m := world(t)
	for name, tt := range map[string]struct{ url, want string }{
		"to a pod":      {"ws://chain.user-a.svc.cluster.local:6001/ws", "pod hello"},
		"to a function": {"ws://create-user.onex.svc.cluster.local/ws", "function hello"},
	} {
		t.Run(name+", as Go's client does it", func(t *testing.T) {
			talk(t, tt.url, tt.want, m.Transport())
		})
		t.Run(name+", through a tunnel", func(t *testing.T) {
			talk(t, tt.url, tt.want, &http.Transport{DialContext: tunnel(m.URL().Host)})
		})
	}
}

func talk(t *testing.T, url, want string, transport *http.Transport) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for range 3 {
		if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, b, err := c.Read(ctx); err != nil || string(b) != want {
			t.Fatalf("got %q, %v, want %q", b, err, want)
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

// tunnel dials through CONNECT.
func tunnel(proxy string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", proxy)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", addr, addr)
		resp, err := http.ReadResponse(bufio.NewReaderSize(c, 16), &http.Request{Method: http.MethodConnect})
		if err != nil || resp.StatusCode != 200 {
			return nil, fmt.Errorf("tunnel: %v %v", resp, err)
		}
		return c, nil
	}
}

func TestEndLetsRequestsFinish(t *testing.T) {
	m, err := mesh.New(mesh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inside, leave := make(chan struct{}), make(chan struct{})
	m.Handle("slow", "onex", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(inside)
		<-leave
		fmt.Fprint(w, "done")
	}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	got := make(chan string, 1)
	go func() {
		resp, err := (&http.Client{Transport: m.Transport()}).Get("http://slow.onex.svc.cluster.local/")
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		got <- string(b)
	}()
	<-inside
	cancel()
	close(leave)
	if s := <-got; s != "done" {
		t.Errorf("request under way got %q", s)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
