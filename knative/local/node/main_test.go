package node_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestMain makes the test binary the program of the pods, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "pod-program" {
		os.Exit(podProgram(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// podProgram serves what it was given; it can be told over HTTP to be unready, sick, or to end.
func podProgram(args []string) int {
	flags := flag.NewFlagSet("pod-program", flag.ExitOnError)
	addr := flags.String("addr", "", "")
	data := flags.String("data", "", "")
	key := flags.String("key", "", "")
	stubborn := flags.Bool("stubborn", false, "")
	code := flags.Int("exit", -1, "")
	_ = flags.Parse(args)
	fmt.Println("starting", *addr)
	if *code >= 0 {
		return *code
	}
	if *data != "" {
		f, err := os.OpenFile(*data+"/starts", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Fprintln(f, "start")
		f.Close()
	}
	go serveProgram(*addr, *data, *key)
	if *stubborn {
		signal.Ignore(syscall.SIGTERM)
		select {}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return 0
}

func serveProgram(addr, data, key string) {
	var unready, sick atomic.Bool
	status := func(bad *atomic.Bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if bad.Load() {
				w.WriteHeader(503)
			}
		}
	}
	set := func(b *atomic.Bool, v bool) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { b.Store(v) }
	}
	http.HandleFunc("/readyz", status(&unready))
	http.HandleFunc("/healthz", status(&sick))
	http.HandleFunc("/unready", set(&unready, true))
	http.HandleFunc("/ready", set(&unready, false))
	http.HandleFunc("/sick", set(&sick, true))
	http.HandleFunc("/info", func(w http.ResponseWriter, r *http.Request) {
		starts, _ := os.ReadFile(data + "/starts")
		secret, _ := os.ReadFile(key)
		env := map[string]string{}
		for _, kv := range os.Environ() {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		_ = json.NewEncoder(w).Encode(info{PID: os.Getpid(), Starts: strings.Count(string(starts), "\n"), Key: string(secret), Env: env})
	})
	fmt.Println(http.ListenAndServe(addr, nil))
	os.Exit(3)
}

// info is what a pod tells about itself.
type info struct {
	PID    int
	Starts int
	Key    string
	Env    map[string]string
}
