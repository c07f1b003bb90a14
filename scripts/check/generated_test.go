package check

import (
	"testing"

	"onex.io/onex/scripts/derive"
	"onex.io/onex/scripts/manifests"
)

func TestWhatDerivesFromTheCatalogIsFresh(t *testing.T) {
	files, err := derive.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := manifests.Compare(root, files); err != nil {
		t.Error(err)
	}
}
