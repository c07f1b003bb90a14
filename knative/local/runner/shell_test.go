package runner_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/identity"
)

// shellToken runs the page's example of a token of one's own as it stands there.
func (b *building) shellToken(t *testing.T, olga *session.Tokens) {
	for _, program := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	page, err := os.ReadFile("../../../docs/user-center.md")
	check(t, err)
	_, script, _ := strings.Cut(string(page), "```bash\n")
	script, _, found := strings.Cut(script, "```")
	if !found {
		t.Fatal("the page has no script")
	}
	key, err := b.WithToken(olga.AccessToken).CreateSecret(t.Context(), secret.Create{Name: "shell"})
	check(t, err)
	run := func(secretKey string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		cmd.Env = append(os.Environ(), "ONEX_ADDR="+b.vars["ONEX_ADDR"], "SECRET_ID="+key.SecretID, "SECRET_KEY="+secretKey)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, said)
		}
		return string(said)
	}
	if said := run(key.SecretKey); !strings.Contains(said, `"userID":"`+identity.UserID("olga")+`"`) {
		t.Errorf("by the key: %s", said)
	}
	if said := run("another"); !strings.Contains(said, `"reason":"Unauthorized"`) {
		t.Errorf("by another key: %s", said)
	}
}
