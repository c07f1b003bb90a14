package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// cgroupLimit is where a container reads how much memory it may use, in bytes.
const cgroupLimit = "/sys/fs/cgroup/memory.max"

// enough is what a node works with when nothing is scarce, in bytes: with 100,000 blocks and peers on two idle cores,
// catching up takes 52 MiB at most without any limit. On busy ones the collector comes late, and this makes it hurry.
const enough = 52 << 20

// limitMemory lets the collector know what a node gets along with, and a container's limit if that is lower, so that
// it works harder before the kernel kills. GOMEMLIMIT, if somebody set it, is the better word.
func limitMemory(file, goMemLimit string) (bytes int64) {
	if goMemLimit != "" {
		return 0
	}
	bytes = enough
	if text, err := os.ReadFile(file); err == nil {
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && limit > 0 { // and not "max"
			bytes = min(bytes, limit/10*9)
		}
	}
	debug.SetMemoryLimit(bytes)
	return bytes
}
