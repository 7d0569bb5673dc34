package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Beside a damaged segment lies a note of what it lost: a sum, and below it JSON. It
// is on disk before the deliveries around a loss go to the store. From then on the
// file alone could not tell what was lost from what was unreadable as well, but in the
// store before. The note also has a segment set aside, and its losses not counted
// again, by a process that is started between.
const noteSuffix = ".lost"

var errNote = errors.New("the note of what the segment lost is damaged")

// note is what a segment lost.
type note struct {
	Lost []notedRun `json:"lost"`
}

type notedRun struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// readNote returns what was noted of the segment, or nothing when there is no note.
func readNote(fs vfs.FS, segment string) (runs, error) {
	text, err := readSmall(fs, segment+noteSuffix)
	if oserror.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sum, rest, _ := bytes.Cut(text, []byte("\n"))
	var n note
	if string(sum) != markSum(rest) || json.Unmarshal(rest, &n) != nil {
		return nil, errNote
	}
	var lost runs
	for _, run := range n.Lost {
		if run.From == 0 || run.To < run.From || run.To == math.MaxUint64 {
			return nil, errNote
		}
		lost.add(Loss{Path: segment, From: run.From, To: run.To, Acknowledged: true})
	}
	return lost, nil
}

// noteLosses has on disk what is known of the losses of segments.
func (j *Journal) noteLosses(segments []*segment) error {
	for _, s := range segments {
		if s.noted < 0 || len(s.lost) == s.noted {
			continue
		}
		n := note{}
		for _, loss := range s.lost {
			n.Lost = append(n.Lost, notedRun{loss.From, loss.To})
		}
		text, err := json.Marshal(n)
		if err != nil {
			return err
		}
		name := filepath.Base(s.path) + noteSuffix
		if err := writeDurably(j.fs, j.cfg.Dir, name, append([]byte(markSum(text)+"\n"), text...)); err != nil {
			return err
		}
		s.noted = len(s.lost)
	}
	return nil
}

// isLeftNote reports whether a name is that of a note whose segment a person has
// taken away.
func isLeftNote(name string, names []string) bool {
	segment, ok := strings.CutSuffix(name, noteSuffix)
	if _, isSegment := segmentNumber(segment); !ok || !isSegment {
		return false
	}
	return !slices.Contains(names, segment) && !slices.Contains(names, segment+damagedSuffix)
}
