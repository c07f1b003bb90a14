package quota

import (
	"context"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/quota"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/ledger"
	limits "onex.io/onex/shared/quota"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func away() error { return fault.New(fault.Busy, "StoreAway", "away") }

// office is a platform with the users a and b, who have three paid slots each, and a usual limit of five.
type office struct {
	lines                map[string]limits.Allowance
	limitsAway, bookAway bool
}

func (o *office) Miners(_ context.Context, userID string) (int64, error) {
	if o.limitsAway {
		return 0, away()
	}
	if line, ok := o.lines[userID]; ok {
		return line.Miners, nil
	}
	return 5, nil
}

func (o *office) Allow(_ context.Context, a limits.Allowance) error {
	if o.limitsAway {
		return away()
	}
	o.lines[a.UserID] = a
	return nil
}

func (o *office) Get(_ context.Context, id string) (*identity.User, error) {
	if id == "user-a" || id == "user-b" {
		return &identity.User{ID: id}, nil
	}
	return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
}

func (o *office) Account(_ context.Context, name string) (ledger.Account, error) {
	return ledger.Account{ID: name, Slots: 3}, nil
}

func (o *office) open(context.Context) (book, error) {
	if o.bookAway {
		return nil, away()
	}
	return o, nil
}

func newOffice() (*office, *getQuota, *setQuota) {
	o := &office{lines: map[string]limits.Allowance{}}
	a := account{limits: o, book: o.open}
	return o, &getQuota{a}, &setQuota{account: a, users: o, list: o, now: func() time.Time { return noon }}
}

func as(t *testing.T, user string) context.Context {
	return access.With(t.Context(), access.Principal{UserID: user})
}

func TestAQuotaIsTheCallersOwnAndTellsWhatIsLeft(t *testing.T) {
	o, get, set := newOffice()
	want := func(name, user string, want quota.Quota) {
		t.Helper()
		got, err := get.Handle(as(t, user), &quota.GetRequest{})
		if err != nil || *got != want {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
	}
	want("at first", "user-a", quota.Quota{UserID: "user-a", Limit: 5, Used: 3, Left: 2})
	raise := &quota.SetRequest{UserID: "user-a", Body: quota.Allowance{Miners: 100}}
	for range 2 { // repeated
		got, err := set.Handle(as(t, "user-admin"), raise)
		if answer := (quota.Quota{UserID: "user-a", Limit: 100, Used: 3, Left: 97}); err != nil || *got != answer {
			t.Errorf("raising: got %+v, %v", got, err)
		}
		want("raised", "user-a", quota.Quota{UserID: "user-a", Limit: 100, Used: 3, Left: 97})
	}
	want("somebody else", "user-b", quota.Quota{UserID: "user-b", Limit: 5, Used: 3, Left: 2})
	if line := o.lines["user-a"]; line.By != "user-admin" || !line.At.Equal(noon) {
		t.Errorf("the list says %+v", line)
	}
	if _, err := set.Handle(as(t, "user-admin"), &quota.SetRequest{UserID: "user-a", Body: quota.Allowance{Miners: 1}}); err != nil {
		t.Error(err)
	}
	want("lowered below what is paid", "user-a", quota.Quota{UserID: "user-a", Limit: 1, Used: 3, Left: 0})
}

func TestAQuotaThatCannotBeSetChangesNothing(t *testing.T) {
	for _, row := range []struct {
		name   string
		user   string
		change func(*office)
		want   fault.Kind
	}{
		{"a user who never signed up", "user-x", func(*office) {}, fault.Missing},
		{"the list is away", "user-a", func(o *office) { o.limitsAway = true }, fault.Busy},
	} {
		o, _, set := newOffice()
		row.change(o)
		_, err := set.Handle(as(t, "user-admin"), &quota.SetRequest{UserID: row.user, Body: quota.Allowance{Miners: 9}})
		if err == nil || fault.KindOf(err) != row.want || len(o.lines) != 0 {
			t.Errorf("%s: got %v, list %v", row.name, err, o.lines)
		}
	}
}

func TestAQuotaThatCannotBeReadIsNotGuessed(t *testing.T) {
	for name, change := range map[string]func(*office){
		"the list is away":   func(o *office) { o.limitsAway = true },
		"the ledger is away": func(o *office) { o.bookAway = true },
	} {
		o, get, _ := newOffice()
		change(o)
		if got, err := get.Handle(as(t, "user-a"), &quota.GetRequest{}); fault.KindOf(err) != fault.Busy || got != nil {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
