// Command generate writes everything that derives from the catalog of operations: Knative Services, Triggers,
// PingSources, ScaledObjects, StatefulSets, Jobs, roles, the gateway's routes, the OpenAPI and AsyncAPI documents, and
// what of the SDK is not written by hand.
//
//	go run ./scripts/generate          # write
//	go run ./scripts/generate -check   # fail when something checked in is stale
package main

import (
	"flag"
	"fmt"
	"os"

	"onex.io/onex/scripts/derive"
	"onex.io/onex/scripts/manifests"
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
	files, err := derive.Files(root)
	if err != nil {
		return err
	}
	if check {
		return manifests.Compare(root, files)
	}
	return manifests.Write(root, files)
}
