package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/config"
)

// operationsWork wakes each operation of the page, by what wakes it on a cluster.
func operationsWork(t *testing.T, program string) {
	t.Helper()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, eventing.AuditTopic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(gateway.Close)
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"] = "mongodb://127.0.0.1:1", "127.0.0.1:1", strings.Join(kafka.ListenAddrs(), ",")
	vars["ONEX_SERVICES"], vars["ONEX_CONFIRMATIONS"] = gateway.URL+"/%s", "7"

	terms := start(t, program, "get-terms", vars)
	var reply struct{ Confirmations int64 }
	text := terms.ask(t, http.MethodGet, "/v1/terms", "", http.StatusOK)
	if err := json.Unmarshal([]byte(text), &reply); err != nil || reply.Confirmations != 7 {
		t.Errorf("get-terms answers %s", text)
	}

	signUp := start(t, program, "note-sign-up", vars)
	signUp.ask(t, http.MethodPost, "/", event(eventing.UserCreated, `{"userID":"user-ada"}`), http.StatusAccepted)
	signUp.logs(t, `"user":"user-ada"`)
	signUp.ask(t, http.MethodPost, "/", event(eventing.UserCreated, `7`), http.StatusUnprocessableEntity)

	clock := start(t, program, "knock-gateway", vars)
	clock.ask(t, http.MethodPost, "/", event(eventing.Tick, `{}`), http.StatusAccepted)
	clock.logs(t, `"status":418`)

	stream := start(t, program, "watch-denials", vars)
	wallet := start(t, program, "get-wallet", vars)
	wallet.ask(t, http.MethodGet, "/v1/wallet", "", http.StatusUnauthorized)
	stream.logs(t, `"operation":"get-wallet"`)
}

// event is an event in structured mode.
func event(eventType, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"1","source":"/test","type":%q,"data":%s}`, eventType, data)
}

// function is an operation in a process of its own.
type function struct {
	name, addr string
	mu         sync.Mutex
	log        bytes.Buffer
}

func (f *function) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(p)
}

func (f *function) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

func start(t *testing.T, program, name string, vars map[string]string) *function {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &function{name: name, addr: l.Addr().String()}
	l.Close()
	_, port, _ := net.SplitHostPort(f.addr)
	command := exec.Command(program)
	command.Env, command.Stderr = []string{"FUNCTION_TARGET=" + name, "PORT=" + port}, f
	for key, value := range vars {
		command.Env = append(command.Env, key+"="+value)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	f.await(t, "up", func() bool {
		response, err := http.Get("http://" + f.addr + "/healthz")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
	return f
}

func (f *function) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not %s in 30 s; its log is\n%s", f.name, what, f.text())
		}
	}
}

func (f *function) logs(t *testing.T, part string) {
	t.Helper()
	f.await(t, "heard to say "+part, func() bool { return strings.Contains(f.text(), part) })
}

func (f *function) ask(t *testing.T, method, path, body string, status int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/cloudevents+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		t.Errorf("%s: %s %s: %d %s (%v), want %d", f.name, method, path, response.StatusCode, text, err, status)
	}
	return string(text)
}
