package load_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// recover runs calm cycles in which a person looks at whatever was put before them,
// and says what is wrong at the end.
func (o *office) recover() error {
	o.calm()
	for n := range 60 {
		o.loader.RunOnce(o.t.Context())
		o.decideAll(n)
		o.transform()
		if o.settled() && o.quiet() {
			if o.lookAll() == nil {
				return o.agree()
			}
		}
		o.pass(11 * time.Minute)
	}
	return fmt.Errorf("not settled")
}

// lookAll brings the mirror up to date. One that looked with a clock that was ahead
// by hours sees what it missed in the next sweep.
func (o *office) lookAll() error {
	look := o.loader.Mirror
	if o.plan.has("jump") {
		look = o.loader.Sweep
	}
	_, err := look(o.t.Context())
	return err
}

// calm puts right what keeps the company from working at all.
func (o *office) calm() {
	o.restart()
	require.NoError(o.t, o.sim.Refuse("", "", false))
	o.closeBooks("")
	require.NoError(o.t, o.sim.Edit("", "Account", string(travel), map[string]any{"Active": true}))
	for _, w := range o.workers {
		vendor := o.payeeNow(w.key).Vendor
		if vendor == "" {
			continue
		}
		into := vendor
		for next, gone := o.merged[into]; gone; next, gone = o.merged[into] {
			into = next
		}
		require.NoError(o.t, o.sim.Edit("", "Vendor", string(into), map[string]any{"Active": true}))
		if into != vendor {
			p := o.payeeNow(w.key)
			p.Vendor, p.Origin, p.By, p.RecordedAt = into, schema.OriginPerson, "eva", o.now()
			require.NoError(o.t, o.store.RecordPayees(o.t.Context(), []schema.Payee{p}))
		}
	}
	o.transform()
}

// settled reports whether every invoice has a vendor and is posted, or skipped.
func (o *office) settled() bool {
	for _, w := range o.workers {
		if o.payeeNow(w.key).State != schema.PayeeLinked {
			return false
		}
	}
	for _, i := range o.invoices {
		p := o.postingOf(i)
		if !i.skipped && p.State != schema.PostingPosted && p.State != schema.PostingAdopted {
			return false
		}
	}
	return true
}

// decideAll is a person who looks at what was declined, and does what it says.
func (o *office) decideAll(round int) {
	for _, w := range o.workers {
		if o.payeeNow(w.key).State == schema.PayeeDeclined {
			o.approve(w)
		}
	}
	for _, i := range o.invoices {
		p := o.postingOf(i)
		if i.skipped || p.State != schema.PostingDeclined || p.Draft != i.draft.ID || !p.RetryAt.IsZero() && p.Attempt <= 3 {
			continue
		}
		switch {
		case p.Fault.Code == schema.FaultPossibleDuplicate:
			o.compareBoth(i, round)
		case (i.n+round)%2 == 0:
			o.correct(i, i.n+round)
		default:
			o.decideOn(i, schema.DecideRelease)
		}
	}
}

// compareBoth is a person who is told that something alike is in the books. If the
// invoice is there, they skip it; if not, they have it posted, and give what
// somebody typed in another number where that is what keeps it out.
func (o *office) compareBoth(i *owed, round int) {
	var alike []document
	for _, d := range o.documents() {
		if o.ours(d) == i {
			o.decideOn(i, schema.DecideSkip)
			i.skipped = true
			return
		}
		if o.typed[d.entry] && strings.EqualFold(d.DocNumber, i.number()) {
			alike = append(alike, d)
		}
	}
	for _, d := range alike {
		if i.n%2 == 0 {
			require.NoError(o.t, o.sim.Delete("", d.entity(), string(d.id)))
			continue
		}
		require.NoError(o.t, o.sim.Edit("", d.entity(), string(d.id), map[string]any{"DocNumber": fmt.Sprintf("renumbered %d", round)}))
	}
	o.decideOn(i, schema.DecideRelease)
}

func (o *office) decideOn(i *owed, kind schema.DecisionKind) {
	require.NoError(o.t, o.store.RecordDecisions(context.Background(), []schema.Decision{{
		Company: acme, Invoice: i.id(), Kind: kind, Reason: "looked at both", By: "eva", RecordedAt: o.now(),
	}}))
}

// agree says what is wrong with the books, the postings and what was reported, when
// all is over:
//
//   - Every document of ours belongs to one invoice, and no invoice has two.
//   - An invoice is posted or adopted as the document that is there, of the draft
//     that was newest when it was sent. Only who was told that it is there already,
//     and said so, skipped it.
//   - A document is as drafted in every field that the bookkeeper left alone, and
//     was read back as exact; what they changed was reported, by the names of just
//     those fields that differ now.
//   - What they deleted is reported missing, and was not posted again, unless they
//     deleted it before we knew that it was there.
//   - Nobody has two vendors of ours.
//
// What cannot be right is left out of what is drawn: a document that nobody could
// tell for ours any more before we knew of it (see [office.changeDocument]), and a
// vendor that was renamed in that time.
func (o *office) agree() error {
	there := map[*owed][]document{}
	for _, d := range o.documents() {
		i := o.ours(d)
		if i == nil && !o.typed[d.entry] {
			return fmt.Errorf("nobody owes %s %s", d.kind.Name(), d.id)
		}
		if i != nil {
			there[i] = append(there[i], d)
		}
	}
	for _, i := range o.invoices {
		if err := o.agreeOn(i, there[i]); err != nil {
			return fmt.Errorf("%s: %w", i.id(), err)
		}
	}
	return o.agreeOnVendors()
}

