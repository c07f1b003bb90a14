package check

import (
	"go/ast"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"onex.io/onex/eventing"
	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/manifests"
	"onex.io/onex/shared/op"
)

// vocabulary is every event type by the name of its constant.
func vocabulary() map[string]string {
	return map[string]string{
		"UserCreated": eventing.UserCreated, "UserDeleted": eventing.UserDeleted, "BlockMined": eventing.BlockMined, "AccessDecided": eventing.AccessDecided, "Tick": eventing.Tick,
		"ObjectAdded": eventing.ObjectAdded, "ObjectUpdated": eventing.ObjectUpdated, "ObjectDeleted": eventing.ObjectDeleted,
	}
}

func TestTheVocabularyIsComplete(t *testing.T) {
	declared := map[string]bool{}
	for _, s := range sources(t) {
		if s.folder() != "eventing" || s.isTest() {
			continue
		}
		for _, d := range s.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST || !g.Lparen.IsValid() { // the types stand in one group
				continue
			}
			for _, spec := range g.Specs {
				declared[spec.(*ast.ValueSpec).Names[0].Name] = true
			}
		}
	}
	if got, want := slices.Sorted(maps.Keys(declared)), slices.Sorted(maps.Keys(vocabulary())); !slices.Equal(got, want) {
		t.Errorf("eventing declares %v, this test knows %v", got, want)
	}
	own := maps.Clone(vocabulary())
	for name := range own {
		if name == "Tick" || strings.HasPrefix(name, "Object") { // Knative's words
			delete(own, name)
		}
	}
	if got, want := slices.Sorted(slices.Values(eventing.Types())), slices.Sorted(maps.Values(own)); !slices.Equal(got, want) {
		t.Errorf("eventing.Types gives %v, want %v", got, want)
	}
	for name, eventType := range own {
		if !strings.HasPrefix(eventType, "io.onex.") || !strings.HasSuffix(eventType, ".v1") {
			t.Errorf("%s is %q, want io.onex.<noun>.<past participle>.v1", name, eventType)
		}
	}
}

// heard are the types that some operation is woken by.
func heard() map[string]bool {
	types := map[string]bool{}
	for _, o := range catalog.Operations() {
		for _, w := range o.Wakes {
			switch {
			case w.Event != nil:
				types[w.Event.Type] = true
			case w.Schedule != nil:
				types[eventing.Tick] = true
			case w.Objects != nil:
				for _, name := range eventing.ObjectTypes() {
					types[name] = true
				}
			case w.Topic != nil && w.Topic.Name == eventing.AuditTopic:
				types[eventing.AccessDecided] = true
			}
		}
	}
	return types
}

// told are the types that some code, tests aside, makes events of.
func told(t *testing.T) map[string]bool {
	types := map[string]bool{eventing.Tick: true} // by Knative's PingSource
	for _, name := range eventing.ObjectTypes() { // by its ApiServerSource
		types[name] = true
	}
	for _, s := range sources(t) {
		if s.isTest() || s.folder() == "eventing" {
			continue
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if isCall(call, "eventing", "New") {
				if name, ok := call.Args[0].(*ast.SelectorExpr); ok {
					types[vocabulary()[name.Sel.Name]] = true
				}
			}
			if isCall(call, "e", "SetType") && s.folder() == "shared/audit" {
				types[eventing.AccessDecided] = true
			}
			return true
		})
	}
	return types
}

func TestEveryEventHasSomebodyWhoTellsItAndSomebodyWhoHears(t *testing.T) {
	heard, told := heard(), told(t)
	for name, eventType := range vocabulary() {
		if !heard[eventType] {
			t.Errorf("nobody hears %s (%s)", name, eventType)
		}
		if !told[eventType] {
			t.Errorf("nobody tells %s (%s)", name, eventType)
		}
	}
	for eventType := range heard {
		if !slices.Contains(slices.Collect(maps.Values(vocabulary())), eventType) {
			t.Errorf("an operation waits for %q, which nobody ever says", eventType)
		}
	}
}

