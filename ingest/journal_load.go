package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
)

var errForeign = errors.New("is of a journal with another identity, or of an earlier version of it; " +
	"restore the identity from a backup of this folder, or drain it with the version that wrote it")

// cursor is a place in the journal: the next delivery and where to look for it.
type cursor struct {
	seq     uint64
	segment uint64
	offset  int64
}

// restore loads the journal, and has on disk what that found to be lost.
func (j *Journal) restore(ceiling uint64) error {
	if err := j.load(ceiling); err != nil {
		return err
	}
	return j.noteLosses(slices.Concat(j.dead, j.live))
}

// load reads every segment and sets everything that follows from them. When the
// process knows what is durable, ceiling says so, and what lies beyond is left
// out; at the start of a process, the disk alone knows.
func (j *Journal) load(ceiling uint64) error {
	m, err := readMarks(j.fs, j.cfg.Dir)
	unmarked := errors.Is(err, errMarks)
	if err != nil && !unmarked {
		return err
	}
	segments, err := j.list()
	if err != nil {
		return err
	}
	firsts := make([]uint64, len(segments))
	for i, s := range segments {
		if firsts[i], err = j.start(s); err != nil {
			return err
		}
	}
	if unmarked {
		if oldest := slices.IndexFunc(firsts, func(f uint64) bool { return f > 0 }); oldest >= 0 {
			m.Drained = firsts[oldest] - 1
		}
		j.env.Log.Error("drained mark is damaged; all of the journal goes to the store again",
			slog.String("dir", j.cfg.Dir), slog.Uint64("from", m.Drained+1))
	}
	l := &loading{j: j, ceiling: ceiling, marks: m, last: m.Drained}
	for i, s := range segments {
		// What a segment holds past the start of the next was never acknowledged.
		end := uint64(0)
		if later := slices.IndexFunc(firsts[i+1:], func(f uint64) bool { return f > 0 }); later >= 0 {
			end = firsts[i+1+later]
		}
		j.recall(s)
		if err := l.segment(s, end); err != nil {
			return err
		}
	}
	if ceiling != math.MaxUint64 && l.last < ceiling {
		l.losses = append(l.losses, Loss{Path: j.cfg.Dir, From: l.last + 1, To: ceiling, Acknowledged: true})
		l.last = ceiling
	}
	j.adopt(l, m, segments)
	j.unsure = l.unsure
	return nil
}

// adopt makes what was read the journal's state.
func (j *Journal) adopt(l *loading, m marks, segments []*segment) {
	j.live, j.dead = nil, nil
	for _, s := range segments {
		if s.last > m.Drained {
			j.live = append(j.live, s)
		} else {
			j.dead = append(j.dead, s)
		}
		j.number = max(j.number, s.number)
	}
	if l.head.segment == 0 {
		l.head = cursor{seq: l.last + 1}
	}
	j.marks, j.head, j.tail = m, l.head, cursor{}
	j.seq = l.last
	j.durable.Store(l.last)
	j.waiting.Store(l.count)
	j.bytes.Store(l.bytes)
	j.oldest.Store(l.oldest)
	j.pending.Store(0)
	for _, loss := range l.losses {
		j.lose(loss)
	}
	if l.count > 0 {
		tell(j.ready)
	}
}

// recall reads what an earlier process noted of the losses of s; what is noted was
// reported.
func (j *Journal) recall(s *segment) {
	lost, err := readNote(j.fs, s.path)
	if err != nil {
		j.env.Log.Warn("note of what a segment lost cannot be read", slog.String("path", s.path), slog.Any("error", err))
	}
	for _, loss := range lost {
		j.lost.add(loss)
	}
	s.lost, s.noted = lost, len(lost)
	if err != nil {
		s.noted = -1
	}
}

