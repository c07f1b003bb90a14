package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// cgroupLimit is where a container reads how much memory it may use, in bytes.
const cgroupLimit = "/sys/fs/cgroup/memory.max"

// limitMemory lets the collector know a container's limit, so that it works harder
// before the kernel kills. GOMEMLIMIT, if somebody set it, is the better word.
func limitMemory(file, goMemLimit string) (bytes int64) {
	text, err := os.ReadFile(file)
	if err != nil || goMemLimit != "" {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit <= 0 {
		return 0 // "max"
	}
	bytes = limit / 10 * 9
	debug.SetMemoryLimit(bytes)
	return bytes
}