func (o *office) agreeOn(i *owed, docs []document) error {
	if len(docs) > 1 {
		return fmt.Errorf("%d documents", len(docs))
	}
	p := o.postingOf(i)
	if i.skipped && p.State == schema.PostingDeclined {
		if len(docs) != 1 {
			return fmt.Errorf("it was skipped for a document, and there are %d", len(docs))
		}
		return nil
	}
	posted, known := o.drafts[p.Draft]
	if !known || posted.ID != i.draft.ID && !i.raced {
		return fmt.Errorf("posted as %s, drafted as %s", p.Draft, i.draft.ID)
	}
	verification := o.verificationNow(i.draft)
	kind := posted.Kind
	if kind == "" {
		kind = schema.DocumentBill
	}
	if o.removed[entry{kind, p.Document}] == i {
		if len(docs) != 0 || verification.Result != schema.VerifiedMissing {
			return fmt.Errorf("deleted by hand, %d documents since, reported as %+v", len(docs), verification)
		}
		return nil
	}
	if len(docs) != 1 {
		return fmt.Errorf("no document, posted as %s", p.Document)
	}
	if docs[0].entry != (entry{kind, p.Document}) {
		return fmt.Errorf("posted as %s %s, there as %s %s", kind.Name(), p.Document, docs[0].kind.Name(), docs[0].id)
	}
	return o.agreeOnFields(posted.Draft, docs[0], verification)
}

func (o *office) agreeOnFields(posted schema.Draft, d document, v schema.Verification) error {
	differ := differences(posted, d.Bill)
	for _, field := range differ {
		if !o.touched[d.entry][field] {
			return fmt.Errorf("%s of %s %s is not as drafted", field, d.kind.Name(), d.id)
		}
	}
	var told []schema.Field
	for _, one := range v.Differences {
		if !slices.Contains(told, one.Field) {
			told = append(told, one.Field)
		}
	}
	slices.Sort(told)
	result := schema.VerifiedExact
	if len(differ) > 0 {
		result = schema.VerifiedDivergent
	}
	if v.Result != result || !slices.Equal(told, differ) || string(v.Document) != d.ID {
		return fmt.Errorf("%s %s differs in %v and was read back as %+v", d.kind.Name(), d.id, differ, v)
	}
	return nil
}

// differences are the fields in which a document is not as drafted, in order.
func differences(want schema.Draft, got quickbooks.Bill) []schema.Field {
	found := map[schema.Field]bool{
		schema.FieldTotal:     got.TotalAmt.String() != decimal(want.Total),
		schema.FieldVendor:    got.VendorRef.Value != string(want.Vendor),
		schema.FieldDate:      got.TxnDate != want.TxnDate.String(),
		schema.FieldDocNumber: got.DocNumber != want.DocNumber,
		schema.FieldPayable:   got.APAccountRef.Value != string(want.Payable),
		schema.FieldCurrency:  got.CurrencyRef.Value != string(want.Currency),
		schema.FieldRate:      want.Rate != "" && got.ExchangeRate.String() != want.Rate.String(),
		schema.FieldLocation:  got.DepartmentRef.Value != string(want.Location),
		schema.FieldDueDate:   want.Kind != schema.DocumentVendorCredit && got.DueDate != want.DueDate.String(),
		schema.FieldLine:      len(got.Line) != len(want.Lines),
	}
	for n, line := range want.Lines {
		if n >= len(got.Line) {
			break
		}
		detail := got.Line[n].Account
		found[schema.FieldLine] = found[schema.FieldLine] || got.Line[n].Amount.String() != decimal(line.Amount)
		found[schema.FieldAccount] = found[schema.FieldAccount] || detail.AccountRef.Value != string(line.Account)
		found[schema.FieldClass] = found[schema.FieldClass] || detail.ClassRef.Value != string(line.Class)
	}
	var differ []schema.Field
	for field, differs := range found {
		if differs {
			differ = append(differ, field)
		}
	}
	slices.Sort(differ)
	return differ
}

// decimal is an amount as QuickBooks writes it, without needless zeros.
func decimal(m schema.Money) string {
	text := m.Decimal()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func (o *office) agreeOnVendors() error {
	holders := map[schema.VendorID]schema.PayeeKey{}
	for _, w := range o.workers {
		p := o.payeeNow(w.key)
		if other, held := holders[p.Vendor]; held {
			return fmt.Errorf("%s and %s have vendor %s", w.key, other, p.Vendor)
		}
		holders[p.Vendor] = w.key
	}
	ours := map[string]int{}
	for _, v := range o.vendors() {
		if v.PrimaryEmailAddr != nil {
			ours[v.PrimaryEmailAddr.Address]++
		}
	}
	for address, n := range ours {
		if n > 1 {
			return fmt.Errorf("%d vendors of ours for %s", n, address)
		}
	}
	return nil
}
