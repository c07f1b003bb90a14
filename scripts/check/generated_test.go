package check

import (
	"os"
	"testing"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/manifests"
	"onex.io/onex/scripts/openapi"
	"onex.io/onex/scripts/sdk"
)

func TestWhatDerivesFromTheCatalogIsFresh(t *testing.T) {
	all := catalog.Operations()
	files, err := manifests.Render(all)
	if err != nil {
		t.Fatal(err)
	}
	if files[openapi.File], err = openapi.Document(all, os.DirFS(root+"/knative/crds")); err != nil {
		t.Fatal(err)
	}
	if files[sdk.File], err = sdk.Render(all, os.DirFS(root+"/"+sdk.Folder)); err != nil {
		t.Fatal(err)
	}
	if err := manifests.Compare(root, files); err != nil {
		t.Error(err)
	}
}
