package check

import (
	"strings"
	"testing"
)

// mayImport says whether a file of one folder may import a package of ours; both are paths below the module.
func mayImport(from, to string) bool {
	in := func(folders ...string) bool {
		for _, folder := range folders {
			if to == folder || strings.HasPrefix(to, folder+"/") {
				return true
			}
		}
		return false
	}
	top, below, _ := strings.Cut(from, "/")
	domain, _, _ := strings.Cut(below, "/")
	switch {
	case top == "shared":
		return in("shared")
	case top == "eventing":
		return in("eventing", "shared")
	case top == "toyblc":
		return in("toyblc", "eventing", "shared")
	case from == "functions", from == "functions/catalog": // the main, and the one list
		return in("functions", "eventing", "shared")
	case top == "functions":
		return in("functions/"+domain, "eventing", "shared") || to == "toyblc/block"
	case strings.HasPrefix(from, "knative/local"):
		return in("knative/local", "functions/catalog", "functions/reconciler", "eventing", "shared", "toyblc", "scripts/life", "scripts/e2e", "scripts/walk", "scripts/rights")
	case top == "scripts":
		return in("scripts", "functions/catalog", "eventing", "shared", "toyblc")
	}
	return false
}

func TestImportsPointTheRightWay(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.Imports {
			to, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
			if ours && !mayImport(s.folder(), to) {
				t.Errorf("%s: %s may not import %s", s.at(spec), s.folder(), to)
			}
		}
	}
}

func TestTheRuleOfImportsItself(t *testing.T) {
	for _, row := range []struct {
		from, to string
		want     bool
	}{
		{"shared/op", "shared/fault", true},
		{"shared/op", "eventing", false},
		{"shared/op", "functions/user", false},
		{"eventing", "shared/audit", true},
		{"eventing", "toyblc/block", false},
		{"toyblc/node", "eventing", true},
		{"toyblc/node", "functions/wallet", false},
		{"functions/wallet", "toyblc/block", true},
		{"functions/wallet", "toyblc/node", false},
		{"functions/wallet", "functions/user", false},
		{"functions/wallet", "functions/walletx", false},
		{"functions/wallet", "functions/catalog", false},
		{"functions/reconciler/cmd/reconciler", "functions/reconciler", true},
		{"functions/catalog", "functions/user", true},
		{"functions", "functions/catalog", true},
		{"scripts/check", "functions/catalog", true},
		{"scripts/check", "functions/user", false},
		{"knative/local/runner", "functions/catalog", true},
		{"knative/local/runner", "functions/wallet", false},
		{"docs", "shared/op", false},
	} {
		if got := mayImport(row.from, row.to); got != row.want {
			t.Errorf("%s imports %s: %v, want %v", row.from, row.to, got, row.want)
		}
	}
}

// What a function must not carry: it would make every cold start slower.
func TestFunctionsStayLight(t *testing.T) {
	heavy := []string{"k8s.io/client-go/kubernetes", "github.com/kedacore/keda", "sigs.k8s.io/controller-runtime", "knative.dev/serving", "knative.dev/eventing"}
	for _, s := range sources(t) {
		if s.isTest() || s.top() != "functions" && s.top() != "shared" || strings.HasPrefix(s.path, "functions/reconciler/") {
			continue
		}
		for _, spec := range s.Imports {
			for _, h := range heavy {
				if strings.HasPrefix(strings.Trim(spec.Path.Value, `"`), h) {
					t.Errorf("%s: %s is too heavy for a function", s.at(spec), h)
				}
			}
		}
	}
}
