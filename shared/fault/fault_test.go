package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"onex.io/onex/shared/fault"
)

func TestKindSurvivesWrappingAndTheCauseStaysInside(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.7:27017: connection refused")
	err := fmt.Errorf("get-wallet: %w", fault.New(fault.Busy, "StoreAway", "the wallet cannot be read now: %w", cause))
	if got := fault.KindOf(err); got != fault.Busy {
		t.Errorf("kind %q, want %q", got, fault.Busy)
	}
	if got := fault.Of(err).Message; got != "the wallet cannot be read now" {
		t.Errorf("message %q shows the cause", got)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost for the log")
	}
}

func TestForeignErrorsAreBrokenAndSayNothing(t *testing.T) {
	e := fault.Of(errors.New("password of db is hunter2"))
	if e.Kind != fault.Broken || e.Reason != "Unknown" || e.Message == "password of db is hunter2" {
		t.Errorf("got %+v", e)
	}
}

func TestBothEdgesTranslateEveryKind(t *testing.T) {
	for kind, want := range map[fault.Kind][2]int{
		fault.Invalid: {400, 422}, fault.Unauthenticated: {401, 422}, fault.Denied: {403, 422}, fault.Missing: {404, 422},
		fault.Conflict: {409, 429}, fault.Exhausted: {402, 422}, fault.Busy: {503, 429}, fault.Broken: {500, 500},
	} {
		if got := [2]int{fault.HTTPStatus(kind), fault.DeliveryStatus(kind)}; got != want {
			t.Errorf("%s: statuses %v, want %v", kind, got, want)
		}
		if back := fault.KindOfStatus(want[0]); back != kind {
			t.Errorf("status %d came back as %s, want %s", want[0], back, kind)
		}
	}
}

func TestFieldNamesTheFieldForProgramsToo(t *testing.T) {
	e := fault.Field("spec.replicas", "must be 0 or more, got %d", -1)
	if e.Metadata["field"] != "spec.replicas" || e.Message != "spec.replicas: must be 0 or more, got -1" {
		t.Errorf("got %+v", e)
	}
}
