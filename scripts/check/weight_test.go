package check

import (
	"strings"
	"testing"

	"onex.io/onex/scripts/weight"
)

// A cold start pays for every byte. That the sources are read by the other tests here lets a cached pass of this one
// be a true one.
func TestFunctionsWeighWhatWasAgreed(t *testing.T) {
	b, err := weight.Build(root)
	if err != nil {
		t.Fatal(err)
	}
	for p := range b.Packages {
		if strings.HasPrefix(p, "k8s.io/client-go/kubernetes") {
			t.Errorf("the typed clientset is in it: %s", p)
		}
	}
	if err := weight.Table(read(t, "scripts/check/testdata/weight.txt")).Judge(b); err != nil {
		t.Error(err)
	}
}
