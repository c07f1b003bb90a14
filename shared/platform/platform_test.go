package platform_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/stream"
	"onex.io/onex/shared/token"
)

const nowhere = "127.0.0.1:1"

// newPlatform stands on nothing unless vars say otherwise.
func newPlatform(t *testing.T, vars map[string]string) (*platform.Platform, config.Config) {
	t.Helper()
	all, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	all["ONEX_MONGO"], all["ONEX_REDIS"], all["ONEX_KAFKA"] = "mongodb://"+nowhere, nowhere, nowhere
	for name, v := range vars {
		all[name] = v
	}
	c, err := config.ReadMap(all)
	if err != nil {
		t.Fatal(err)
	}
	p := platform.New(c, platform.Options{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cancel() // what is buffered for servers that are away is lost
		_ = p.Close(ctx)
	})
	return p, c
}

// silent accepts connections and says nothing, as a server does that hangs.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestNothingIsDialedBeforeItIsAskedFor(t *testing.T) {
	began := time.Now()
	p, _ := newPlatform(t, nil)
	if _, err := p.Guard(access.SignedIn); err != nil {
		t.Errorf("a guard of servers that are all away: %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("building took %s", took)
	}
}

func TestTheDatabaseIsTheOneThatTheURINames(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://a:1":                               "onex",
		"mongodb://a:1/":                              "onex",
		"mongodb://a:1/shop":                          "shop",
		"mongodb://a:1/?replicaSet=rs":                "onex",
		"mongodb://a:1/shop?replicaSet=rs":            "shop",
		"mongodb://a:1,b:2,c:3/shop":                  "shop",
		"mongodb://user:p%2Fw@a:1,b:2/shop?tls=false": "shop",
		"mongodb://a:1,b:2":                           "onex",
	} {
		p, _ := newPlatform(t, map[string]string{"ONEX_MONGO": uri})
		db, err := p.Mongo()
		if err != nil {
			t.Errorf("%s: %v", uri, err)
		} else if db.Name() != want {
			t.Errorf("%s: database %q, want %q", uri, db.Name(), want)
		}
	}
}

func TestAURIThatIsNoneIsAnErrorWithoutItsPassword(t *testing.T) {
	p, _ := newPlatform(t, map[string]string{"ONEX_MONGO": "mongo//user:hunter2@a"})
	if _, err := p.Mongo(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestALedgerThatCouldNotBeOpenedIsAskedForAgain(t *testing.T) {
	p, _ := newPlatform(t, nil)
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := p.Ledger(ctx); err == nil || fault.KindOf(err) != fault.Busy {
			t.Errorf("got %v", err)
		}
	}
}

func signedIn(t *testing.T, c config.Config) access.Call {
	t.Helper()
	text, err := token.NewLoginSigner(c.TokenKey.PrivateKey, time.Now).Sign(token.Claims{
		Subject: "user-a", Session: "s", Kind: token.Access, Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return access.Call{Operation: "get-wallet", Level: access.SignedIn, Authorization: "Bearer " + text}
}

func TestTheGuardKnowsOurTokensAndAsksTheCache(t *testing.T) {
	cache := miniredis.RunT(t)
	p, c := newPlatform(t, map[string]string{"ONEX_REDIS": cache.Addr()})
	guard, err := p.Guard(access.SignedIn)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(cache.Set("standing/s", "user-a"), cache.Set("policies/number", "0")); err != nil {
		t.Fatal(err)
	}
	if who, err := guard.Admit(t.Context(), signedIn(t, c)); err != nil || who.UserID != "user-a" {
		t.Errorf("got %+v, %v", who, err)
	}
}

func TestNobodyIsLetInWhileNeitherCacheNorStoreAnswers(t *testing.T) {
	for name, cache := range map[string]string{"refused": nowhere, "silent": silent(t)} {
		p, c := newPlatform(t, map[string]string{"ONEX_REDIS": cache})
		guard, err := p.Guard(access.SignedIn)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if who, err := guard.Admit(ctx, signedIn(t, c)); err == nil || fault.KindOf(err) != fault.Busy {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

func TestWhoAsksWhoCallsNeedsTheKeyOfSecrets(t *testing.T) {
	for _, level := range []access.Level{access.SignedIn, access.Admin, access.Platform, access.LoggedIn, access.Renewing, access.Openable, ""} {
		p, _ := newPlatform(t, map[string]string{"ONEX_SECRETS_KEY": ""})
		if _, err := p.Guard(level); err == nil || !strings.Contains(err.Error(), "ONEX_SECRETS_KEY") {
			t.Errorf("level %q: got %v", level, err)
		}
	}
	p, _ := newPlatform(t, map[string]string{"ONEX_SECRETS_KEY": ""})
	if _, err := p.Guard(access.Anyone); err != nil {
		t.Errorf("who asks nobody needs none: %v", err)
	}
}

func event() cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetID("1")
	e.SetSource("/s")
	e.SetType("t")
	return e
}

// A broker that has taken a record and does not answer must not hold the request for longer than it lives. That the
// record may be there all the same does no harm: it has an id of its own.
func TestAStreamThatHangsIsWaitedForNoLongerThanTheRequestLives(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	p, _ := newPlatform(t, map[string]string{"ONEX_KAFKA": cluster.ListenAddrs()[0]})
	client, err := p.Kafka()
	if err != nil {
		t.Fatal(err)
	}
	producer := stream.NewProducer(client, "audit")
	if err := producer.Send(t.Context(), event()); err != nil {
		t.Fatal(err)
	}
	hang := make(chan struct{})
	defer close(hang)
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() { <-hang })
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- producer.Send(ctx, event()) }()
	select {
	case err := <-done:
		if err == nil || fault.KindOf(err) != fault.Busy {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the request's time is over, and it still waits")
	}
}

func TestCloseSendsWhatIsBuffered(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	var log bytes.Buffer
	_, c := newPlatform(t, map[string]string{"ONEX_KAFKA": cluster.ListenAddrs()[0]})
	p := platform.New(c, platform.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	guard, err := p.Guard(access.SignedIn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Admit(t.Context(), access.Call{Operation: "get-wallet", Level: access.Anyone}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := cluster.PartitionInfo("audit", 0).HighWatermark; got != 1 {
		t.Errorf("%d records are safe, want 1; log: %s", got, log.String())
	}
	if err := p.Close(t.Context()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}
