package load_test

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// incident is one thing that happens to a company before or during a cycle.
type incident struct {
	kind string
	n    int   // how many invoices, of which worker or invoice, or after how many steps
	bits uint8 // of new invoices: which are below zero; else which of two ways
	what string

	trouble quickbookstest.Trouble
	wait    time.Duration
}

// The kinds of incident, often those that matter most.
func incidentKinds() []string {
	return []string{
		"invoices", "invoices", "worker", "redraft", "trouble", "trouble", "trouble", "store", "crash", "crash", "crash",
		"pair", "bookkeeper", "bookkeeper", "bookkeeper", "refuse", "disconnect", "wait", "restart", "jump", "look", "sweep",
	}
}

// deedsOfBookkeepers are what somebody does in QuickBooks' own screens.
func deedsOfBookkeepers() []string {
	return []string{
		"amount", "date", "number", "rewrite the note", "copy the note", "delete", "type the bill in", "type it in under the number",
		"merge the vendor", "rename the vendor", "deactivate the vendor", "deactivate the account", "close the books",
	}
}

func incidents() *rapid.Generator[incident] {
	return rapid.Custom(func(t *rapid.T) incident {
		i := incident{
			kind: rapid.SampledFrom(incidentKinds()).Draw(t, "kind"),
			n:    rapid.IntRange(0, 40).Draw(t, "n"), bits: rapid.Uint8().Draw(t, "bits"),
		}
		switch i.kind {
		case "trouble", "pair":
			i.trouble = troubles().Draw(t, "trouble")
		case "store":
			i.what = rapid.SampledFrom([]string{
				"DueBills", "OpenPostings", "LatestPostings", "RecordPostings", "Unverified", "RecordVerifications", "Payees",
				"RecordPayees", "Books", "RecordBooks", "BookBills", "RecordBookBills", "RecordMirrored",
			}).Draw(t, "method")
		case "bookkeeper":
			i.what = rapid.SampledFrom(deedsOfBookkeepers()).Draw(t, "deed")
		case "refuse":
			i.what = rapid.SampledFrom([]string{"6190", "120", "150", "140"}).Draw(t, "code")
		case "wait":
			i.wait = time.Duration(rapid.IntRange(1, 1200).Draw(t, "seconds")) * time.Second
		case "jump":
			i.wait = time.Duration(rapid.IntRange(-60, 7200).Draw(t, "seconds")) * time.Second
		}
		return i
	})
}

// troubles are the ways in which QuickBooks misbehaves.
func troubles() *rapid.Generator[quickbookstest.Trouble] {
	return rapid.Custom(func(t *rapid.T) quickbookstest.Trouble {
		return quickbookstest.Trouble{
			Kind: rapid.SampledFrom([]quickbookstest.TroubleKind{
				quickbookstest.LoseBefore, quickbookstest.LoseAfter, quickbookstest.LoseAfter, quickbookstest.CommitLate,
				quickbookstest.Delay, quickbookstest.DelayAfter, quickbookstest.Truncate, quickbookstest.Throttle,
				quickbookstest.ServerError, quickbookstest.ErrorAfter, quickbookstest.Unauthorized, quickbookstest.ItemFault,
				quickbookstest.FaultOn200, quickbookstest.HTMLPage,
			}).Draw(t, "trouble"),
			On:    rapid.SampledFrom([]string{"batch", "batch", "batch", "query", "api", "token"}).Draw(t, "on"),
			Times: rapid.IntRange(1, 3).Draw(t, "times"),
			Delay: time.Duration(rapid.IntRange(1, 119).Draw(t, "delay")) * time.Second,
			Code: rapid.SampledFrom([]string{
				"10000", "600", "6000", "6210", "3001", "130", "5020", "2500", "630", "6140", "6240", "120",
			}).Draw(t, "code"),
		}
	})
}

func (i incident) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s n=%d bits=%08b", i.kind, i.n, i.bits)
	if i.what != "" {
		b.WriteString(" " + i.what)
	}
	if i.trouble.Kind != "" {
		fmt.Fprintf(&b, " %s on %s, %d times, %s, code %s", i.trouble.Kind, i.trouble.On, i.trouble.Times, i.trouble.Delay, i.trouble.Code)
	}
	if i.wait != 0 {
		b.WriteString(" " + i.wait.String())
	}
	return b.String()
}

// sequence is all that happens to one company, and which QuickBooks plays along.
type sequence struct {
	incidents []incident
	batch     int
	inFlight  int
	patience  time.Duration
	replay    quickbookstest.Replay
	warn      bool
}

func sequences() *rapid.Generator[sequence] {
	return rapid.Custom(func(t *rapid.T) sequence {
		s := sequence{
			incidents: rapid.SliceOfN(incidents(), 1, 16).Draw(t, "incidents"),
			batch:     rapid.SampledFrom([]int{1, 3, 30}).Draw(t, "batch size"),
			inFlight:  rapid.SampledFrom([]int{1, 1, 1, 4}).Draw(t, "in flight"),
			warn:      rapid.Bool().Draw(t, "warns of duplicate numbers"),
		}
		s.replay.Faults = rapid.Bool().Draw(t, "replays faults")
		s.replay.Answers6000 = rapid.Bool().Draw(t, "answers replays with 6000")
		switch rapid.IntRange(0, 4).Draw(t, "request ids") {
		case 0: // they do nothing at all
			s.replay.Off = true
		case 1: // they work for whole batches only
			s.replay.WholeBatch = true
		case 2, 3:
			s.replay.ForgetAfter = 10 * time.Minute
		}
		if s.replay.Off || s.replay.WholeBatch {
			// What makes up for request ids is patience: it needs a clock that does not
			// leap, and one loader at a time.
			s.patience = 8 * time.Minute
			for n, i := range s.incidents {
				if i.kind == "jump" || i.kind == "pair" {
					s.incidents[n].kind = "restart"
				}
			}
		}
		for n, i := range s.incidents {
			// Who repeats a request for ever and hears for ever that the company refuses
			// everything has no way out; whether QuickBooks replays faults is not known.
			company := (&quickbooks.Fault{Code: i.trouble.Code}).Scope() == quickbooks.WholeCompany
			if s.replay.Faults && s.replay.ForgetAfter == 0 && company {
				s.incidents[n].trouble.Code = "6000"
			}
		}
		return s
	})
}

// has reports whether an incident of the kind is among the sequence's.
func (s sequence) has(kind string) bool {
	for _, i := range s.incidents {
		if i.kind == kind {
			return true
		}
	}
	return false
}

func (s sequence) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "batches of %d, %d in flight, patience %s, warns of duplicates: %t, %+v",
		s.batch, s.inFlight, s.patience, s.warn, s.replay)
	for _, i := range s.incidents {
		b.WriteString("\n\t" + i.String())
	}
	return b.String()
}
