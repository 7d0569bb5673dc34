package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors/oserror"
)

// ErrNoJournal says that a folder holds no journal.
var ErrNoJournal = errors.New("no journal is there")

const damagedSuffix = ".damaged"

// Inspection is what a journal's folder holds, every record of it read.
type Inspection struct {
	Survey

	Deliveries int64     // that the store has not confirmed
	Bytes      int64     // of those
	Oldest     time.Time // when the first of those was received; zero when there is none
	Drained    uint64    // number of the last delivery that the store has confirmed
	Last       uint64    // number of the last delivery

	Segments []SegmentInfo // by number
	SetAside []SegmentInfo // damaged ones, drained as far as they could be read, and kept

	// Lost are runs of deliveries that became unreadable before the store had them:
	// acknowledged ones, which is damage, and what was cut off in the middle of a
	// commit, which is not. Of segments that are set aside, see there.
	Lost []LostRun
	// MarkDamaged says that the note of what the store has cannot be read: all of the
	// journal goes to the store again, where it is recognised.
	MarkDamaged bool
	// BlockDamaged says that a block that may be in the store already cannot be rebuilt
	// as it was offered: what is readable goes to the store again.
	BlockDamaged bool
}

// Damaged reports whether anything that was acknowledged cannot be read, or the
// journal's own notes cannot.
func (i Inspection) Damaged() bool {
	return i.MarkDamaged || i.BlockDamaged || acknowledged(i.Lost) || slices.ContainsFunc(i.SetAside, func(s SegmentInfo) bool {
		// One that shows no gap was spoiled at an end, where nothing says how much is missing.
		return len(s.Lost) == 0 || acknowledged(s.Lost)
	})
}

func acknowledged(runs []LostRun) bool {
	return slices.ContainsFunc(runs, func(l LostRun) bool { return l.Acknowledged })
}

// Stats is the journal as the next process that opens it will find it.
func (i Inspection) Stats(now time.Time) Stats {
	s := Stats{
		Deliveries: i.Deliveries, Bytes: i.Bytes, LimitBytes: i.LimitBytes, Durable: i.Last,
		FreeBytes: i.FreeBytes, ReserveBytes: i.ReserveBytes,
		Level: levelOf(i.Bytes, i.LimitBytes, i.Bytes >= i.LimitBytes, 0),
	}
	if !i.Oldest.IsZero() {
		s.Age = max(now.Sub(i.Oldest), 0)
	}
	if i.FreeBytes >= 0 {
		s.NearReserve = i.FreeBytes < nearlyLow(i.ReserveBytes)
	}
	switch {
	case i.FreeBytes >= 0 && i.FreeBytes < i.ReserveBytes:
		s.Refusing = ErrDiskFull
	case s.Level == levelFull:
		s.Refusing = ErrFull
	}
	s.Healthy = s.Refusing == nil
	for _, run := range i.Lost {
		s.Losses = append(s.Losses, run.Loss)
	}
	return s
}

// LostRun is a loss with what its neighbours say of when it was received.
type LostRun struct {
	Loss

	// After and Before are when the readable neighbours were received; zero where
	// there is none.
	After, Before time.Time
}

// SegmentInfo is one file of a journal.
type SegmentInfo struct {
	Number     uint64
	Path       string
	Bytes      int64  // of the file; one that is written again keeps its length
	Deliveries int64  // readable ones
	First      uint64 // number of the first of those; 0 when there is none
	Last       uint64
	Sealed     bool // it was closed in order, and nothing is to follow
	Drained    bool // the store has all that it holds

	// Lost is what one that was set aside has lost before the store had it; of others
	// see Inspection.
	Lost []LostRun
	// Guessed says that no note of that is beside the file, or none that can be read:
	// then Lost is all that is unreadable in it now, of which the store may have some.
	Guessed bool
}

// InspectJournal reads every record in a journal's folder, checks all sums and looks
// for gaps. It writes nothing and takes no lock, so that the journal may be in use
// meanwhile: what is written or drained in between is seen or not, and is never
// reported as lost. It returns [ErrNoJournal] when there is none.
func InspectJournal(ctx context.Context, cfg JournalConfig) (Inspection, error) {
	survey, err := SurveyJournal(cfg)
	if err != nil {
		return Inspection{}, err
	}
	found := Inspection{Survey: survey}
	if err := found.read(ctx, cfg.withDefaults()); err != nil {
		return Inspection{}, fmt.Errorf("inspect journal %s: %w", cfg.Dir, err)
	}
	return found, nil
}

