package object_test

import (
	"testing"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/object"
)

func TestNamespace(t *testing.T) {
	for _, row := range []struct {
		name      string
		caller    access.Principal
		requested string
		want      string
	}{
		{"who asks for none looks at home", access.Principal{UserID: "user-a"}, "", "user-a"},
		{"the own one may be named", access.Principal{UserID: "user-a"}, "user-a", "user-a"},
		{"another's is refused", access.Principal{UserID: "user-a"}, "user-b", ""},
		{"the public one is refused too", access.Principal{UserID: "user-a"}, "kube-system", ""},
		{"an administrator sees another's", access.Principal{UserID: "user-admin", Admin: true}, "user-b", "user-b"},
		{"an administrator has a home as well", access.Principal{UserID: "user-admin", Admin: true}, "", "user-admin"},
		{"nobody has none", access.Principal{}, "", ""},
		{"nobody cannot ask for one", access.Principal{Admin: true}, "user-b", ""},
	} {
		got, err := object.Namespace(access.With(t.Context(), row.caller), row.requested)
		if got != row.want || (row.want == "") != (err != nil && fault.KindOf(err) == fault.Denied) {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
}
