package ingest

import (
	"errors"
	"fmt"
	"io"
)

// place is where a record was found.
type place struct {
	segment *segment
	seq     uint64
	from    int64
	to      int64 // no less than its end
}

// doubt takes note of a record until a later one says that it is durable.
func (l *loading) doubt(f frame, s *segment, offset int64) {
	l.known = max(l.known, f.durable)
	sure := 0
	for sure < len(l.unsure) && l.unsure[sure].seq <= l.known {
		sure++
	}
	chunks := int64(f.size/(blockSize-chunkHead) + 2)
	end := offset + int64(f.size) + chunks*chunkHead + blockSize
	l.unsure = append(l.unsure[sure:], place{segment: s, seq: f.seq, from: offset, to: end})
}

// settle makes durable what was read. A process that was killed may have left more
// in its files than it has synced; a power cut that takes it away again, after it
// was handed to the store or another segment was begun behind it, would look like
// damage. What may not be on the disk is written once more, since a sync that
// failed in the process before has had the kernel forget what it should write, and
// the next sync say nothing.
func (j *Journal) settle() error {
	for _, s := range j.live {
		from, to := int64(0), int64(0)
		for _, p := range j.unsure {
			if p.segment != s {
				continue
			}
			if to == 0 {
				from = p.from
			}
			to = p.to
		}
		if err := j.rewrite(s.path, from, to); err != nil {
			return fmt.Errorf("sync segment %d: %w", s.number, err)
		}
	}
	j.unsure = nil
	return nil
}

// rewrite writes a part of a file as it is and syncs the whole.
func (j *Journal) rewrite(path string, from, to int64) error {
	file, err := j.fs.OpenReadWrite(path, category)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(file, from), io.NewSectionReader(file, from, to-from))
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
