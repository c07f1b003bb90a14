package check

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"onex.io/onex/scripts/e2e/forgery"
)

// What the end-to-end test forges is what the code reads: a header that is read and not forged there is untested.
func TestEveryHeaderThatIsReadIsForged(t *testing.T) {
	forged := forgery.Headers("somebody")
	own := []string{"Authorization", "Content-Type", "Idempotency-Key", "X-Idempotent-Id"} // the request's own, which have tests of their own
	reads := regexp.MustCompile(`Header\.(?:Get|Values)\("([^"]+)"\)|header:"([^"]+)"`)
	found := 0
	for _, file := range files(t, ".go") {
		served := strings.HasPrefix(file, "functions/") || strings.HasPrefix(file, "shared/") || strings.HasPrefix(file, "toyblc/")
		if !served || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "test/") || strings.HasPrefix(file, "shared/client/") {
			continue
		}
		for _, match := range reads.FindAllStringSubmatch(read(t, file), -1) {
			found++
			name := http.CanonicalHeaderKey(match[1] + match[2])
			if _, ok := forged[name]; !ok && !slices.Contains(own, name) {
				t.Errorf("%s reads %q, which nobody forges", file, name)
			}
		}
	}
	if found < 4 {
		t.Errorf("%d headers were found: this looks for the wrong thing", found)
	}
	for name := range forged {
		if name != http.CanonicalHeaderKey(name) {
			t.Errorf("%q is not written as it is sent", name)
		}
	}
}
