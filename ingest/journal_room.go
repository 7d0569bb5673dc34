package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
)

// ErrDiskFull says that the journal's disk has less free than its reserve, or none
// for another file. It is an [ErrFull].
var ErrDiskFull = fmt.Errorf("%w: its disk has too little space left", ErrFull)

// Shares of the bound, in percent, at which the journal warns. At the last it is
// full: a delivery came that did not fit.
const (
	levelHalf = 50
	levelHigh = 70
	levelNear = 90
	levelFull = 100
	// A level is left this much below where it began, so that a journal that hovers
	// around one warns once.
	levelSlack = 5
)

// room is how much space the journal has left. What may ask is told without a lock.
type room struct {
	free    atomic.Int64 // bytes on the disk; -1 when the file system cannot tell
	nearLow atomic.Bool  // free comes close to the reserve
	lowDisk atomic.Bool  // less is free than the reserve
	noSpace atomic.Bool  // there was no space for another file
	refused atomic.Int64 // size of the last delivery that did not fit; 0 for none since there was room
	level   atomic.Int64 // what was warned of
}

// refuses returns why a delivery of size is not taken, or nil, and whether it is the
// first that does not fit since there was room.
func (r *room) refuses(size, bytes, limit int64) (first bool, err error) {
	if r.lowDisk.Load() || r.noSpace.Load() {
		return false, ErrDiskFull
	}
	if bytes+size > limit {
		return r.refused.Swap(size) == 0, ErrFull
	}
	return false, nil
}

// full reports whether the delivery that was refused last still would be.
func (r *room) full(bytes, limit int64) bool {
	size := r.refused.Load()
	if size > 0 && bytes+size <= limit {
		r.refused.CompareAndSwap(size, 0)
		return false
	}
	return size > 0 || bytes >= limit
}

// levelOf returns the level of a journal that was at before.
func levelOf(bytes, limit int64, full bool, before int) int {
	if full {
		return levelFull
	}
	share := int(bytes * 100 / limit)
	level := 0
	for _, mark := range []int{levelHalf, levelHigh, levelNear} {
		if share >= mark || before >= mark && share > mark-levelSlack {
			level = mark
		}
	}
	return level
}

// watchLevel warns once for each level that is reached, and says when there is room
// again.
func (j *Journal) watchLevel(ctx context.Context) {
	bytes, limit := max(j.bytes.Load(), 0), j.cfg.MaxBytes
	before := int(j.room.level.Load())
	level := levelOf(bytes, limit, j.room.full(bytes, limit), before)
	j.room.level.Store(int64(level))
	filled := slog.Group("journal", slog.Int64("percent", bytes*100/limit), slog.Int64("bytes", bytes),
		slog.Int64("limit_bytes", limit), slog.Int64("deliveries", j.waiting.Load()))
	switch {
	case level == levelFull && before < levelFull:
		j.env.Log.ErrorContext(ctx, "journal is full; senders are answered 503 until the store has taken some of it", filled)
	case level > before:
		j.env.Log.WarnContext(ctx, "journal fills up; the store does not take deliveries fast enough", filled)
	case before == levelFull && level < levelFull:
		j.env.Log.InfoContext(ctx, "journal has room again; deliveries are taken", filled)
	case level == 0 && before > 0:
		j.env.Log.InfoContext(ctx, "journal is less than half full again", filled)
	}
}

// watchDisk closes the door before the disk is full, and opens it again once there
// is space for a segment more.
func (j *Journal) watchDisk(ctx context.Context) {
	free, reserve := freeBytes(j.fs, j.cfg.Dir), j.cfg.MinFreeBytes
	j.room.free.Store(free)
	if free < 0 {
		free = math.MaxInt64 // the file system cannot tell; its errors will
	}
	disk := slog.Group("disk", slog.String("dir", j.cfg.Dir), slog.Int64("free_bytes", free), slog.Int64("reserve_bytes", reserve))
	near, low := j.room.nearLow.Load(), j.room.lowDisk.Load()
	switch {
	case free < reserve && !low:
		j.room.nearLow.Store(true)
		j.room.lowDisk.Store(true)
		j.env.Log.ErrorContext(ctx, "disk of the journal is nearly full; senders are answered 503 until there is space", disk)
	case low && free >= reserve+j.cfg.SegmentBytes:
		j.room.lowDisk.Store(false)
		j.env.Log.InfoContext(ctx, "disk of the journal has space again; deliveries are taken", disk)
	case free < nearlyLow(reserve) && !near:
		j.room.nearLow.Store(true)
		j.env.Log.WarnContext(ctx, "disk of the journal fills up; below the reserve senders are answered 503", disk)
	case near && free >= nearlyLow(reserve)+j.cfg.SegmentBytes:
		j.room.nearLow.Store(false)
	}
	if j.room.lowDisk.Load() {
		j.dropSpares(ctx)
	}
}

// nearlyLow is how much has to be free for nobody to be warned.
func nearlyLow(reserve int64) int64 { return 2 * reserve }

// dropSpares gives up the drained files that were kept to be written again. What
// notes the store's progress needs space, too.
func (j *Journal) dropSpares(ctx context.Context) {
	j.mu.Lock()
	spares := j.spares
	j.spares = nil
	j.mu.Unlock()
	for _, path := range spares {
		if err := ignoreMissing(j.fs.Remove(path)); err != nil {
			j.env.Log.WarnContext(ctx, "drained file of the journal could not be removed", slog.Any("error", err))
		}
	}
}

// hasNoSpace notes that there was no space for another file, and hadSpace that there
// was.
func (j *Journal) hasNoSpace() {
	if !j.room.noSpace.Swap(true) {
		j.env.Log.Error("no space for another file of the journal; senders are answered 503 until there is",
			slog.String("dir", j.cfg.Dir))
	}
}

func (j *Journal) hadSpace() {
	if j.room.noSpace.Swap(false) {
		j.env.Log.Info("there is space for the journal's files again; deliveries are taken", slog.String("dir", j.cfg.Dir))
	}
}
