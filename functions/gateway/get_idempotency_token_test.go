package gateway

import (
	"regexp"
	"testing"

	"onex.io/onex/shared/api/gateway"
)

func TestEveryTokenIsAnother(t *testing.T) {
	give, err := newGetIdempotencyToken(nil)
	if err != nil {
		t.Fatal(err)
	}
	uuid, seen := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), map[string]bool{}
	for range 100 {
		got, err := give(t.Context(), &gateway.TokenRequest{})
		if err != nil || !uuid.MatchString(got.Token) || seen[got.Token] {
			t.Fatalf("%+v, %v", got, err)
		}
		seen[got.Token] = true
	}
}
