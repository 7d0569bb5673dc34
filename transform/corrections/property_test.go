package corrections_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// change makes the source say something else, or what it said before.
func (f *file) change(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
		f.now = rapid.SampledFrom(f.said).Draw(t, "said")
		f.position.Content = f.now.Content
		return
	}
	switch rapid.IntRange(0, 9).Draw(t, "change") {
	case 0:
		f.touch()
		return
	case 1:
		f.now.Vendor = rapid.SampledFrom([]schema.VendorID{"56", "57"}).Draw(t, "vendor")
		f.now.Payee = schema.PayeeKey("worker:" + string(f.now.Vendor) + ":" + string(f.now.Currency))
	case 2:
		f.now.Currency = rapid.SampledFrom([]schema.Currency{"USD", "EUR"}).Draw(t, "currency")
		f.now.Payee = schema.PayeeKey("worker:" + string(f.now.Vendor) + ":" + string(f.now.Currency))
		f.now.Rate = ""
	case 3:
		if f.now.Currency == "EUR" {
			f.now.Rate = rapid.SampledFrom([]schema.Rate{"1.08", "1.1"}).Draw(t, "rate")
		}
	}
	concepts := rapid.SampledFrom([]string{"PAY", "BONUS", "EXTRA", "TRAVEL"})
	var lines []schema.DraftLine
	for range rapid.IntRange(1, 4).Draw(t, "lines") {
		lines = append(lines, line(concepts.Draw(t, "concept"), schema.NewMoney(rapid.Int64Range(-3, 5).Draw(t, "amount"), f.now.Currency)))
	}
	f.says(lines...)
}

// requireBalanced checks that the books, with what is proposed, are what the source
// says, to the last minor unit.
func (f *file) requireBalanced(t *rapid.T) {
	sum := f.books()
	byHand := false
	for _, p := range f.position.Corrections {
		task := p.Task
		live := p.Posting.State.Live() || task.State == schema.TaskReady
		current := task.Correction.Content == f.position.Content && task.Correction.Cancelled == f.cancelled
		switch {
		case task.State == schema.TaskProposed && !live:
			require.True(t, current, "a proposal is about what the invoice says now")
			sum.document(task.Correction.Document)
			byHand = byHand || task.Correction.Document.Kind == ""
		case task.State == schema.TaskAccepted && current && f.isNewest(task):
			sum.document(task.Correction.Document)
		}
	}
	require.Equal(t, f.source(), sum)
}

// isNewest reports whether no later round is approved or posted: then what was
// accepted before is counted in it.
func (f *file) isNewest(task schema.Task) bool {
	round, _ := schema.CorrectionPart(task.Subject)
	for _, p := range f.position.Corrections {
		if other, _ := schema.CorrectionPart(p.Task.Subject); other > round {
			return false
		}
	}
	return true
}

// Whatever changes, and whatever is approved, posted or accepted in between, the
// books and what is proposed equal the source; and asking again changes nothing.
func TestPropose_BooksAndProposalsAlwaysEqualTheSource(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := posted()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1, 2:
				if !f.cancelled {
					f.change(t)
				}
			case 3:
				f.approve(f.open()...)
			case 4:
				if open := f.open(); len(open) > 0 {
					f.approve(rapid.SampledFrom(open).Draw(t, "part"))
				}
			case 5:
				f.post()
			case 6:
				if rapid.IntRange(0, 3).Draw(t, "end") == 0 {
					f.cancel()
				} else if rapid.Bool().Draw(t, "accept") {
					f.accept(f.open()...)
				}
			}
			f.run()
			f.requireBalanced(t)
			require.Empty(t, f.run(), "a rerun records nothing new")
			f.requireNumbered(t)
		}
		for f.approve(f.open()...) > 0 {
			f.post()
			f.run()
			require.Empty(t, f.run())
		}
		f.requireBalanced(t)
	})
}

// requireNumbered checks that documents fit QuickBooks and are whole, and that no
// two of them to one vendor have one number.
func (f *file) requireNumbered(t *rapid.T) {
	type named struct {
		vendor schema.VendorID
		number string
	}
	seen := map[named]bool{{f.position.Draft.Vendor, f.position.Draft.DocNumber}: true}
	for _, p := range f.position.Corrections {
		d := p.Task.Correction.Document
		require.Equal(t, p.Task, p.Task.Seal())
		if d.Kind == "" {
			continue
		}
		require.Equal(t, d, d.Seal())
		require.Positive(t, d.Total.Sign())
		require.LessOrEqual(t, len(d.DocNumber), 21)
		sum := schema.NewMoney(0, d.Currency)
		for _, l := range d.Lines {
			var err error
			sum, err = sum.Add(l.Amount)
			require.NoError(t, err)
		}
		require.Equal(t, d.Total, sum)
		at := named{d.Vendor, d.DocNumber}
		require.False(t, seen[at], "%+v", at)
		seen[at] = true
	}
}
