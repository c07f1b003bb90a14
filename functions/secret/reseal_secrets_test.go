package secret

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/seal"
)

// safe tells what becomes of it when it is sealed anew.
type safe struct {
	all  identity.Resealed
	away error
}

func (v safe) Reseal(context.Context, *seal.Box) (identity.Resealed, error) { return v.all, v.away }

func TestAKeyThatNothingOpensIsToldAndHoldsUpNoDeployment(t *testing.T) {
	away := fault.New(fault.Busy, "StoreAway", "away")
	for _, row := range []struct {
		name string
		safe safe
		want error
		log  string
	}{
		{"all", safe{all: identity.Resealed{Count: 7}}, nil, `"sealed anew":7`},
		{"all but one", safe{all: identity.Resealed{Lost: []error{errors.New("secret/user-a/x")}}}, nil, `"level":"ERROR"`},
		{"a store that is away", safe{away: away}, away, ""},
	} {
		for range 2 { // repeated
			var log bytes.Buffer
			err := (&resealSecrets{secrets: row.safe, log: slog.New(slog.NewJSONHandler(&log, nil))}).Run(t.Context())
			if !errors.Is(err, row.want) || !strings.Contains(log.String(), row.log) || len(row.safe.all.Lost) > 0 && !strings.Contains(log.String(), "secret/user-a/x") {
				t.Errorf("%s: %v, the log says %s", row.name, err, log.String())
			}
		}
	}
}
