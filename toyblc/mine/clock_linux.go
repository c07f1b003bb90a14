package mine

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the CPU time that the calling thread has had; the caller stays on
// its thread. Unlike the time on the wall it stands still while others have the
// CPU, so that on a busy machine a miner neither hashes less than its share nor
// more.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return time.Duration(time.Now().UnixNano()) // more than the CPU time: hashes too little
	}
	return time.Duration(t.Nano())
}
