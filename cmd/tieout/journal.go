package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/ingest"
)

// errDamaged ends `journal verify` after the page has said what is damaged.
var errDamaged = errors.New("the journal is damaged")

func (r *root) journal() *cobra.Command {
	command := &cobra.Command{
		Use:   "journal",
		Short: "Look inside what was received and is not in the store yet, drain it, prove it whole",
		Long: "Look inside what was received and is not in the store yet, drain it, prove it whole.\n\n" +
			"Every webhook is on disk in the journal before it is answered 202; a running server moves it into the store within\n" +
			"a second. status and verify need no store, change nothing, and may be asked at any time.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(r.journalStatus(), r.journalDrain(), r.journalVerify())
	return command
}

func (r *root) journalStatus() *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "Show how much waits for the store, how old it is, how full the journal and its disk are",
		Args:  noArgs,
	}
	asJSON := jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := r.load()
		if err != nil {
			return err
		}
		state, err := app.ReadJournal(c.Context(), cfg, time.Now)
		if errors.Is(err, ingest.ErrNoJournal) && !*asJSON {
			_, err = fmt.Fprintln(r.out, noJournal(cfg.Store.Journal))
			return err
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(r.out, state)
		}
		_, err = io.WriteString(r.out, journalPage(time.Now(), state))
		return err
	}
	return command
}

func noJournal(dir string) string {
	return fmt.Sprintf("no journal is in %s: nothing was received yet, or store.journal names another folder than the server's", clean(dir))
}

func (r *root) journalVerify() *cobra.Command {
	command := &cobra.Command{
		Use:   "verify",
		Short: "Read every record, check every sum, and list what is lost",
		Long: "Read every record of the journal, check every sum, and list what is lost.\n\n" +
			"Nothing is changed, and a server may go on meanwhile. The exit code is 1 when anything that was acknowledged became\n" +
			"unreadable before the store had it, also in segments that were set aside: it stays so until somebody has taken those\n" +
			"away. What the store had before is not counted.",
		Args: noArgs,
	}
	asJSON := jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := r.load()
		if err != nil {
			return err
		}
		found, err := app.VerifyJournal(c.Context(), cfg)
		if errors.Is(err, ingest.ErrNoJournal) {
			return errors.New(noJournal(cfg.Store.Journal))
		}
		if err != nil {
			return err
		}
		verdict := newVerdict(found)
		if *asJSON {
			err = writeJSON(r.out, verdict)
		} else {
			err = r.writeVerdict(verdict)
		}
		if err == nil && !verdict.Whole {
			err = fmt.Errorf("%w: %s", errDamaged, verdict.summary())
		}
		return err
	}
	return command
}

// drainedDocument is what `journal drain --json` writes.
type drainedDocument struct {
	Moved int   `json:"moved"` // into the store
	Left  int64 `json:"left"`  // in the journal
	Lost  int64 `json:"lost"`  // acknowledged and unreadable
}

func (r *root) journalDrain() *cobra.Command {
	command := &cobra.Command{
		Use:   "drain",
		Short: "Move everything that waits into the store now, while no server runs",
		Long: "Move everything that waits into the store now, and exit when the journal is empty.\n\n" +
			"A running server does that by itself, and owns the journal: then this refuses. A store that is away is tried again\n" +
			"until --timeout has passed; what is left stays in the journal, and is moved by the next run or the next server.",
		Args: noArgs,
	}
	asJSON := jsonFlag(command)
	timeout := command.Flags().Duration("timeout", 5*time.Minute, "give up after `DURATION`; 0 is never")
	command.RunE = func(c *cobra.Command, _ []string) error {
		if *timeout < 0 {
			return usageError{fmt.Errorf("--timeout: must not be negative, is %s", *timeout)}
		}
		return r.drainJournal(c.Context(), *timeout, *asJSON)
	}
	return command
}

func (r *root) drainJournal(ctx context.Context, timeout time.Duration, asJSON bool) error {
	cfg, err := r.load()
	if err != nil {
		return err
	}
	if err := app.JournalFree(ctx, cfg); err != nil {
		return err
	}
	if _, err := app.SurveyJournal(cfg); err != nil {
		if errors.Is(err, ingest.ErrNoJournal) {
			return r.writeDrained(asJSON, noJournal(cfg.Store.Journal), app.Drained{}, nil)
		}
		return err
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return r.with(ctx, func(a *app.App) error {
		moved, err := a.DrainJournal(ctx, func(err error, wait time.Duration) {
			fmt.Fprintf(r.err, "the store did not take a block: %v; trying again in %s\n", err, wait.Round(100*time.Millisecond))
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
		return r.writeDrained(asJSON, drainedText(moved), moved, err)
	})
}

// writeDrained says what was moved; err is why something is left.
func (r *root) writeDrained(asJSON bool, text string, d app.Drained, err error) error {
	document := drainedDocument{Moved: d.Deliveries, Left: d.Left, Lost: d.LostDeliveries()}
	var written error
	if asJSON {
		written = writeJSON(r.out, document)
	} else {
		_, written = fmt.Fprintln(r.out, text)
	}
	switch {
	case err != nil && d.Left > 0:
		err = fmt.Errorf("%s left in the journal, where nothing is lost: run `tieout journal drain` again, or start `tieout serve`: %w",
			deliveryCount(int(d.Left)), err)
	case document.Lost > 0:
		err = fmt.Errorf("%w: %s lost; run `tieout journal verify`, which says which, and what to do", errDamaged, deliveryCount(int(document.Lost)))
	}
	return errors.Join(written, err)
}

func drainedText(d app.Drained) string {
	switch {
	case d.Deliveries == 0 && d.Left == 0:
		return "nothing waited in the journal"
	case d.Left == 0:
		return deliveryCount(d.Deliveries) + " moved into the store; the journal is empty. Next: `tieout sync`, or start `tieout serve`"
	}
	return deliveryCount(d.Deliveries) + " moved into the store"
}
