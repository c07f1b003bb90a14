package check

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestOnlyTheCatalogListsDomains(t *testing.T) {
	var domains, listed []string
	for _, s := range sources(t) {
		if path.Base(s.path) == "operations.go" && path.Dir(s.folder()) == "functions" {
			domains = append(domains, path.Base(s.folder()))
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || s.isTest() {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "Operations" {
				return true
			}
			from, ok := f.X.(*ast.Ident)
			switch {
			case !ok || from.Name == "catalog":
			case s.path != "functions/catalog/catalog.go":
				t.Errorf("%s lists the domain %s", s.at(call), from.Name)
			default:
				listed = append(listed, from.Name)
			}
			return true
		})
	}
	slices.Sort(domains)
	slices.Sort(listed)
	if !slices.Equal(domains, listed) {
		t.Errorf("the domains are %s, the catalog lists %s", strings.Join(domains, " "), strings.Join(listed, " "))
	}
}
