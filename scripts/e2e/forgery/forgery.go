// Package forgery is what somebody who is nobody would send, to get what is not theirs.
package forgery

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"onex.io/onex/eventing"
	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/audit"
)

// Forgery is one request.
type Forgery struct {
	URL    string            `json:"url"`
	Header map[string]string `json:"header"`
	Body   string            `json:"body"`
}

// Stranger is a user whom nobody has signed up.
const Stranger = "user-strangerxx"

// Mark is in the id of every forged event and record.
const Mark = "forged-"

// Headers claim to come from the victim, from an administrator, from the platform and from Knative. They hold every
// header that the platform's code reads, but the token and the kind of the body, which are the request's own.
func Headers(victim string) map[string]string {
	trace := strings.Repeat("f", 32)
	claims := map[string]string{
		"Traceparent": "00-" + trace + "-" + trace[:16] + "-01", "Tracestate": "onex=" + victim, "Baggage": "user=" + victim,
		"X-Request-Id": Mark + "request", "Trace-Id": Mark + "trace", "Last-Event-Id": "0",
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "gateway.onex.svc.cluster.local", "X-Forwarded-Proto": "https",
		"X-Forwarded-User": victim, "X-Remote-User": victim, "X-Real-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1;by=gateway",
		"X-User-Id": victim, "X-Onex-User": victim, "X-Onex-Client": "192.0.2.1 " + strings.Repeat("0", 64), "X-Namespace": victim, "Impersonate-User": "system:serviceaccount:onex:reconciler",
		"X-Original-Url": "/healthz", "X-Http-Method-Override": "GET", "X-Envoy-Internal": "true",
		"K-Original-Host": "gateway.onex.svc.cluster.local", "K-Passthrough-Lb": "true", "K-Proxy-Request": "activator",
		"Kn-Namespace": victim, "Knative-Serving-Default-Route": "true", "Knative-Serving-Tag": "latest",
		"Ce-Onexuser": victim, "Ce-Authtype": "service_account", "Ce-Authid": "system:serviceaccount:onex:reconciler",
		"Cookie": "user=" + victim, "Proxy-Authorization": "Bearer " + victim,
	}
	return claims
}

// Target is whose money and chain the forged events are about.
type Target struct {
	// Self already has the gift, Victim owns the chain.
	Self, Victim, Chain, ChainID string
}

// Events are events of every type that there is, some of them about what a forger would like to be true.
func Events(about Target) []Forgery {
	now := time.Now()
	chain := eventing.ChainSource(about.Victim, about.Chain)
	all := []Forgery{
		event(eventing.UserCreated, "/users", Stranger, eventing.UserCreatedData{UserID: Stranger}),
		event(eventing.UserCreated, "/users", about.Self, eventing.UserCreatedData{UserID: about.Self}),
		event(eventing.UserCreated, "/elsewhere", "again-"+about.Self, eventing.UserCreatedData{UserID: about.Self}),
		event(eventing.BlockMined, chain, "far", eventing.BlockMinedData{ChainID: about.ChainID, Height: 1 << 40, Hash: strings.Repeat("0", 64)}),
		event(eventing.BlockMined, chain, "other", eventing.BlockMinedData{ChainID: Stranger, Height: 1, Hash: strings.Repeat("0", 64)}),
		event(eventing.BlockMined, eventing.ChainSource(Stranger, "none"), "none", eventing.BlockMinedData{ChainID: "none", Height: 1}),
		event(eventing.AccessDecided, "/operations/buy-slot", "record", audit.Record{ID: Mark + "record", At: now, Subject: about.Self, Operation: "buy-slot", Allowed: true}),
		event(eventing.Tick, "/apis/v1/namespaces/onex/pingsources/settle-chain", "tick", struct{}{}),
	}
	for _, kind := range slices.Sorted(maps.Keys(eventing.Payloads())) {
		all = append(all, event(kind, "/forger", "empty-"+kind, eventing.Payloads()[kind]))
	}
	return all
}

// event is posted in the binary mode of CloudEvents. Its address is filled in by To.
func event(kind, source, id string, data any) Forgery {
	body, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("forged %s: %v", kind, err)) // the types are ours
	}
	return Forgery{Body: string(body), Header: map[string]string{
		"Ce-Specversion": "1.0", "Ce-Type": kind, "Ce-Source": source, "Ce-Id": Mark + id, "Content-Type": "application/json",
	}}
}

// To addresses forgeries.
func To(url string, all []Forgery) []Forgery {
	sent := slices.Clone(all)
	for i := range sent {
		sent[i].URL = url
	}
	return sent
}

// Listeners are the operations that events wake, and no request.
func Listeners() []string {
	var names []string
	for _, o := range catalog.Operations() {
		if o.Serves() && !o.Public && len(o.Routes()) == 0 && !o.GetsDeadLetters() {
			names = append(names, o.Name)
		}
	}
	return names
}
