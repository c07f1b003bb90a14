//go:build !linux

package mine

import "time"

// cpuTime is the time on the wall where a thread's own is not to be had: on a
// busy machine a miner then hashes less than its share, never more.
func cpuTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