func TestEveryTopicHasAReaderWithItsPartitions(t *testing.T) {
	read := map[string]bool{}
	for _, o := range catalog.Operations() {
		topic := o.Topic()
		if topic == nil {
			continue
		}
		read[topic.Name] = true
		if topic.Partitions != eventing.Partitions || topic.Lag < 1 {
			t.Errorf("%s reads %d partitions of %q with lag %d; make-topics makes %d", o.Name, topic.Partitions, topic.Name, topic.Lag, eventing.Partitions)
		}
	}
	if got, want := slices.Sorted(maps.Keys(read)), slices.Sorted(slices.Values(eventing.Topics())); !slices.Equal(got, want) {
		t.Errorf("read are %v, made are %v", got, want)
	}
}

func TestWhatIsGeneratedIsFresh(t *testing.T) {
	operations := catalog.Operations()
	if err := catalog.Check(operations); err != nil {
		t.Fatal(err)
	}
	want, err := manifests.Render(operations)
	if err != nil {
		t.Fatal(err)
	}
	if err := manifests.Compare(root, want); err != nil {
		t.Error(err)
	}
}

func TestEveryOperationHasAFileThatIsNamedLikeIt(t *testing.T) {
	present := map[string]bool{}
	for _, file := range files(t, ".go") {
		present[file] = true
	}
	for _, o := range catalog.Operations() {
		found := false
		for _, domain := range domains(t) {
			found = found || present["functions/"+domain+"/"+strings.ReplaceAll(o.Name, "-", "_")+".go"] || domain == o.Name && present["functions/"+domain+"/"+domain+".go"]
		}
		if !found {
			t.Errorf("operation %q has no file of its name", o.Name)
		}
	}
}

// domains are the folders of functions that declare operations.
func domains(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, file := range files(t, "/operations.go") {
		if parts := strings.Split(file, "/"); len(parts) == 3 && parts[0] == "functions" {
			all = append(all, parts[1])
		}
	}
	return all
}

func TestEveryDomainIsInTheCatalog(t *testing.T) {
	var imported []string
	for _, s := range sources(t) {
		if s.folder() != "functions/catalog" || s.isTest() {
			continue
		}
		for _, spec := range s.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if domain, ok := strings.CutPrefix(path, module+"functions/"); ok {
				imported = append(imported, domain)
			}
		}
	}
	slices.Sort(imported)
	if want := slices.Sorted(slices.Values(domains(t))); !slices.Equal(imported, want) {
		t.Errorf("the catalog knows %v, the folders are %v", imported, want)
	}
}

// A secret goes to the operations that need it, which are counted out one by one.
func TestSecretsAreNotShared(t *testing.T) {
	owners := map[string][]string{}
	for _, o := range catalog.Operations() {
		for _, secret := range o.Secrets {
			owners[secret] = append(owners[secret], o.Name)
		}
	}
	want := map[string][]string{
		"ONEX_TOKEN_KEY": {"login", "refresh-token"}, "ONEX_ADMIN_PASSWORD": {"make-admin"}, "ONEX_ORIGIN_KEY": {"gateway"},
		"ONEX_SECRETS_KEY": {"reseal-secrets"}, // and whoever asks who calls: see TestEveryPodHoldsItsKeysAndNoOthers
	}
	if !reflect.DeepEqual(owners, want) { // the platform's key is the reconciler's alone
		t.Errorf("secrets belong to %v, want %v", owners, want)
	}
}

// Rights are counted out one by one: a new one is a decision.
func TestRightsAreAsSmallAsTheyWere(t *testing.T) {
	for _, o := range catalog.Operations() {
		for _, right := range o.Rights {
			if tooMuch(right) {
				t.Errorf("%s may %v %s", o.Name, right.Verbs, right.Resource)
			}
		}
	}
}

func tooMuch(r op.Right) bool {
	return r.Resource == "*" || r.Group == "*" || r.Resource == "secrets" || strings.HasPrefix(r.Group, "rbac.") ||
		slices.ContainsFunc(r.Verbs, func(verb string) bool {
			return verb == "*" || verb == "impersonate" || verb == "escalate" || verb == "bind"
		})
}
