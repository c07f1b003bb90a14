package identity_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"k8s.io/apimachinery/pkg/util/validation"

	"onex.io/onex/shared/identity"
)

func TestUserIDIsAFunctionOfTheNameAlone(t *testing.T) {
	const pinned = "user-7zreq8pjapzn"
	if got := identity.UserID("alice"); got != pinned {
		t.Errorf("alice is %s, want %s: every namespace and wallet hangs on it", got, pinned)
	}
}

func TestUserIDIsAValidNamespaceWhateverTheName(t *testing.T) {
	const alphabet = "23456789abcdefghjkmnpqrstvwxyz" // nothing that is taken for something else: no 0 1 i l o u
	seen := map[string]string{}
	for _, name := range []string{"alice", "Alice", "alice ", "a", "", "müller", "日本", "../../etc", strings.Repeat("x", 5000), "kube-system", "\x00"} {
		id := identity.UserID(name)
		if problems := validation.IsDNS1123Label(id); len(problems) > 0 {
			t.Errorf("%q: %s is no namespace: %v", name, id, problems)
		}
		code, ok := strings.CutPrefix(id, "user-")
		if !ok || len(code) != 12 || strings.Trim(code, alphabet) != "" {
			t.Errorf("%q: %s is not user- and 12 of %s", name, id, alphabet)
		}
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q are both %s", name, other, id)
		}
		seen[id] = name
	}
}

func TestPasswords(t *testing.T) {
	hash := identity.Passwords{}.Hash("correct horse")
	if hash == (identity.Passwords{}).Hash("correct horse") {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, "horse") {
		t.Errorf("hash is %s", hash)
	}
	parts := strings.Split(hash, "$")
	damaged := func(i int, with string) string {
		p := append([]string(nil), parts...)
		p[i] = with
		return strings.Join(p, "$")
	}
	for _, row := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"the password matches", hash, "correct horse", true},
		{"another one does not", hash, "correct horsf", false},
		{"a prefix does not", hash, "correct", false},
		{"none does not", hash, "", false},
		{"nobody's hash matches nothing", "", "", false},
		{"a hash of another kind matches nothing", damaged(1, "argon2i"), "correct horse", false},
		{"an old version matches nothing", damaged(2, "v=16"), "correct horse", false},
		{"parameters that are none match nothing", damaged(3, "m=,t=,p="), "correct horse", false},
		{"no passes match nothing", damaged(3, "m=19456,t=0,p=1"), "correct horse", false},
		{"a salt that is no base64 matches nothing", damaged(4, "!"), "correct horse", false},
		{"an empty key matches nothing", damaged(5, ""), "correct horse", false},
		{"a key cut short matches nothing", damaged(5, parts[5][:16]), "correct horse", false},
		{"cheaper parameters of an older hash still count", "$argon2id$v=19$m=64,t=1,p=1$" + parts[4] + "$" + parts[5], "correct horse", false},
	} {
		if got, _ := (identity.Passwords{}).Match(row.hash, row.password); got != row.want {
			t.Errorf("%s: got %v", row.name, got)
		}
	}
}

func TestAHashIsOutdatedWhenANewOneWouldBeAnother(t *testing.T) {
	now, cheap := identity.Passwords{Memory: 64, Passes: 1, Lanes: 1}, identity.Passwords{Memory: 32, Passes: 1, Lanes: 1}
	bcrypted, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, hash, password string
		ok, outdated         bool
	}{
		{"the present cost", now.Hash("correct horse"), "correct horse", true, false},
		{"another cost", cheap.Hash("correct horse"), "correct horse", true, true},
		{"another cost, and a wrong password", cheap.Hash("correct horse"), "wrong horse", false, false},
		{"the original's", string(bcrypted), "correct horse", true, true},
		{"the original's, and a wrong password", string(bcrypted), "wrong horse", false, false},
		{"what only begins like the original's", "$2a$", "correct horse", false, false},
	} {
		if ok, outdated := now.Match(row.hash, row.password); ok != row.ok || outdated != row.outdated {
			t.Errorf("%s: %v %v, want %v %v", row.name, ok, outdated, row.ok, row.outdated)
		}
	}
}
