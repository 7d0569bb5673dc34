// Package processors gives Go's scheduler room for calls that block.
//
// # Promise
//
// [Spare] is called once, when a program begins. It changes how many threads run Go
// code at once, and nothing else.
package processors

import (
	"os"
	"runtime"
)

// spares are two: one for the journal, which syncs its file all the time, and one for
// the embedded engine, which is called through C. Go takes the processor away from a
// call that blocks only when its monitor looks, every 10 ms while little goes on. On
// two processors, a sync and an insert at the same time so stopped everything else:
// 1 % of webhooks at 2,000/s were answered after 10 ms, and after 4 ms with this.
const spares = 2

// Spare lets Go use more threads than there are processors, unless the operator says
// how many by GOMAXPROCS. What Go found at the start, a container's limit included,
// is not looked at again.
func Spare() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spares)
	}
}
