package user

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// parish is some namespaces, of which some cannot be fenced.
type parish struct {
	names, broken, fenced []string
	away                  error
}

func (p *parish) UserNamespaces(context.Context) ([]string, error) { return p.names, p.away }

func (p *parish) FenceNamespace(_ context.Context, name string) error {
	if slices.Contains(p.broken, name) {
		return errors.New("no fence for " + name)
	}
	p.fenced = append(p.fenced, name)
	return nil
}

func TestEveryUsersNamespaceIsFenced(t *testing.T) {
	for name, row := range map[string]struct {
		parish *parish
		fenced []string
		err    string
	}{
		"all of them":                           {&parish{names: []string{"a", "b"}}, []string{"a", "b"}, ""},
		"none, where nobody has signed up":      {&parish{}, nil, ""},
		"the others, where one cannot be":       {&parish{names: []string{"a", "b", "c"}, broken: []string{"b"}}, []string{"a", "c"}, "1 of 3"},
		"none, where the object API is away":    {&parish{away: errors.New("away")}, nil, "away"},
		"once more, where all have them by now": {&parish{names: []string{"a"}, fenced: []string{"a"}}, []string{"a", "a"}, ""},
	} {
		err := (&fenceNamespaces{row.parish}).Run(t.Context())
		if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(row.parish.fenced, row.fenced) {
			t.Errorf("%s: fenced %v, want %v", name, row.parish.fenced, row.fenced)
		}
	}
}
