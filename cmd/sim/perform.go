package main

import (
	"context"
	_ "embed" // the demo's mapping rules
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

//go:embed rules.yaml
var rulesYAML []byte

// outcome is what the demo arrived at.
type outcome struct {
	Deliveries int      `json:"deliveries"`
	Invoices   int      `json:"invoices"`
	InBooks    int      `json:"in_the_books"`
	Settled    int      `json:"settled_otherwise"` // cancelled, or taken as it is
	Open       int      `json:"left_for_a_person"`
	Corrected  int      `json:"corrections_posted"`
	Attached   int      `json:"files_attached"`
	Payments   int      `json:"payments_recorded"`
	TopUps     int      `json:"top_ups_recorded"`
	Accounted  bool     `json:"every_cent_accounted_for"`
	Findings   []string `json:"findings"`
}

func (o outcome) failure() error {
	if o.Invoices == 0 || o.Accounted {
		return nil
	}
	return fmt.Errorf("the books do not equal the source: %v", o.Findings)
}

// perform tells the story: connect, map, receive, post, read back, report.
func (d *show) perform(ctx context.Context) (outcome, error) {
	d.say("tieout is running: public %s, private %s", d.rig.Public, d.rig.Private)
	if err := d.rig.Connect(ctx); err != nil {
		return outcome{}, err
	}
	d.say("connected to QuickBooks company \"Acme Inc\" through OAuth, as a browser does")
	if err := d.mapConcepts(ctx); err != nil {
		return outcome{}, err
	}
	if err := d.deliver(ctx); err != nil {
		return outcome{}, err
	}
	if err := d.settle(ctx); err != nil {
		return outcome{}, err
	}
	if err := d.change(ctx); err != nil {
		return outcome{}, err
	}
	return d.conclude(ctx)
}

// mapConcepts reads the chart of accounts and imports rules for every concept but
// one, which is what finance does once.
func (d *show) mapConcepts(ctx context.Context) error {
	if _, _, err := d.rig.Run(ctx, "sync"); err != nil {
		return err
	}
	file := filepath.Join(filepath.Dir(d.rig.ConfigFile()), "rules.yaml")
	if err := os.WriteFile(file, rulesYAML, 0o600); err != nil {
		return err
	}
	if _, _, err := d.rig.Run(ctx, "rules", "import", file); err != nil {
		return err
	}
	d.say("imported mapping rules for every concept but RELOCATION_ALLOWANCE")
	return nil
}

// deliver posts the history, with trouble on QuickBooks' side prepared: after the
// batches of vendors and transfers, an answer that is lost once the bills are made.
func (d *show) deliver(ctx context.Context) error {
	slow, lost := quickbookstest.Slow(time.Millisecond), quickbookstest.Lose()
	slow.On, lost.On = "batch", "batch"
	d.rig.Books.Next(slow, slow, lost)
	began := time.Now()
	sent, err := d.rig.Send(ctx, ontopsim.SenderConfig{}, d.history.Events)
	if err != nil {
		return err
	}
	if sent.Accepted != sent.Events {
		return fmt.Errorf("%d of %d webhooks were not accepted: %v", sent.Events-sent.Accepted, sent.Events, sent.Failures)
	}
	d.say("posted %d signed webhooks in %.1fs, each answered 202 once it was on disk", sent.Events, time.Since(began).Seconds())
	d.say("among them duplicates, late and reordered ones, corrections and cancellations")
	return nil
}

// settleWithin bounds the wait for the pipeline to have done all it can.
const settleWithin = 5 * time.Minute

// settle waits until nothing is under way any more, and tells what is in the books.
func (d *show) settle(ctx context.Context) error {
	if err := d.wait(ctx); err != nil {
		return err
	}
	stats := d.rig.Books.Stats()
	count := func(entity string) int { return d.rig.Books.Count(d.rig.Realm, entity) }
	d.say("QuickBooks holds %d vendors, %d bills and %d vendor credits; %d requests, %d throttled, one answer lost and looked up",
		count("Vendor"), count("Bill"), count("VendorCredit"), total(stats.Requests), stats.Throttled)
	d.say("%d files are attached; %d payments and %d top-ups of the wallet are recorded",
		count("Attachable"), count("BillPayment"), count("Transfer"))
	return nil
}

// wait waits until nothing is under way any more. What is left for a later cycle is
// asked for, so that nobody has to wait for the schedule.
func (d *show) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	for {
		settled, idle, err := d.settled(ctx)
		if err != nil || settled {
			return err
		}
		if idle {
			if _, _, err := d.rig.Run(ctx, "sync"); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the pipeline did not settle: %w", ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// settled reports whether all is done, and whether nothing is under way.
func (d *show) settled(ctx context.Context) (settled, idle bool, err error) {
	text, _, err := d.rig.Run(ctx, "status", "--json")
	if err != nil {
		return false, false, err
	}
	var status struct {
		Settled bool
		Server  struct{ Idle bool }
	}
	if err := json.Unmarshal(text, &status); err != nil {
		return false, false, fmt.Errorf("read status: %w", err)
	}
	return status.Settled, status.Server.Idle, nil
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// conclude prints the report of the month in which a correction was approved, and
// compares all of them with what Ontop says it sent and what QuickBooks says it holds.
func (d *show) conclude(ctx context.Context) (outcome, error) {
	result := outcome{Deliveries: len(d.history.Events) + len(d.history.Afterwards), Invoices: len(d.history.Expected.Invoices)}
	check := newAudit(d.history.Expected)
	raised := d.history.Expected.With(ontopsim.Raised)[0]
	for _, period := range periods(d.history.Expected) {
		text, code, err := d.rig.Run(ctx, "reconcile", "--period", period.String(), "--format", "json")
		if err != nil {
			return result, err
		}
		var report report
		if err := json.Unmarshal(text, &report); err != nil {
			return result, fmt.Errorf("read report of %s: %w", period, err)
		}
		check.add(period, report, code)
	}
	page, _, err := d.rig.Run(ctx, "reconcile", "--period", raised.IssueDate.Period().String())
	if err != nil {
		return result, err
	}
	fmt.Fprintf(d.out, "\n%s\n", page)
	books, err := d.rig.Books.Books(d.rig.Realm)
	if err != nil {
		return result, err
	}
	check.books(books)
	check.decided(d.approved)
	result.InBooks, result.Settled, result.Open, result.Findings = check.inBooks, check.settled, check.open, check.findings
	result.Corrected, result.Attached, result.Payments, result.TopUps = check.corrections, check.files, check.payments, check.topUps
	result.Accounted = len(check.findings) == 0
	d.sumUp(result)
	return result, nil
}

func (d *show) sumUp(result outcome) {
	for _, finding := range result.Findings {
		fmt.Fprintln(d.out, "WRONG:", finding)
	}
	fmt.Fprintf(d.out, "Look next at: tieout holds, tieout corrections, tieout payments, tieout attachments (what a person has to decide),\n"+
		"tieout status, tieout faults; "+
		"`bin/sim demo` without --exit keeps everything running to look around in.\n\n")
	verdict := "The report ties to the cent"
	if !result.Accounted {
		verdict = "The report DOES NOT tie"
	}
	fmt.Fprintf(d.out, "%s: of %d invoices %d are in QuickBooks and verified, %d cancelled or taken as they are, %d left for a person, 0 cents unaccounted for.\n",
		verdict, result.Invoices, result.InBooks, result.Settled, result.Open)
}

// linger keeps everything running until the person has seen enough.
func (d *show) linger(ctx context.Context) {
	fmt.Fprintf(d.out, "\nStill running; press Ctrl-C to end.\n  metrics  %s/metrics\n  config   %s\n  try      tieout holds --config %s\n",
		d.rig.Private, d.rig.ConfigFile(), d.rig.ConfigFile())
	<-ctx.Done()
}

// periods lists the months in which the history has invoices, in order.
func periods(e ontopsim.Expected) []schema.Period {
	var all []schema.Period
	var first, last schema.Date
	for _, invoice := range e.Invoices {
		if first.IsZero() || invoice.IssueDate.Compare(first) < 0 {
			first = invoice.IssueDate
		}
		if invoice.IssueDate.Compare(last) > 0 {
			last = invoice.IssueDate
		}
	}
	for p := first.Period(); !p.IsZero() && p.First().Compare(last) <= 0; p = p.Next() {
		all = append(all, p)
	}
	return all
}
