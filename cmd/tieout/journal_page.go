package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/ingest"
)

// journalPage is what `journal status` writes.
func journalPage(now time.Time, s app.JournalState) string {
	var page strings.Builder
	takes := "takes deliveries"
	if !s.Healthy {
		takes = "takes no deliveries: " + s.Refusing
	}
	owner := "in use by no process; nothing is received now"
	switch s.Owner {
	case app.OwnerServer:
		owner = "in use by the server, which runs, and " + takes
	case app.OwnerProcess:
		owner = fmt.Sprintf("in use by process %d, which answers under no private.listen of this configuration", s.PID)
	}
	fmt.Fprintf(&page, "journal %s: %s\n\n", clean(s.Dir), owner)
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&page, "  %-8s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("waiting", "%s for the store, %s", deliveryText(s.Deliveries), app.Bytes(s.Bytes))
	line("filled", "%d %% of the %s at which Ontop is answered 503", s.FillPercent, app.Bytes(s.LimitBytes))
	if s.OldestReceivedAt != nil {
		line("oldest", "received %s ago, %s", since(now, *s.OldestReceivedAt), instant(*s.OldestReceivedAt))
	}
	line("files", "%s, %s", counted(s.Files, "segment"), app.Bytes(s.FileBytes))
	if s.FreeBytes >= 0 {
		line("disk", "%s free; below %s Ontop is answered 503", app.Bytes(s.FreeBytes), app.Bytes(s.ReserveBytes))
	}
	page.WriteString("\n")
	for _, warning := range s.Warnings {
		page.WriteString(wrapped(0, "warning", warning))
	}
	if s.SetAside > 0 {
		page.WriteString(wrapped(0, "warning", counted(s.SetAside, "damaged segment")+
			" set aside, after all that is readable went to the store: run `tieout journal verify`"))
	}
	page.WriteString(wrapped(0, "next", journalNext(s)))
	return page.String()
}

// journalNext is what to do first.
func journalNext(s app.JournalState) string {
	damaged := s.Lost > 0 || s.SetAside > 0
	switch {
	case damaged && s.Owner == "" && s.Deliveries > 0:
		return "`tieout journal verify` says what is lost and what to do; for the rest, start `tieout serve` or run `tieout journal drain`"
	case damaged && s.Owner == "":
		return "`tieout journal verify` says what is lost and what to do; start `tieout serve` to receive"
	case damaged && s.Owner != app.OwnerProcess && s.AgeSeconds <= 60:
		return "`tieout journal verify` says what is lost and what to do; all else that was received is safe"
	case s.Owner == app.OwnerServer && s.Deliveries == 0:
		return "nothing; all that was received is in the store"
	case s.Owner == app.OwnerServer && s.AgeSeconds > 60:
		return "the store does not take what waits: see `tieout status` and the server's log"
	case s.Owner == app.OwnerServer:
		return "nothing; the server moves what waits into the store by itself"
	case s.Owner == app.OwnerProcess:
		return fmt.Sprintf("see what process %d is; until it ends, no server of this configuration can start", s.PID)
	case s.Deliveries > 0:
		return "start `tieout serve`, or run `tieout journal drain`: until then, what waits is not in the store"
	}
	return "nothing waits; start `tieout serve` to receive"
}

func deliveryText(n int64) string {
	if n == 1 {
		return "1 delivery"
	}
	return grouped(n) + " deliveries"
}

// verdict is what `journal verify --json` writes.
type verdict struct {
	Dir   string `json:"dir"`
	Whole bool   `json:"whole"` // everything that was acknowledged can be read
	// Records are the readable ones, drained ones that are still there included.
	Records    int64         `json:"records"`
	Deliveries int64         `json:"deliveries"` // of them not in the store yet
	Bytes      int64         `json:"bytes"`      // of those
	Drained    uint64        `json:"drained"`    // number of the last that the store has confirmed
	Last       uint64        `json:"last"`       // number of the last
	Segments   []segmentLine `json:"segments"`
	SetAside   []segmentLine `json:"set_aside"`
	Problems   []problem     `json:"problems"`
}

type segmentLine struct {
	File       string `json:"file"`
	Bytes      int64  `json:"bytes"`
	Deliveries int64  `json:"deliveries"`
	First      uint64 `json:"first"` // number of the first delivery; 0 when there is none
	Last       uint64 `json:"last"`
	State      string `json:"state"` // writing, waiting, drained, empty or set_aside
}

// problem is one thing that is wrong, and what to do about it.
type problem struct {
	Kind string `json:"kind"` // lost, unacknowledged, set_aside, mark or block
	File string `json:"file,omitempty"`
	// From and To are numbers of deliveries, both included; 0 where none is known.
	From         uint64 `json:"from,omitempty"`
	To           uint64 `json:"to,omitempty"`
	Acknowledged bool   `json:"acknowledged"`
	// After and Before bound when they were received, as far as their neighbours say.
	After  *time.Time `json:"received_after,omitempty"`
	Before *time.Time `json:"received_before,omitempty"`
	// Guessed says that the store may have some of them: no note says what it had when
	// they were lost.
	Guessed bool   `json:"guessed,omitempty"`
	Text    string `json:"text"`
	Next    string `json:"next_step"`
}

const (
	askAgain = "find out what Ontop sent then, in Ontop or with Ontop's support, and have it sent again or import it (`tieout import`)"
	takeAway = "; then move the file out of this folder, and this is not told again"
)

