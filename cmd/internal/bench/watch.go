package main

import (
	"os"
	"runtime"
	"runtime/metrics"
	"syscall"
	"time"
)

// cost is what something took.
type cost struct {
	wall    time.Duration
	cpu     time.Duration // of this process, the engine's threads included
	heap    int64         // most bytes of objects in Go's heap, garbage not collected yet included
	process int64         // most bytes of the process, engine included; 0 where the system does not tell
}

// watch runs work and returns what it took.
func watch(work func() error) (cost, error) {
	runtime.GC()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forgets the earlier peak, where that can be done
	stop, done := make(chan struct{}), make(chan int64)
	go func() { done <- sampleHeap(stop) }()
	began, used := time.Now(), cpuTime()
	err := work()
	c := cost{wall: time.Since(began), cpu: cpuTime() - used}
	close(stop)
	c.heap = <-done
	c.process, _ = procField("/proc/self/status", "VmHWM:")
	return c, err
}

// cpuTime is what this process has used of all processors.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func sampleHeap(stop <-chan struct{}) int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var most int64
	for {
		metrics.Read(sample)
		most = max(most, int64(sample[0].Value.Uint64()))
		select {
		case <-stop:
			return most
		case <-tick.C:
		}
	}
}
