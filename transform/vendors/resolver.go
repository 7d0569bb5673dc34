package vendors

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// By is who stands in a payee's record when no person decided.
const By = "tieout"

// Wanted is a payee that an invoice needs a vendor for.
type Wanted struct {
	Key      schema.PayeeKey
	Name     string // as Ontop has it; may be empty
	Email    string // may be empty
	Country  string // anything but an ISO 3166-1 alpha-2 code is left out
	Business bool
	// Mark tells payees of one name apart, such as the worker's id. The
	// platform needs none.
	Mark string
}

// name is what the payee is called, even where Ontop does not say.
func (w Wanted) name() string {
	if name := DisplayName(w.Name); name != "" {
		return name
	}
	return DisplayName("Worker " + w.Mark)
}

// Resolution is what became of a payee.
type Resolution struct {
	// Payee is what is now known. Its RecordedAt is that of the record that it
	// replaces, zero when there is none.
	Payee schema.Payee
	// Changed says that Payee is not what is stored, and has to be recorded.
	Changed bool
	// Hold says why no bill can be posted to the payee; its Reason is empty
	// when Payee.Vendor can be used.
	Hold schema.Hold
}

// Resolver resolves payees of one company against one reading of its books. It
// is for one run, and for one goroutine.
type Resolver struct {
	company   schema.CompanyID
	books     schema.Books
	policy    schema.Policy
	stored    map[schema.PayeeKey]schema.Payee
	directory *directory

	resolved map[schema.PayeeKey]Resolution
	people   map[lookup][]schema.PayeeKey          // whoever has a folded name, by currency
	person   map[schema.PayeeKey]lookup            // under which name each of them stands there
	names    map[string]schema.PayeeKey            // folded display names in use or promised
	claims   map[schema.VendorID][]schema.PayeeKey // whoever is linked to a vendor
}

// NewResolver returns a Resolver. Stored is what is known of the company's
// payees, by key; it is read and never changed.
func NewResolver(
	company schema.CompanyID, books schema.Books, policy schema.Policy, stored map[schema.PayeeKey]schema.Payee,
) *Resolver {
	r := &Resolver{
		company: company, books: books, policy: policy, stored: stored, directory: newDirectory(books),
		resolved: map[schema.PayeeKey]Resolution{},
		people:   make(map[lookup][]schema.PayeeKey, len(stored)),
		person:   make(map[schema.PayeeKey]lookup, len(stored)),
		names:    make(map[string]schema.PayeeKey, len(stored)),
		claims:   make(map[schema.VendorID][]schema.PayeeKey, len(stored)),
	}
	for key, payee := range stored {
		r.remember(payee)
		r.meet(key, personOf(payee))
	}
	return r
}

// Expect announces a payee, so that others of its name are known before any of
// them is resolved. Announcing one twice is harmless.
func (r *Resolver) Expect(w Wanted) {
	if _, done := r.resolved[w.Key]; !done {
		r.meet(w.Key, w.name())
	}
}

// Resolve returns what is known of w. The first answer for a key holds for the
// run, and only that one says that something changed.
func (r *Resolver) Resolve(w Wanted) Resolution {
	if resolution, done := r.resolved[w.Key]; done {
		return resolution
	}
	r.Expect(w)
	resolution := r.resolve(w)
	r.remember(resolution.Payee)
	again := resolution
	again.Changed = false
	r.resolved[w.Key] = again
	return resolution
}

func (r *Resolver) resolve(w Wanted) Resolution {
	stored, known := r.stored[w.Key]
	switch {
	case r.books.IsZero():
		return Resolution{Payee: stored, Hold: Unread()}
	case known && stored.State == schema.PayeeLinked:
		return Resolution{Payee: stored, Hold: r.check(stored)}
	case known && (stored.State != schema.PayeeProposed || stored.By != By):
		return Resolution{Payee: stored, Hold: r.waiting(stored)}
	}
	payee := r.find(w, stored)
	resolution := Resolution{Payee: payee, Changed: !known || payee.Sum() != stored.Sum()}
	if payee.State != schema.PayeeLinked {
		resolution.Hold = r.waiting(payee)
	}
	return resolution
}

