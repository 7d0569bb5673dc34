package app

import "github.com/tieout/tieout/ingest"

// NewJournalStatus is what a server tells of its journal.
func NewJournalStatus(s ingest.Stats) JournalStatus { return newJournalStatus(s) }
