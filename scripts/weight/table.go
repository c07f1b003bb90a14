package weight

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table is the weight that was agreed on: lines of bytes and a package, the stripped file first.
type Table string

// total stands for the whole file in a table.
const total = "stripped"

// least is the size from which a package has a line of its own, in bytes.
const least = 10_000

// NewTable writes down what a binary weighs.
func NewTable(b Binary) Table {
	var text strings.Builder
	fmt.Fprintf(&text, "# What the functions binary weighs, in bytes, and what its larger packages add. Written by `make weight`.\n%d %s\n", b.Size, total)
	for _, p := range slices.SortedFunc(maps.Keys(b.Packages), func(x, y string) int {
		return cmp.Or(cmp.Compare(b.Packages[y], b.Packages[x]), strings.Compare(x, y))
	}) {
		if b.Packages[p] >= least {
			fmt.Fprintf(&text, "%d %s\n", b.Packages[p], p)
		}
	}
	return Table(text.String())
}

func (t Table) binary() (Binary, error) {
	b := Binary{Packages: map[string]int64{}}
	for lines := bufio.NewScanner(strings.NewReader(string(t))); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var size int64
		var name string
		if _, err := fmt.Sscanf(lines.Text(), "%d %s", &size, &name); err != nil {
			return b, fmt.Errorf("weight: line %q: %w", lines.Text(), err)
		}
		if name == total {
			b.Size = size
			continue
		}
		b.Packages[name] = size
	}
	if b.Size == 0 {
		return b, fmt.Errorf("weight: the table does not say what the whole file weighs")
	}
	return b, nil
}

// Limits of the functions binary, in bytes.
const (
	mostGrowth = 1_000_000
	mostSize   = 36_000_000
)

// Judge reports what is wrong with a binary's weight, naming the packages that are to blame.
func (t Table) Judge(b Binary) error {
	before, err := t.binary()
	if err != nil {
		return err
	}
	switch {
	case len(b.Keeps) > 0:
		return fmt.Errorf("the functions binary keeps every method of every type, because %s finds methods by name; it comes in by %s",
			b.Keeps[len(b.Keeps)-1], strings.Join(b.Keeps, " -> "))
	case b.Size > mostSize:
		return fmt.Errorf("the functions binary weighs %s, more than %s\n%s", megabytes(b.Size), megabytes(mostSize), grown(before, b))
	case b.Size > before.Size+mostGrowth:
		return fmt.Errorf("the functions binary weighs %s, %s more than agreed; if that is meant, run `make weight`\n%s",
			megabytes(b.Size), megabytes(b.Size-before.Size), grown(before, b))
	}
	return nil
}

// grown names the packages that grew most. One without a line weighed little before.
func grown(before, now Binary) string {
	growth := map[string]int64{}
	for p, size := range now.Packages {
		if more := size - before.Packages[p]; more >= least {
			growth[p] = more
		}
	}
	names := slices.SortedFunc(maps.Keys(growth), func(x, y string) int {
		return cmp.Or(cmp.Compare(growth[y], growth[x]), strings.Compare(x, y))
	})
	var text strings.Builder
	for _, p := range names[:min(10, len(names))] {
		fmt.Fprintf(&text, "  %10s  %s\n", megabytes(growth[p]), p)
	}
	return text.String()
}

func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
