// Package derive puts together all files that derive from the catalog of operations.
package derive

import (
	"os"
	"path/filepath"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/asyncapi"
	"onex.io/onex/scripts/manifests"
	"onex.io/onex/scripts/openapi"
	"onex.io/onex/scripts/sdk"
)

// Files are the derived files by their paths from the root. The definitions of the objects, and what of the SDK is
// written by hand, are read there.
func Files(root string) (map[string][]byte, error) {
	all := catalog.Operations()
	if err := catalog.Check(all); err != nil {
		return nil, err
	}
	files, err := manifests.Render(all)
	if err != nil {
		return nil, err
	}
	if files[openapi.File], err = openapi.Document(all, os.DirFS(filepath.Join(root, "knative/crds"))); err != nil {
		return nil, err
	}
	if files[asyncapi.File], err = asyncapi.Document(all); err != nil {
		return nil, err
	}
	files[sdk.File], err = sdk.Render(all, os.DirFS(filepath.Join(root, sdk.Folder)))
	return files, err
}
