// Command generate writes everything that derives from the catalog of operations: Knative Services, Triggers,
// PingSources, ScaledObjects, StatefulSets, Jobs, roles, the gateway's routes,
// the OpenAPI document and what of the SDK is not written by hand.
//
//	go run ./scripts/generate          # write
//	go run ./scripts/generate -check   # fail when something checked in is stale
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/manifests"
	"onex.io/onex/scripts/openapi"
	"onex.io/onex/scripts/sdk"
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	operations := catalog.Operations()
	if err := catalog.Check(operations); err != nil {
		return err
	}
	files, err := manifests.Render(operations)
	if err != nil {
		return err
	}
	if files[openapi.File], err = openapi.Document(operations, os.DirFS(filepath.Join(root, "knative/crds"))); err != nil {
		return err
	}
	if files[sdk.File], err = sdk.Render(operations, os.DirFS(filepath.Join(root, sdk.Folder))); err != nil {
		return err
	}
	if check {
		return manifests.Compare(root, files)
	}
	return manifests.Write(root, files)
}
