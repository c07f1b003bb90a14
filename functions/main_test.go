package main

import (
	"strings"
	"testing"

	"onex.io/onex/shared/config"
)

func TestWhatIsMissingIsNamedBeforeAnythingIsServed(t *testing.T) {
	t.Setenv("FUNCTION_TARGET", "get-wallet")
	t.Setenv("ONEX_REDIS", "")
	err := run(t.Context())
	if err == nil {
		t.Fatal("it ran")
	}
	for _, name := range []string{"ONEX_MONGO", "ONEX_KAFKA", "ONEX_TOKEN_PUBLIC_KEY", "ONEX_PLATFORM_PUBLIC_KEY"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %q", name, err)
		}
	}
}

func TestATargetThatIsNoOperationIsRefusedByName(t *testing.T) {
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"] = "mongodb://127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"
	for name, v := range vars {
		t.Setenv(name, v)
	}
	for _, target := range []string{"", "no-such", "Get-Wallet"} {
		t.Setenv("FUNCTION_TARGET", target)
		if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), `FUNCTION_TARGET "`+target+`"`) {
			t.Errorf("%q: got %v", target, err)
		}
	}
}
