package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

func TestTheCollectorKnowsTheContainersLimit(t *testing.T) {
	t.Cleanup(func() { debug.SetMemoryLimit(math.MaxInt64) })
	for _, r := range []struct {
		name, text, goMemLimit string
		want                   int64
	}{
		{"a limit", "33554432\n", "", 30198987},
		{"a limit above what is enough", "134217728\n", "", enough},
		{"a limit that somebody knows better", "134217728\n", "100MiB", 0},
		{"no limit", "max\n", "", enough},
		{"nonsense", "-1\n", "", enough},
	} {
		t.Run(r.name, func(t *testing.T) {
			debug.SetMemoryLimit(math.MaxInt64)
			file := filepath.Join(t.TempDir(), "memory.max")
			if err := os.WriteFile(file, []byte(r.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := limitMemory(file, r.goMemLimit); got != r.want {
				t.Fatalf("limit is %d, want %d", got, r.want)
			}
			if set := debug.SetMemoryLimit(-1); r.want > 0 && set != r.want || r.want == 0 && set != math.MaxInt64 {
				t.Fatalf("the collector works with %d", set)
			}
		})
	}
	if got := limitMemory(filepath.Join(t.TempDir(), "nowhere"), ""); got != enough {
		t.Fatalf("outside of a container the limit is %d", got)
	}
}