// list returns the segments in the folder, oldest first.
func (j *Journal) list() ([]*segment, error) {
	names, err := j.fs.List(j.cfg.Dir)
	if err != nil {
		return nil, err
	}
	var segments []*segment
	for _, name := range names {
		// Of what ends so, a crash came before its rename; what it should replace is whole.
		if strings.HasSuffix(name, ".new") || isLeftNote(name, names) {
			if err := j.fs.Remove(j.fs.PathJoin(j.cfg.Dir, name)); err != nil {
				return nil, err
			}
		}
		if number, ok := segmentNumber(name); ok {
			segments = append(segments, &segment{number: number, path: segmentPath(j.cfg.Dir, number)})
		}
	}
	slices.SortFunc(segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	return segments, nil
}

// loading gathers what the segments say, from the oldest to the newest.
type loading struct {
	j       *Journal
	ceiling uint64
	marks   marks

	last   uint64 // the last delivery seen or known to be drained
	head   cursor
	count  int64
	bytes  int64
	oldest int64
	losses []Loss
	known  uint64  // durable, as the records say
	unsure []place // of records that none says to be durable, in order
}

// start returns the first delivery that the segment may hold, or zero when it
// holds nothing readable at all.
func (j *Journal) start(s *segment) (uint64, error) {
	first := uint64(0)
	err := j.scan(s, 0, func(f frame, _ int64) bool {
		first = f.seq
		if f.kind != kindStart {
			// A power cut tore the first commit, before which this much was durable.
			first = min(f.seq, f.durable+1)
		}
		return false
	})
	return first, err
}

// segment counts the deliveries of s before end; zero means no end.
func (l *loading) segment(s *segment, end uint64) error {
	s.first, s.last = l.last+1, l.last
	var holes []Loss
	known := uint64(0) // durable, as the records of the segment say
	sealed := uint64(0)
	counts := func(seq uint64) bool {
		return (end == 0 || seq < end) && seq <= l.ceiling
	}
	err := l.j.scan(s, 0, func(f frame, offset int64) bool {
		known = max(known, f.durable)
		l.doubt(f, s, offset)
		if f.kind == kindSeal {
			sealed = f.seq
		}
		if f.kind != kindDelivery || !counts(f.seq) || f.seq <= s.last {
			return true
		}
		if f.seq > s.last+1 && f.seq > l.marks.Drained+1 {
			holes = append(holes, Loss{Path: s.path, From: max(s.last, l.marks.Drained) + 1, To: f.seq - 1})
		}
		s.last = f.seq
		l.take(f, s, offset)
		return true
	})
	if err != nil {
		return err
	}
	for _, hole := range holes {
		hole.Acknowledged = known >= hole.From
		l.lose(s, hole)
	}
	// The end of the segment is known when it was sealed or another follows. Another
	// one is begun only when all of this one is durable; a seal may be on disk before
	// what it seals, whose numbers are then given out again.
	follows := end - min(end, 1)
	if upTo := max(sealed, follows); upTo > s.last && counts(upTo) {
		from := max(s.last, l.marks.Drained) + 1
		acknowledged := from <= max(known, follows)
		if from <= upTo {
			l.lose(s, Loss{Path: s.path, From: from, To: upTo, Acknowledged: acknowledged})
		}
		if acknowledged {
			s.last = upTo
		}
	}
	l.last = max(l.last, s.last)
	return nil
}

// lose takes note of a loss, as far as it is not noted.
func (l *loading) lose(s *segment, loss Loss) {
	if loss.Acknowledged {
		l.losses = append(l.losses, s.lost.add(loss)...)
	} else {
		l.losses = append(l.losses, s.lost.without(loss)...)
	}
}

// take counts one delivery that the store may not have yet.
func (l *loading) take(f frame, s *segment, offset int64) {
	if f.seq <= l.marks.Drained {
		return
	}
	if l.head.segment == 0 {
		l.head = cursor{seq: l.marks.Drained + 1, segment: s.number, offset: offset}
		l.oldest = f.delivery.ReceivedAt.UnixMicro()
	}
	l.count++
	l.bytes += int64(f.size)
}

// scan calls visit for every good record of s from the block of offset on, until
// it returns false.
func (j *Journal) scan(s *segment, offset int64, visit func(frame, int64) bool) error {
	file, err := j.fs.Open(s.path)
	if err != nil {
		return fmt.Errorf("segment %d: %w", s.number, err)
	}
	r, sealer := newChunkReader(file, uint32(s.number), offset), j.id.sealer(s.number)
	for {
		raw, at, err := r.next()
		if errors.Is(err, io.EOF) {
			return file.Close()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read segment %d: %w", s.number, err), file.Close())
		}
		f, err := decodeFrame(raw, sealer)
		if err != nil && at == 0 {
			// Where every segment of ours begins, nobody else can have written.
			return errors.Join(fmt.Errorf("segment %d: %w", s.number, errForeign), file.Close())
		}
		if err != nil {
			continue // whole chunks, but not a record of ours
		}
		if !visit(f, at) {
			return file.Close()
		}
	}
}
