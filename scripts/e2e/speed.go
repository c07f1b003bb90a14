package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// The limits that this platform sets itself, against hello world in the same run.
const (
	coldRatio   = 1.15
	warmExtra   = 2 * time.Millisecond
	coldSamples = 20
	warmSamples = 200
)

// coldOperations are as many as there are hello worlds, with a path of each; list-miner-types alone needs no storage.
func coldOperations() map[string]string {
	return map[string]string{
		"onex/list-miner-types": "/v1/miner-types", "onex/get-wallet": "/v1/wallet", "onex/get-quota": "/v1/quota", "onex/list-chains": "/v1/chains",
	}
}

// coldStarts calls operations and hello worlds in turn, each when it has no pod.
func (w *world) coldStarts(t *testing.T, hello []string) {
	l := w.newcomer(t)
	fatal(t, l.ReceiveGift(t.Context()))
	var ours, theirs []time.Duration
	each := map[string][]time.Duration{}
	for len(ours) < coldSamples {
		i := 0
		for service, path := range coldOperations() {
			theirs = append(theirs, w.coldCall(t, hello[i], "/", ""))
			took := w.coldCall(t, service, path, l.Tokens.AccessToken)
			ours, each[service] = append(ours, took), append(each[service], took)
			i++
		}
	}
	ratio := float64(median(ours)) / float64(median(theirs))
	t.Logf("cold start, median of %d: operations %s, hello world %s, ratio %.3f", len(ours), ms(median(ours)), ms(median(theirs)), ratio)
	for service, times := range each {
		t.Logf("  %s: %s", service, ms(median(times)))
	}
	if ratio > coldRatio {
		t.Errorf("a cold start takes %.3f × that of hello world, want at most %.2f", ratio, coldRatio)
	}
}

func (w *world) coldCall(t *testing.T, service, path, token string) time.Duration {
	t.Helper()
	w.cold(t, service)
	took, err := w.timed(t.Context(), service, path, token)
	fatal(t, err)
	return took
}

// warmCalls calls a warm operation, a warm hello world, and the operation through the gateway, in turn. Each round has
// an order of its own, so that none comes oftener than another after the one that leaves the most to do behind it.
func (w *world) warmCalls(t *testing.T, hello []string) {
	l := w.newcomer(t)
	fatal(t, l.ReceiveGift(t.Context()))
	token := l.Tokens.AccessToken
	inside := func(service, path, token string) func() time.Duration {
		return func() time.Duration { return w.warmCall(t, service, path, token) }
	}
	calls := []func() time.Duration{
		inside(hello[0], "/", ""), inside("onex/list-miner-types", "/v1/miner-types", token), inside("onex/get-wallet", "/v1/wallet", token),
		inside("onex/gateway", "/v1/miner-types", token), func() time.Duration { return w.publicCall(t, "/v1/miner-types", token) },
	}
	times := make([][]time.Duration, len(calls))
	for round := range warmSamples + 20 {
		for _, which := range rand.Perm(len(calls)) {
			if took := calls[which](); round >= 20 { // until then they get warm
				times[which] = append(times[which], took)
			}
		}
	}
	none, direct, stored, entered, public := times[0], times[1], times[2], times[3], times[4]
	t.Logf("warm, medians of %d: hello world %s, list-miner-types %s, get-wallet %s; list-miner-types through the gateway %s, from outside %s",
		warmSamples, ms(median(none)), ms(median(direct)), ms(median(stored)), ms(median(entered)), ms(median(public)))
	if extra := median(direct) - median(none); extra > warmExtra {
		t.Errorf("list-miner-types takes %s longer than hello world, want at most %s", ms(extra), warmExtra)
	}
	if extra := median(entered) - median(direct); extra > median(none)+time.Millisecond {
		t.Errorf("the gateway adds %s, want at most one more hello world and 1 ms", ms(extra))
	}
}

func (w *world) warmCall(t *testing.T, service, path, token string) time.Duration {
	t.Helper()
	took, err := w.timed(t.Context(), service, path, token)
	fatal(t, err)
	return took
}

func (w *world) publicCall(t *testing.T, path, token string) time.Duration {
	t.Helper()
	took, err := w.timedOutside(t.Context(), path, token)
	fatal(t, err)
	return took
}

func split(service string) (namespace, name string) {
	namespace, name, _ = strings.Cut(service, "/")
	return namespace, name
}

func ms(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
