package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/limit"
	"onex.io/onex/shared/policy"
	"onex.io/onex/shared/token"
)

// trips counts what goes to Redis and comes back.
type trips struct{ count int }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.count++; return next(ctx, cmd) }
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.count++; return next(ctx, cmds) }
}

// Whether a token stands and whether its user asks too often is one question, once this process knows the token.
func TestATokenThatIsKnownCostsOneRoundTripAndOneTokenOfTheLimit(t *testing.T) {
	h := newHolder(t)
	if err := h.redis.Set("standing/s", "user-a"); err != nil {
		t.Fatal(err)
	}
	login, err := h.login.Sign(token.Claims{Subject: "user-a", Session: "s", Kind: token.Access, Expires: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"of a log-in": login, "by an own key": selfSigned(t, kid, key)} {
		const burst = 4
		now := func() time.Time { return noon }
		h.bearers.Standing.Limits = limit.New(h.bearers.Standing.Cache, name, limit.Rate{PerSecond: 0.001, Burst: burst}, now)
		for i := range burst {
			counted := &trips{}
			h.bearers.Standing.Cache.AddHook(counted)
			if who, err := h.bearers.Identify(t.Context(), text); err != nil || who.UserID != "user-a" {
				t.Fatalf("%s, %d: %+v, %v", name, i, who, err)
			}
			if i > 0 && counted.count != 1 {
				t.Errorf("%s: %d round trips", name, counted.count)
			}
		}
		if _, err := h.bearers.Identify(t.Context(), text); fault.ReasonOf(err) != limit.Reason {
			t.Errorf("%s: one more than the limit: %v", name, err)
		}
	}
}

// rules are of one version.
type rules struct{}

func (rules) Number(context.Context) (int64, error)       { return 1, nil }
func (rules) Read(context.Context) (*policy.Rules, error) { return &policy.Rules{Version: 1}, nil }

// The whole decision on a request is one round trip: whether the token stands, the limit, and the number of the policies.
func TestADecisionOnATokenThatIsKnownIsOneRoundTrip(t *testing.T) {
	h := newHolder(t)
	login := h.by(h.login, token.Claims{Subject: "user-a", Session: "s", Kind: token.Access})
	for name, text := range map[string]string{"of a log-in": login, "by an own key": selfSigned(t, kid, key)} {
		cache, now := h.bearers.Standing.Cache, func() time.Time { return noon }
		h.bearers.Standing.Limits = limit.New(cache, name, limit.Rate{PerSecond: 1, Burst: 9}, now)
		guard := &access.Guard{Bearers: h.bearers, Recorder: noRecords{}, Policies: policy.NewBook(rules{}, cache, now), Now: now}
		for i := range 3 {
			counted := &trips{}
			cache.AddHook(counted)
			_, err := guard.Admit(t.Context(), access.Call{Operation: "get-chain", Level: access.SignedIn, Object: "/v1/chains/mine", Authorization: "Bearer " + text})
			if err != nil || i > 0 && counted.count != 1 {
				t.Errorf("%s, %d: %d round trips, %v", name, i, counted.count, err)
			}
		}
	}
}

// noRecords are kept of nothing.
type noRecords struct{}

func (noRecords) Kept(context.Context, audit.Record) error { return nil }
func (noRecords) Soon(context.Context, audit.Record)       {}

// Who has stolen a token keeps its user from nothing, once the user has ended it.
func TestATokenThatHasEndedCostsItsUserNothingOfTheLimit(t *testing.T) {
	for _, away := range []bool{false, true} {
		h := newHolder(t)
		now, claims := func() time.Time { return noon }, token.Claims{Subject: "user-a", Session: "stolen", Kind: token.Access}
		own := selfSigned(t, kid, key)
		if _, err := h.bearers.Identify(t.Context(), own); err != nil {
			t.Fatal(err)
		}
		h.change(func(s *identity.Secret) { s.Status = identity.SecretDisabled })
		h.redis.FlushAll()
		if away {
			h.redis.Close()
		}
		h.bearers.Standing.Limits = limit.New(h.bearers.Standing.Cache, "user", limit.Rate{PerSecond: 0.001, Burst: 2}, now)
		for i := range 4 {
			for what, text := range map[string]string{"a log-in": h.by(h.login, claims), "a key": own} {
				if _, err := h.bearers.Identify(t.Context(), text); fault.KindOf(err) != fault.Unauthenticated {
					t.Errorf("%s that has ended, %d: %v", what, i, err)
				}
			}
		}
		claims.Session = "s"
		for i := range 3 {
			_, err := h.bearers.Identify(t.Context(), h.by(h.login, claims))
			if (err == nil) != (i < 2) || i == 2 && fault.ReasonOf(err) != limit.Reason {
				t.Errorf("with the cache away %v, its user, %d: %v", away, i, err)
			}
		}
	}
}

// A token that its key no longer signs is refused, also where it was known.
func TestWhoseTokenItWasDoesNotSayThatItHolds(t *testing.T) {
	h := newHolder(t)
	text := selfSigned(t, kid, key)
	if _, err := h.bearers.Identify(t.Context(), text); err != nil || h.bearers.Tokens.Holder(text) != "user-a" {
		t.Fatal(h.bearers.Tokens.Holder(text), err)
	}
	h.change(func(s *identity.Secret) { s.Status = identity.SecretDisabled })
	h.redis.FlushAll()
	if _, err := h.bearers.Identify(t.Context(), text); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a key that is disabled: %v", err)
	}
}