// read looks twice. Records are written in order, but a file is not read at one
// moment: while the journal is in use, a gap is where more was written behind the
// reader. At the second look that is there, and what is not is lost.
func (i *Inspection) read(ctx context.Context, cfg JournalConfig) error {
	j, err := openToLook(ctx, cfg)
	if err != nil {
		return err
	}
	if _, err := readMarks(j.fs, cfg.Dir); errors.Is(err, errMarks) {
		i.MarkDamaged = true
	}
	if err := j.load(math.MaxUint64); err != nil {
		return err
	}
	stats := j.Stats()
	i.Deliveries, i.Bytes, i.Drained, i.Last = stats.Deliveries, stats.Bytes, j.marks.Drained, stats.Durable
	if oldest := j.oldest.Load(); stats.Deliveries > 0 {
		i.Oldest = time.UnixMicro(oldest).UTC()
	}
	if i.BlockDamaged, err = j.blockDamaged(ctx); err != nil {
		return err
	}
	second := lookAgain(stats.Losses, j.noted())
	if err := i.readSegments(j, second); err != nil {
		return err
	}
	if i.SetAside, err = j.readSetAside(); err != nil {
		return err
	}
	drained := i.Drained
	if m, err := readMarks(j.fs, cfg.Dir); err == nil {
		// What the store got in the meantime was given back, not lost.
		drained = max(drained, m.Drained)
		i.BlockDamaged = i.BlockDamaged && m.Drained == i.Drained
	}
	i.Lost = slices.DeleteFunc(second.missing(drained), func(l LostRun) bool {
		// Set aside since it was listed.
		return slices.ContainsFunc(i.SetAside, func(s SegmentInfo) bool { return s.Path == l.Path+damagedSuffix })
	})
	return nil
}

// openToLook returns a journal that can only be read.
func openToLook(ctx context.Context, cfg JournalConfig) (*Journal, error) {
	env, err := Env{Now: time.Time{}.UTC}.withDefaults() // the clock is not asked
	if err != nil {
		return nil, err
	}
	j := &Journal{
		cfg: cfg, env: env, fs: readOnly{FS: cfg.FS, stopped: ctx.Err},
		ready: make(chan struct{}, 1), kick: make(chan struct{}, 1),
	}
	j.id, err = openIdentity(j.fs, cfg.Dir)
	return j, err
}

// noted returns what lies in notes beside the segments.
func (j *Journal) noted() runs {
	var all runs
	for _, s := range slices.Concat(j.dead, j.live) {
		lost, _ := readNote(j.fs, s.path) // of one that cannot be read, nothing is known
		for _, loss := range lost {
			all.add(loss)
		}
	}
	return all
}

// blockDamaged reports whether the block that was offered last can no longer be
// rebuilt.
func (j *Journal) blockDamaged(ctx context.Context) (bool, error) {
	known := j.marks.Block
	if known == nil || j.head.seq > known.To {
		return false, nil
	}
	c, err := j.read(ctx, Limits{Deliveries: math.MaxInt, Bytes: math.MaxInt64}, min(known.To, j.durable.Load()))
	return err == nil && c.sum.String() != known.Sum, err
}

// readSegments describes the files one by one.
func (i *Inspection) readSegments(j *Journal, second *secondLook) error {
	for _, s := range append(slices.Clone(j.dead), j.live...) {
		info, err := j.segmentInfo(s, second.saw)
		if oserror.IsNotExist(err) {
			continue // given back since it was listed
		}
		if err != nil {
			return err
		}
		info.Drained = s.last <= i.Drained
		i.Segments = append(i.Segments, info)
	}
	slices.SortFunc(i.Segments, func(a, b SegmentInfo) int { return cmp.Compare(a.Number, b.Number) })
	return nil
}

func (j *Journal) segmentInfo(s *segment, saw func(frame)) (SegmentInfo, error) {
	info := SegmentInfo{Number: s.number, Path: s.path}
	stat, err := j.fs.Stat(s.path)
	if err != nil {
		return info, err
	}
	info.Bytes = stat.Size()
	return info, j.scan(s, 0, func(f frame, _ int64) bool {
		saw(f)
		switch f.kind {
		case kindDelivery:
			info.Deliveries++
			if info.First == 0 {
				info.First = f.seq
			}
			info.Last = f.seq
		case kindSeal:
			info.Sealed = true
		}
		return true
	})
}

// readSetAside describes the files that were kept because they are damaged, each by
// itself: what stood around it is gone.
func (j *Journal) readSetAside() ([]SegmentInfo, error) {
	names, err := j.fs.List(j.cfg.Dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []SegmentInfo
	for _, name := range names {
		plain, ok := strings.CutSuffix(name, damagedSuffix)
		number, isSegment := segmentNumber(plain)
		if !ok || !isSegment {
			continue
		}
		info, err := j.asideInfo(&segment{number: number, path: filepath.Join(j.cfg.Dir, name)})
		if oserror.IsNotExist(err) {
			continue // taken away since it was listed
		}
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

func (j *Journal) asideInfo(s *segment) (SegmentInfo, error) {
	noted, err := readNote(j.fs, strings.TrimSuffix(s.path, damagedSuffix))
	guessed := err != nil || len(noted) == 0
	for i := range noted {
		noted[i].Path = s.path
	}
	g, second := gaps{path: s.path}, lookAgain(noted, noted)
	info, err := j.segmentInfo(s, func(f frame) {
		g.saw(f)
		second.saw(f)
	})
	info.Drained, info.Lost, info.Guessed = true, second.missing(0), guessed
	if guessed {
		info.Lost = g.end()
	}
	return info, err
}