func newVerdict(found ingest.Inspection) verdict {
	v := verdict{
		Dir: found.Dir, Whole: !found.Damaged(), Deliveries: found.Deliveries, Bytes: found.Bytes, Drained: found.Drained, Last: found.Last,
		Segments: []segmentLine{}, SetAside: []segmentLine{}, Problems: []problem{},
	}
	for _, s := range found.Segments {
		v.Records += s.Deliveries
		v.Segments = append(v.Segments, newSegmentLine(s, segmentState(s)))
	}
	for _, run := range found.Lost {
		v.Problems = append(v.Problems, lostRun(run))
	}
	for _, s := range found.SetAside {
		v.SetAside = append(v.SetAside, newSegmentLine(s, "set_aside"))
		for _, run := range s.Lost {
			p := lostRun(run)
			p.Next += takeAway
			if p.Guessed = s.Guessed && p.Acknowledged; p.Guessed {
				p.Text += "; no note beside the file says what was in the store before, so that some of it may be there"
			}
			v.Problems = append(v.Problems, p)
		}
		if len(s.Lost) == 0 {
			v.Problems = append(v.Problems, problem{
				Kind: "set_aside", File: s.Path, Acknowledged: true, Next: askAgain + takeAway,
				Text: "it was set aside as damaged at its beginning or end, and no note beside it says what it lost; the server's log of that day does",
			})
		}
	}
	if found.MarkDamaged {
		v.Problems = append(v.Problems, problem{
			Kind: "mark", Text: "the note of what the store has cannot be read; no delivery is lost",
			Next: "nothing: all of the journal goes to the store again, where it is recognised; but look after the disk",
		})
	}
	if found.BlockDamaged {
		v.Problems = append(v.Problems, problem{
			Kind: "block", Text: "a block that may be in the store already cannot be offered again as it was",
			Next: "nothing: what is readable goes to the store again, where each delivery is recognised; but look after the disk",
		})
	}
	return v
}

func newSegmentLine(s ingest.SegmentInfo, state string) segmentLine {
	return segmentLine{File: s.Path, Bytes: s.Bytes, Deliveries: s.Deliveries, First: s.First, Last: s.Last, State: state}
}

func segmentState(s ingest.SegmentInfo) string {
	switch {
	case s.Drained && s.Deliveries > 0:
		return "drained"
	case s.Deliveries == 0:
		return "empty"
	case s.Sealed:
		return "waiting"
	}
	return "writing"
}

// finely tells apart what came one after the other.
const finely = "2006-01-02T15:04:05.000000Z07:00"

func lostRun(run ingest.LostRun) problem {
	p := problem{Kind: "lost", File: run.Path, From: run.From, To: run.To, Acknowledged: run.Acknowledged, Next: askAgain}
	n := deliveryText(int64(run.To - run.From + 1))
	p.Text = n + " acknowledged and unreadable"
	if !run.Acknowledged {
		p.Kind, p.Text = "unacknowledged", n+" cut off in the middle of a commit, and never acknowledged"
		p.Next = "nothing: the sender was not answered, and sends again"
	}
	p.Text += ", " + numbers(run.From, run.To)
	when := ""
	if !run.After.IsZero() {
		p.After = &run.After
		when = " after " + run.After.UTC().Format(finely)
	}
	if !run.Before.IsZero() {
		p.Before = &run.Before
		when += " and before " + run.Before.UTC().Format(finely)
	}
	if when = strings.TrimPrefix(when, " and"); when != "" {
		p.Text += ", received" + when
	}
	return p
}

func numbers(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("number %d", from)
	}
	return fmt.Sprintf("numbers %d to %d", from, to)
}

// lost counts what was acknowledged and cannot be read.
func (v verdict) lost() (n int64) {
	for _, p := range v.Problems {
		if p.Kind == "lost" && p.Acknowledged {
			n += int64(p.To - p.From + 1)
		}
	}
	return n
}

// summary is the verdict in a few words.
func (v verdict) summary() string {
	if n := v.lost(); n > 0 {
		most := ""
		if slices.ContainsFunc(v.Problems, func(p problem) bool { return p.Guessed }) {
			most = "at most "
		}
		return most + deliveryText(n) + " acknowledged and unreadable"
	}
	for _, p := range v.Problems {
		if p.Kind == "set_aside" {
			return "what was set aside has lost deliveries"
		}
	}
	return "its own notes cannot be read; no delivery is lost"
}

func (r *root) writeVerdict(v verdict) error {
	var rows [][]string
	for _, s := range append(v.Segments, v.SetAside...) {
		numbers := "-"
		if s.Deliveries > 0 {
			numbers = fmt.Sprintf("%d to %d", s.First, s.Last)
		}
		rows = append(rows, []string{
			fileName(s.File), app.Bytes(s.Bytes), strconv.FormatInt(s.Deliveries, 10), numbers, strings.ReplaceAll(s.State, "_", " "),
		})
	}
	if err := writeTable(r.out, []string{"segment", "size", "deliveries", "numbers", "state"}, rows); err != nil {
		return err
	}
	var page strings.Builder
	page.WriteString("\n")
	for _, p := range v.Problems {
		where := ""
		if p.File != "" {
			where = " (" + p.File + ")"
		}
		label := strings.ReplaceAll(p.Kind, "_", " ")
		page.WriteString(wrapped(0, label, p.Text+where))
		page.WriteString(wrapped(2, "next", p.Next))
	}
	fmt.Fprintf(&page, "%s in %s of %s read, every sum checked; %s for the store\n",
		deliveryText(v.Records), counted(len(v.Segments), "segment"), clean(v.Dir), deliveryText(v.Deliveries)+waits(v.Deliveries))
	if v.Whole {
		page.WriteString("whole: everything that was acknowledged can be read\n")
	}
	_, err := fmt.Fprint(r.out, page.String())
	return err
}

func waits(n int64) string {
	if n == 1 {
		return " waits"
	}
	return " wait"
}

// fileName is the last part of a path.
func fileName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
