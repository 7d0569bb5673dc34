package probe

import (
	"context"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
)

func foundAnswers(costs string) []Answer {
	return []Answer{
		relied("found", "It is found."),
		harmful("not_found", "It is not found, though it is there: "+costs),
		harmful("found_too_much", "Others are found as well: the condition is not kept."),
		harmful(refused, "The query is refused: "+costs),
	}
}

func queryExperiments() []Experiment {
	blind := "tieout cannot look up what became of a bill after a lost answer."
	look := func(name, question, documented, statement string) Experiment {
		return Experiment{
			Name: name, Question: question, Documented: documented,
			Tried:    "Post a bill, and query: " + statement,
			ReliesOn: "It is found, and nothing else.", Answers: foundAnswers(blind),
			run: func(ctx context.Context, l *lab) (string, error) { return l.find(ctx, statement) },
		}
	}
	return []Experiment{
		look("query-vendor-and-number", "Can bills be looked up by vendor and number?",
			"Both can be filtered on; the schema marks VendorRef as desktop only.",
			"SELECT * FROM Bill WHERE VendorRef = {vendor} AND DocNumber = {number} ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"),
		look("query-numbers", "Can bills be looked up by a list of numbers?", "IN is an operator of the language.",
			"SELECT * FROM Bill WHERE DocNumber IN ({number}, 'tieout probe none') ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"),
		look("query-vendor-and-date", "Can bills be looked up by vendor and date?", "Both can be filtered on.",
			"SELECT * FROM Bill WHERE VendorRef = {vendor} AND TxnDate >= {date} AND TxnDate <= {date} "+
				"ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"),
		look("query-ids", "Can bills be read back by a list of ids?", "IN is an operator of the language, and Id takes it.",
			"SELECT * FROM Bill WHERE Id IN ({id}, '999999999') ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"),
		{
			Name: "query-order-by", Question: "Is it ORDERBY or ORDER BY?", Documented: "ORDERBY; a client writes ORDER BY, and works.",
			Tried: "Query with one and with the other.", ReliesOn: "ORDERBY is understood.",
			Answers: []Answer{
				relied("both", "Both are understood."),
				relied("one_word", "ORDERBY is understood, ORDER BY is not."),
				harmful("two_words", "Only ORDER BY is understood: every query of tieout's is refused."),
				harmful("neither", "Neither is understood: every query of tieout's is refused."),
			},
			run: orderBy,
		},
	}
}

// find posts a bill of a vendor of its own, and looks for it.
func (l *lab) find(ctx context.Context, statement string) (string, error) {
	vendor, err := l.newVendor(ctx, "looked up "+l.number()[len(prefix):], l.home())
	if err != nil {
		return "", err
	}
	r, b, err := l.posted(ctx, func(b *quickbooks.Bill) { b.VendorRef.Value = vendor })
	if err != nil {
		return "", err
	}
	filled := strings.NewReplacer(
		"{vendor}", quickbooks.Quote(vendor), "{number}", quickbooks.Quote(b.DocNumber), "{date}", quickbooks.Quote(b.TxnDate),
		"{id}", quickbooks.Quote(r.id),
	).Replace(statement)
	return l.finds(ctx, "query for it", filled, r.id)
}

// finds asks for the one bill.
func (l *lab) finds(ctx context.Context, step, statement, id string) (string, error) {
	rows, r, err := l.ask(ctx, step, "Bill", statement)
	switch {
	case err != nil || !r.ok():
		return r.key(), err
	case !has(rows, id):
		return "not_found", nil
	case len(rows) > 1:
		l.remark("%d bills were found", len(rows))
		return "found_too_much", nil
	default:
		return "found", nil
	}
}

func orderBy(ctx context.Context, l *lab) (string, error) {
	understood := map[string]bool{}
	for _, clause := range []string{"ORDERBY", "ORDER BY"} {
		_, r, err := l.ask(ctx, clause, "Vendor", "SELECT * FROM Vendor "+clause+" Id MAXRESULTS 1")
		if err != nil {
			return "", err
		}
		understood[clause] = r.ok()
	}
	switch {
	case understood["ORDERBY"] && understood["ORDER BY"]:
		return "both", nil
	case understood["ORDERBY"]:
		return "one_word", nil
	case understood["ORDER BY"]:
		return "two_words", nil
	default:
		return "neither", nil
	}
}

func literalExperiments() []Experiment {
	blind := "tieout cannot look up a bill whose number has one."
	return []Experiment{
		{
			Name: "query-quote", Question: "How is a quote written within a literal?", Documented: `As \'.`,
			Tried: "Post a bill with a quote in its number, and look it up.", ReliesOn: `As \'.`,
			Answers: foundAnswers(blind),
			run:     func(ctx context.Context, l *lab) (string, error) { return l.literal(ctx, "'") },
		},
		{
			Name: "query-backslash", Question: "How is a backslash written within a literal?", Documented: "Nothing.",
			Tried: "Post a bill with a backslash in its number, and look it up with the backslash doubled.", ReliesOn: `As \\.`,
			Answers: append(foundAnswers(blind),
				harmful("found_single", `It is found only with a single backslash: `+blind)),
			run: backslash,
		},
		{
			Name: "query-case", Question: "Does a look-up by number ignore case?", Documented: "Values compare without case.",
			Tried: "Look a bill up by its number in capitals.", ReliesOn: "Nothing: the bill's memo is compared as well.",
			Answers: []Answer{
				relied("found", "Case is ignored."),
				relied("not_found", "Case matters."),
				harmful("found_too_much", "Others are found as well: the condition is not kept."),
				harmful(refused, "The query is refused: "+blind),
			},
			run: numberInCapitals,
		},
	}
}

// odd posts a bill with the character in its number.
func (l *lab) odd(ctx context.Context, character string) (reply, quickbooks.Bill, error) {
	r, b, err := l.post(ctx, "post a bill", func(b *quickbooks.Bill) {
		n := len(b.DocNumber)
		b.DocNumber = b.DocNumber[:n-2] + character + b.DocNumber[n-2:]
	})
	if err == nil && !r.ok() {
		err = notTried{"A bill with that number was refused: " + r.key() + "."}
	}
	return r, b, err
}

func (l *lab) literal(ctx context.Context, character string) (string, error) {
	r, b, err := l.odd(ctx, character)
	if err != nil {
		return "", err
	}
	return l.finds(ctx, "query for it", "SELECT * FROM Bill WHERE DocNumber = "+quickbooks.Quote(b.DocNumber), r.id)
}

func backslash(ctx context.Context, l *lab) (string, error) {
	r, b, err := l.odd(ctx, `\`)
	if err != nil {
		return "", err
	}
	key, err := l.finds(ctx, "query for it, doubled", "SELECT * FROM Bill WHERE DocNumber = "+quickbooks.Quote(b.DocNumber), r.id)
	if err != nil || key == "found" {
		return key, err
	}
	single, err := l.finds(ctx, "query for it, single", "SELECT * FROM Bill WHERE DocNumber = '"+b.DocNumber+"'", r.id)
	if err == nil && single == "found" {
		key = "found_single"
	}
	return key, err
}

func numberInCapitals(ctx context.Context, l *lab) (string, error) {
	r, b, err := l.posted(ctx)
	if err != nil {
		return "", err
	}
	return l.finds(ctx, "query for it", "SELECT * FROM Bill WHERE DocNumber = "+quickbooks.Quote(strings.ToUpper(b.DocNumber)), r.id)
}
