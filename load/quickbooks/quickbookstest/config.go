package quickbookstest

import (
	"cmp"
	"time"
)

// Config says which companies a [Server] holds, which apps may call it, and how
// it plays what QuickBooks does not document. The zero Config is one US company
// with one app, and every rule at its documented value.
type Config struct {
	// Realms are the companies.
	//
	// Defaults to one US company without multicurrency, under [DefaultRealm].
	Realms []Realm

	// Apps are the clients that may connect.
	//
	// Defaults to one app with [DefaultClientID] and [DefaultClientSecret] that
	// may redirect anywhere.
	Apps []App

	// Now is the clock that every date, expiry and throttle follows. Inside a
	// synctest bubble, time.Now.
	//
	// Defaults to a clock that stands at 2026-11-02 17:00 UTC and moves only by
	// [Server.Advance].
	Now func() time.Time

	// Seed decides tokens, the order in which a batch is carried out, and chaos.
	// The same seed and the same requests give the same answers.
	Seed uint64

	// VerifierToken signs webhooks. Changes are kept for [Server.Deliver] only if
	// there is one.
	//
	// Defaults to none.
	VerifierToken string

	// Limits are the throttles.
	Limits Limits

	// OAuth says how tokens live.
	OAuth OAuth

	// Replay says what becomes of a request id that comes again.
	Replay Replay

	// Rules plays the choices that QuickBooks leaves open.
	Rules Rules
}

// Values of the default company and app.
const (
	DefaultRealm        = "4620816365291234560"
	DefaultClientID     = "sim-client"
	DefaultClientSecret = "sim-secret"
)

// Realm is one company.
type Realm struct {
	ID       string `json:"id"`
	Name     string `json:"name"`     // defaults to "Sandbox Company"
	Country  string `json:"country"`  // two letters; defaults to "US"
	Language string `json:"language"` // of fault messages: en, fr or es; defaults to "en"
	Preferences

	// Rates are home units for one foreign unit, as decimal strings by currency.
	// They are booked when a bill leaves its rate out and [Rules.CompanyRate] is set.
	Rates map[string]string `json:"rates,omitempty"`
}

// Preferences are the settings of a company that change what it accepts.
type Preferences struct {
	MultiCurrency           bool   `json:"multi_currency"`
	HomeCurrency            string `json:"home_currency"`                    // defaults to "USD"
	BookCloseDate           string `json:"book_close_date"`                  // YYYY-MM-DD, or empty for open books
	ClassPerLine            bool   `json:"class_per_line"`                   // a class may stand on each line
	Departments             bool   `json:"departments"`                      // a location may stand on a bill
	WarnDuplicateBillNumber bool   `json:"warn_duplicate_bill_number"`       // off in QuickBooks unless somebody turns it on
	HideCloseDate           bool   `json:"hide_close_date,omitempty"`        // leaves BookCloseDate out of the answer: sources disagree whether it can be read
	HideDuplicateWarning    bool   `json:"hide_duplicate_warning,omitempty"` // likewise WarnDuplicateBillNumber
}

// App is a client registered with Intuit.
type App struct {
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"` // none means any
	Scopes       []string `json:"scopes"`        // none means accounting; asking for others comes back as invalid_scope
}

// Limits are the documented throttles, each over a moving window. A request
// that is refused does not count (assumed).
type Limits struct {
	PerMinute     int  `json:"per_minute"`       // per realm; defaults to 500
	PerSecond     int  `json:"per_second"`       // per realm and app; defaults to 10
	BatchPerApp   int  `json:"batch_per_app"`    // per minute, realm and app; defaults to 40
	BatchPerRealm int  `json:"batch_per_realm"`  // per minute and realm; defaults to 120
	CountItems    bool `json:"count_items"`      // each item of a batch counts against PerMinute: unconfirmed
	Off           bool `json:"off"`              // no throttles at all
	CorePlus      int  `json:"core_plus"`        // metered calls a month, per app; then they get 429 until the 1st. 0 is no quota, -1 blocks at once
	FreeBatches   bool `json:"free_batches"`     // a batch is Core unless it reads; sources disagree
	Status        int  `json:"throttled_status"` // 429, or 403 as seen once; defaults to 429
}

// OAuth says how tokens live.
type OAuth struct {
	AccessLife     time.Duration // defaults to 3600 s
	RefreshLife    time.Duration // rolling; defaults to 100 days
	HardLife       time.Duration // defaults to 5 years of 365 days
	RotateEvery    time.Duration // how old a refresh token's value may be; defaults to 24 h. Negative rotates at every refresh
	OldRefreshLife time.Duration // how long a replaced refresh token works on; defaults to 0
	RefreshTakes   time.Duration // how long an exchange is in flight; two that overlap race. Defaults to 0
	RaceRevokes    bool          // the loser of such a race takes the winner's tokens with it
	AskConsent     bool          // the authorize page asks, instead of consenting at once
	AskBrowsers    bool          // it asks those who accept HTML: people, and no programs
}

// Changed says what happens to a known request id with another body, which is
// not documented.
type Changed int

