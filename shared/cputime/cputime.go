// Package cputime tells what work has cost the processor, whoever else is on the machine: what tests measure by.
package cputime

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Thread is the CPU time of the calling thread: runtime.LockOSThread keeps a goroutine on one.
func Thread() time.Duration { return read(unix.CLOCK_THREAD_CPUTIME_ID) }

// Process is the CPU time of the whole process.
func Process() time.Duration { return read(unix.CLOCK_PROCESS_CPUTIME_ID) }

func read(clock int32) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(clock, &now); err != nil {
		panic(fmt.Sprintf("clock %d: %v", clock, err)) // there is none such, on any system that this is built for
	}
	return time.Duration(now.Nano())
}
