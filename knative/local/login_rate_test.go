//go:build !race

package local_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"onex.io/onex/knative/local/kafka"
	"onex.io/onex/knative/local/mongo"
	"onex.io/onex/knative/local/redis"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/cputime"
	"onex.io/onex/shared/identity"
)

// asServers has this test binary be the store, the cache and the streams of another.
const asServers = "ONEX_TEST_AS_SERVERS"

// TestServersOfTheMeasurement is no test but the servers, in a process apart: what they take is not the log-in's.
func TestServersOfTheMeasurement(t *testing.T) {
	if os.Getenv(asServers) == "" {
		t.Skip("it runs below TestMeasuredLogInsCostTheirHash")
	}
	store, err := mongo.Start(mongo.Options{Dir: t.TempDir()})
	must(t, err)
	defer store.Close()
	cache, err := redis.Start("")
	must(t, err)
	defer cache.Close()
	streams, err := kafka.Start(t.Context(), kafka.Options{Dir: t.TempDir(), Topics: []kafka.Topic{{Name: audit.Topic, Partitions: 1}}})
	must(t, err)
	defer streams.Close()
	fmt.Println("servers", store.URI(), cache.Addr(), streams.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other ends
}

// apart starts the servers in a process apart and gives the settings that name them.
func apart(t *testing.T) map[string]string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServersOfTheMeasurement$")
	command.Env = append(os.Environ(), asServers+"=1")
	stop, err := command.StdinPipe()
	must(t, err)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() { _, _ = stop.Close(), command.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) == 4 && words[0] == "servers" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return map[string]string{"ONEX_MONGO": words[1], "ONEX_REDIS": words[2], "ONEX_KAFKA": words[3]}
		}
	}
	t.Fatalf("the servers do not start: %v", lines.Err())
	return nil
}

// A log-in costs its password's hash and at most a tenth more, over HTTP, client and all: so many log-ins in a second
// as hashes, but for that tenth. CPU time is measured, which a busy machine does not change, in turns with bare
// hashes on as many threads.
func TestMeasuredLogInsCostTheirHash(t *testing.T) {
	w := newTown(t, apart(t))
	people, rounds := 8, 6
	for i := range people {
		name := fmt.Sprint("person-", i)
		u := &identity.User{ID: identity.UserID(name), Username: name, PasswordHash: identity.Passwords{}.Hash(password), Status: identity.Active}
		must(t, w.users.Insert(t.Context(), u.ID, u))
	}
	logIns := func() {
		each(people, func(i int) {
			if _, err := w.client().Login(t.Context(), session.Login{Username: fmt.Sprint("person-", i), Password: password, Kind: "web"}); err != nil {
				t.Error(err)
			}
		})
	}
	hashes := func() {
		each(people, func(int) {
			argon2.IDKey([]byte(password), make([]byte, 16), identity.DefaultPasses, identity.DefaultMemory, identity.DefaultLanes, 32)
		})
	}
	logIns() // connections are made
	var login, bare time.Duration
	for range rounds {
		began := cputime.Process()
		logIns()
		turned := cputime.Process()
		hashes()
		login, bare = login+turned-began, bare+cputime.Process()-turned
	}
	count := time.Duration(people * rounds)
	t.Logf("a log-in takes %s of CPU, a bare hash %s: %.3f of the rate", login/count, bare/count, float64(bare)/float64(login))
	if float64(bare) < 0.9*float64(login) {
		t.Errorf("log-ins have %.3f of the rate of bare hashes, want 0.9 at least", float64(bare)/float64(login))
	}
}

// each runs f for 0 to n-1, as many at once as there are threads.
func each(n int, f func(i int)) {
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range n {
		turns <- struct{}{}
		wg.Go(func() { defer func() { <-turns }(); f(i) })
	}
	wg.Wait()
}