// The ways to answer a known request id with another body.
const (
	ChangedReplays  Changed = iota // the first answer comes back; the new body is dropped
	ChangedFaults                  // fault 600
	ChangedExecutes                // it is carried out as if new
)

// Replay says what becomes of a request id that comes again.
type Replay struct {
	// Off executes every request, as if there were no request ids.
	Off bool
	// ForgetAfter is how long an id is known. 0 means for ever; the true time is
	// not documented.
	ForgetAfter time.Duration
	// Faults replays a fault too. Otherwise the request is tried afresh.
	Faults bool
	// Changed is what a known id with another body does.
	Changed Changed
	// WholeBatch recognises a batch item only inside a batch with the same bIds.
	WholeBatch bool
	// Answers6000 answers a replay with fault 6000 "An unexpected error", as one
	// client reported. Nothing is written.
	Answers6000 bool
}

// Foreign says what a US company does with characters outside ISO-8859-1, which
// is not documented.
type Foreign int

// The ways to treat characters outside ISO-8859-1.
const (
	ForeignRefused  Foreign = iota // fault 2040
	ForeignReplaced                // each becomes "?"
	ForeignKept                    // stored as sent
)

// Rules plays the choices that QuickBooks leaves open or that sources disagree on.
type Rules struct {
	MaxBatch          int      // items in a batch; defaults to 30
	InactiveReference string   // fault for a reference to something inactive, "2500" or "610"; defaults to "2500"
	ClosedCode        string   // fault in a closed period, "6210" or "6200"; defaults to "6210"
	PlainNameTaken    bool     // 6240 in the documented wording, without the id of the clashing record
	InactiveFreesName bool     // a deactivated record gives its name up
	Foreign           Foreign  // characters outside ISO-8859-1 in a US company
	RefuseNegative    bool     // a negative line gets 2290
	NegativeTotals    bool     // a bill may be negative in total; otherwise 6000
	RoundAmounts      bool     // decimals beyond the currency's are rounded half up; otherwise 2140
	CompanyRate       bool     // a missing rate is the company's; otherwise 1
	AnyLineAccount    bool     // bills post to any account; otherwise 6430 outside LineAccountTypes
	LineAccountTypes  []string // defaults to Expense, Other Expense, Cost of Goods Sold
	InOrder           bool     // a batch is carried out and answered in order; otherwise in an order drawn from the seed
	MaxLines          int      // lines of a transaction; defaults to 10,000
	MaxUpload         int      // bytes of an upload request; defaults to 100 MB
}

func (c Config) withDefaults() Config {
	if len(c.Realms) == 0 {
		c.Realms = []Realm{{ID: DefaultRealm}}
	}
	if len(c.Apps) == 0 {
		c.Apps = []App{{ClientID: DefaultClientID, ClientSecret: DefaultClientSecret}}
	}
	if c.Now == nil {
		start := time.Date(2026, 11, 2, 17, 0, 0, 0, time.UTC)
		c.Now = func() time.Time { return start }
	}
	c.Limits = c.Limits.withDefaults()
	c.OAuth = c.OAuth.withDefaults()
	c.Rules = c.Rules.withDefaults()
	return c
}

func (r Realm) withDefaults() Realm {
	r.ID = cmp.Or(r.ID, DefaultRealm)
	r.Name = cmp.Or(r.Name, "Sandbox Company")
	r.Country = cmp.Or(r.Country, "US")
	r.Language = cmp.Or(r.Language, "en")
	r.HomeCurrency = cmp.Or(r.HomeCurrency, "USD")
	return r
}

func (l Limits) withDefaults() Limits {
	l.PerMinute = cmp.Or(l.PerMinute, 500)
	l.PerSecond = cmp.Or(l.PerSecond, 10)
	l.BatchPerApp = cmp.Or(l.BatchPerApp, 40)
	l.BatchPerRealm = cmp.Or(l.BatchPerRealm, 120)
	l.Status = cmp.Or(l.Status, 429)
	return l
}

func (o OAuth) withDefaults() OAuth {
	o.AccessLife = cmp.Or(o.AccessLife, time.Hour)
	o.RefreshLife = cmp.Or(o.RefreshLife, 100*24*time.Hour)
	o.HardLife = cmp.Or(o.HardLife, 5*365*24*time.Hour)
	o.RotateEvery = cmp.Or(o.RotateEvery, 24*time.Hour)
	return o
}

func (r Rules) withDefaults() Rules {
	r.MaxBatch = cmp.Or(r.MaxBatch, 30)
	r.InactiveReference = cmp.Or(r.InactiveReference, "2500")
	r.ClosedCode = cmp.Or(r.ClosedCode, "6210")
	r.MaxLines = cmp.Or(r.MaxLines, 10_000)
	r.MaxUpload = cmp.Or(r.MaxUpload, maxUpload)
	if len(r.LineAccountTypes) == 0 {
		r.LineAccountTypes = []string{"Expense", "Other Expense", "Cost of Goods Sold"}
	}
	return r
}