// find links, proposes or approves a payee that nobody has decided about.
func (r *Resolver) find(w Wanted, stored schema.Payee) schema.Payee {
	payee := schema.Payee{
		Company: r.company, Key: w.Key, State: schema.PayeeProposed, Email: address(w.Email), Business: w.Business, By: By,
		RecordedAt: stored.RecordedAt,
	}
	if len(w.Country) == 2 {
		payee.Country = strings.ToUpper(w.Country)
	}
	vendor, origin, doubt := r.match(w)
	if origin != "" {
		payee.State, payee.Vendor, payee.Origin, payee.Name = schema.PayeeLinked, vendor.ID, origin, vendor.Name
		return payee
	}
	payee.Name = r.displayName(w, stored.Name)
	switch {
	case doubt != "":
		payee.Detail = doubt
	case r.policy.CreateVendors == schema.CreateAutomatically:
		payee.State = schema.PayeeApproved
	default:
		payee.Detail = r.proposal(w)
	}
	return payee
}

// address returns an e-mail address that QuickBooks takes for a vendor, or none:
// a vendor without one is better than none.
func address(email string) string {
	const most = 100
	email = strings.TrimSpace(email)
	_, domain, found := strings.Cut(email, "@")
	if !found || !strings.Contains(domain, ".") || strings.ContainsAny(email, " \t\r\n:;,") || units(email) > most {
		return ""
	}
	return email
}

// displayName returns the name under which the payee's vendor would be created:
// the one that was proposed before if it is still free, else the plainest that
// is.
func (r *Resolver) displayName(w Wanted, proposed string) string {
	currency := currencySuffix(w.Key.Currency(), r.books)
	plain := DisplayName(w.name(), currency)
	marked := DisplayName(w.name(), w.Mark, currency)
	candidates := []string{plain, marked, DisplayName(w.name(), schema.SumOf(string(w.Key)).Short(8), currency)}
	if slices.Contains(candidates, proposed) && r.free(proposed, w.Key) {
		return proposed
	}
	if len(r.namesakes(w)) > 0 {
		candidates = candidates[1:]
	}
	for _, name := range candidates {
		if r.free(name, w.Key) {
			return name
		}
	}
	return candidates[len(candidates)-1]
}

// free reports whether no vendor, active or not, and no other payee has name.
func (r *Resolver) free(name string, key schema.PayeeKey) bool {
	folded := Fold(name)
	_, taken := r.directory.taken[folded]
	return !taken && cmp.Or(r.names[folded], key) == key
}

// namesakes returns the other payees in w's currency that have its name.
func (r *Resolver) namesakes(w Wanted) []schema.PayeeKey {
	var others []schema.PayeeKey
	for _, key := range r.people[lookup{Fold(w.name()), w.Key.Currency()}] {
		if key != w.Key {
			others = append(others, key)
		}
	}
	slices.Sort(others)
	return others
}

// remember notes which name and vendor a payee has.
func (r *Resolver) remember(payee schema.Payee) {
	if payee.Name != "" {
		folded := Fold(payee.Name)
		// Of two with one name, which linked payees may have, the first by
		// key stands for both, so that the order of a map shows nowhere.
		if held, taken := r.names[folded]; !taken || payee.Key < held {
			r.names[folded] = payee.Key
		}
	}
	if payee.Vendor != "" && !slices.Contains(r.claims[payee.Vendor], payee.Key) {
		r.claims[payee.Vendor] = append(r.claims[payee.Vendor], payee.Key)
	}
}

// meet notes that a payee has a name, rather than the one noted before: what a
// stored payee is called can only be told from the name of its vendor.
func (r *Resolver) meet(key schema.PayeeKey, name string) {
	at := lookup{Fold(name), key.Currency()}
	before, met := r.person[key]
	if met && before == at {
		return
	}
	if met {
		r.people[before] = slices.DeleteFunc(r.people[before], func(other schema.PayeeKey) bool { return other == key })
	}
	r.person[key] = at
	r.people[at] = append(r.people[at], key)
}

// personOf returns the name of a stored payee without what displayName added.
func personOf(payee schema.Payee) string {
	name := strings.TrimSuffix(payee.Name, " ("+string(payee.Key.Currency())+")")
	if parts := strings.Split(string(payee.Key), ":"); len(parts) > 2 {
		name = strings.TrimSuffix(name, " ("+strings.Join(parts[1:len(parts)-1], ":")+")")
	}
	return strings.TrimSuffix(name, " ("+schema.SumOf(string(payee.Key)).Short(8)+")")
}

// fresh is how much older than the books a link may be and still be missing
// from them: a large company is read for minutes, and the vendor may have been
// created behind the reader's back.
const fresh = 10 * time.Minute
