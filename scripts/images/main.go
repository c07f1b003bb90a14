// Command images compares two builds of our images, each an OCI layout, and fails unless they are the same, run as
// somebody who is not root, and hold one static program and no shell.
//
//	go run ./scripts/images DIR DIR
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// limits are the most that an image may take, in bytes, as it is pulled; one that is not here may take any.
func limits() map[string]int64 { return map[string]int64{"toyblc": 12 << 20} }

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: images DIR DIR")
		os.Exit(2)
	}
	if err := compare(os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func compare(w io.Writer, one, other string) error {
	first, err := read(one)
	if err != nil {
		return err
	}
	second, err := read(other)
	if err != nil {
		return err
	}
	if len(first) == 0 || len(first) != len(second) {
		return fmt.Errorf("%d images and %d", len(first), len(second))
	}
	var errs []error
	for i, a := range first {
		fmt.Fprintf(w, "%-12s %5.1f MB  %s\n", a.Name, float64(a.Size)/1e6, a.Digest)
		if b := second[i]; a.Name != b.Name || a.Digest != b.Digest {
			errs = append(errs, fmt.Errorf("%s %s was built again as %s %s", a.Name, a.Digest, b.Name, b.Digest))
		}
		if most := limits()[a.Name]; most > 0 && a.Size > most {
			errs = append(errs, fmt.Errorf("%s takes %d bytes, at most %d are wanted", a.Name, a.Size, most))
		}
		for _, fault := range a.Faults {
			errs = append(errs, fmt.Errorf("%s: %s", a.Name, fault))
		}
	}
	return errors.Join(errs...)
}
