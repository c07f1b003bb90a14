package weight

import (
	"debug/elf"
	"fmt"
	"os"
	"strings"
)

// read weighs a binary that has its symbols still, and leaves them out of the size.
func read(file string) (Binary, error) {
	info, err := os.Stat(file)
	if err != nil {
		return Binary{}, fmt.Errorf("weight: %w", err)
	}
	f, err := elf.Open(file)
	if err != nil {
		return Binary{}, fmt.Errorf("weight: %w", err)
	}
	defer f.Close()
	b := Binary{Size: info.Size(), Packages: map[string]int64{}}
	for _, s := range f.Sections {
		if strings.HasPrefix(s.Name, ".debug_") || s.Name == ".symtab" || s.Name == ".strtab" {
			b.Size -= int64(s.FileSize)
		}
	}
	symbols, err := f.Symbols()
	if err != nil {
		return Binary{}, fmt.Errorf("weight: %w", err)
	}
	for _, s := range symbols {
		if int(s.Section) >= len(f.Sections) || f.Sections[s.Section].Type != elf.SHT_PROGBITS {
			continue // takes no room in the file
		}
		if p := PackageOf(s.Name); p != "" {
			b.Packages[p] += int64(s.Size)
		}
	}
	return b, nil
}

// PackageOf is the package that a symbol belongs to; empty for what the linker makes, such as types and tables.
func PackageOf(symbol string) string {
	if strings.HasPrefix(symbol, "type:") || strings.HasPrefix(symbol, "go:") || strings.HasPrefix(symbol, "runtime.pclntab") {
		return ""
	}
	symbol, _, _ = strings.Cut(symbol, "[") // what a generic function was made for is not where it is from
	folder := strings.LastIndex(symbol, "/") + 1
	name, _, ok := strings.Cut(symbol[folder:], ".")
	if !ok {
		return ""
	}
	return strings.ReplaceAll(symbol[:folder]+name, "%2e", ".")
}
