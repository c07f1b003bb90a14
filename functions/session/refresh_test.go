package session

import (
	"context"
	"errors"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/token"
)

// book is one session, and the rounds of it that are spent. away makes it answer nothing.
type book struct {
	session *identity.Session
	spent   map[int64]bool
	ended   []string
	away    bool
}

func (b *book) Renew(_ context.Context, id string, round int64, expires time.Time) (*identity.Session, error) {
	switch {
	case b.away:
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	case b.session == nil || b.session.ID != id:
		return nil, token.Refused(errors.New("no such session"))
	case b.spent[round]:
		b.session = nil
		return nil, token.Refused(errors.New("spent"))
	}
	b.spent[round] = true
	b.session.Expires = expires
	return b.session, nil
}

func (b *book) End(_ context.Context, userID, id string) error {
	if b.away {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	b.ended = append(b.ended, userID+" "+id)
	return nil
}

func newRefresh(t *testing.T) (*refreshToken, *book, *token.Verifier) {
	t.Helper()
	l, _, verifier := newLoginOf(t)
	b := &book{session: &identity.Session{ID: "s", UserID: "user-a", Expires: noon.Add(time.Hour)}, spent: map[int64]bool{}}
	return &refreshToken{sessions: b, issuer: l.issuer}, b, verifier
}

// with is a call by the refresh token of a round.
func with(t *testing.T, round int64) context.Context {
	return access.With(t.Context(), access.Principal{UserID: "user-a", Session: "s", Round: round, Kind: token.Refresh})
}

func TestARefreshTokenBuysTheNextPairOfItsSession(t *testing.T) {
	f, _, verifier := newRefresh(t)
	for round := range int64(3) {
		got, err := f.Handle(with(t, round), &session.RefreshRequest{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := verifier.Verify(got.AccessToken)
		if err != nil || a.Subject != "user-a" || a.Session != "s" || a.Kind != token.Access || !a.Expires.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("access token %+v, %v", a, err)
		}
		r, err := verifier.Verify(got.RefreshToken)
		if err != nil || r.Round != round+1 || r.Session != "s" || r.Kind != token.Refresh || !r.Expires.Equal(noon.Add(24*time.Hour)) {
			t.Errorf("refresh token %+v, %v: the session lives on from now", r, err)
		}
	}
}

func TestARefreshTokenUsedAgainBuysNothingAndEndsItsSession(t *testing.T) {
	f, b, _ := newRefresh(t)
	if _, err := f.Handle(with(t, 0), &session.RefreshRequest{}); err != nil {
		t.Fatal(err)
	}
	for _, round := range []int64{0, 1} { // the repeat, and then the pair that the first use has bought
		if got, err := f.Handle(with(t, round), &session.RefreshRequest{}); err == nil || fault.KindOf(err) != fault.Unauthenticated || got != nil {
			t.Errorf("round %d: %+v, %v", round, got, err)
		}
	}
	if b.session != nil {
		t.Error("the session stands")
	}
}

func TestAStoreThatIsAwayIsNoReuse(t *testing.T) {
	f, b, _ := newRefresh(t)
	b.away = true
	if _, err := f.Handle(with(t, 0), &session.RefreshRequest{}); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("refresh: %v", err)
	}
	if _, err := (&logout{sessions: b}).Handle(with(t, 0), &session.LogoutRequest{}); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("logout: %v", err)
	}
}

func TestALogoutEndsTheSessionOfItsTokenAndNoOther(t *testing.T) {
	b := &book{}
	for range 2 { // repeated
		if _, err := (&logout{sessions: b}).Handle(with(t, 0), &session.LogoutRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.ended) != 2 || b.ended[0] != "user-a s" || b.ended[1] != "user-a s" {
		t.Errorf("ended %v", b.ended)
	}
}

// speakers know tokens by the name of their kind.
type speakers struct{ away bool }

func (s speakers) Identify(_ context.Context, text string) (access.Principal, error) {
	if s.away {
		return access.Principal{}, fault.New(fault.Busy, "StoreAway", "away")
	}
	if text == "forged" {
		return access.Principal{}, token.Refused(errors.New("forged"))
	}
	return access.Principal{UserID: "user-a", Kind: token.Kind(text)}, nil
}

func TestWhoseATokenIsIsToldOfUsersAlone(t *testing.T) {
	for _, row := range []struct {
		text string
		away bool
		want fault.Kind // empty: told
	}{
		{"access", false, ""},
		{"signed", false, ""},
		{"refresh", false, fault.Unauthenticated},
		{"platform", false, fault.Unauthenticated},
		{"", false, fault.Unauthenticated},
		{"forged", false, fault.Unauthenticated},
		{"access", true, fault.Busy},
	} {
		f := &authenticate{bearers: speakers{row.away}}
		got, err := f.Handle(t.Context(), &session.AuthenticateRequest{Body: session.Authenticate{Token: row.text}})
		switch {
		case row.want == "" && (err != nil || got.UserID != "user-a"):
			t.Errorf("%q: %+v, %v", row.text, got, err)
		case row.want != "" && (err == nil || fault.KindOf(err) != row.want || got != nil):
			t.Errorf("%q: %+v, %v, want %s", row.text, got, err, row.want)
		case row.want == fault.Unauthenticated && fault.Of(err).Message != "a valid token is needed":
			t.Errorf("%q: the caller learns %q", row.text, fault.Of(err).Message)
		}
	}
}
