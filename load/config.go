package load

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/schema"
)

// Config tunes a [Loader]. Company and Now are required; the rest has defaults.
type Config struct {
	// Company is whose drafts are posted.
	Company schema.CompanyID `yaml:"-"`

	// Now is the clock. It is read from several goroutines.
	Now func() time.Time `yaml:"-"`

	// BatchSize is the most documents sent in one request. Fewer make a lost
	// answer cheaper, and reach fewer documents a minute.
	//
	// Defaults to 30, which is the most that QuickBooks takes, or to what the
	// client allows if that is less.
	BatchSize int `yaml:"batch_size"`

	// InFlight is the most batches that are under way at once. More hide slow
	// answers; the throttles bound the rate in any case.
	//
	// Defaults to 8: at 40 batches a minute, that hides answers of twelve seconds,
	// and leaves room for reads among the 10 requests that may be under way.
	InFlight int `yaml:"in_flight"`

	// Chunk is how many due drafts are read at once, which bounds memory.
	//
	// Defaults to 1200, the documents that the throttles let through in a minute.
	Chunk int `yaml:"chunk"`

	// Patience is how long a look-up that finds nothing is not believed before
	// something is sent again. QuickBooks recognises request ids, which makes
	// patience needless; with eight minutes, nothing is posted twice even if it
	// does not. The cost is that lost answers settle that much later.
	//
	// Defaults to none.
	Patience time.Duration `yaml:"patience"`

	// BooksEvery is how long the stored chart is good: after that it is stored
	// again even when nothing in it changed.
	//
	// Defaults to 24 hours.
	BooksEvery time.Duration `yaml:"books_every"`

	// MirrorDays is how many days back a sweep reads bills, by their date. Bills
	// dated earlier are followed only when they change.
	//
	// Defaults to 92, a quarter: what is older is closed in most companies.
	MirrorDays int `yaml:"mirror_days"`

	// DuplicateDays is how far apart, in days, a bill that somebody entered and a
	// draft of the same vendor, amount and currency may be dated to be taken for
	// the same.
	//
	// Defaults to 7: who types an invoice in takes its date, or the day of typing.
	DuplicateDays int `yaml:"duplicate_days"`

	// Uploads is the most files that one cycle fetches and attaches before bills have
	// their turn again. Fewer make a new bill wait less behind a backlog of files.
	//
	// Defaults to 40, with which a cycle a minute attaches 57,600 files a day.
	Uploads int `yaml:"uploads"`

	// UploadsTogether is how many files are fetched and attached at once. Each is held
	// up to four times over for a moment, while it is fetched and again while it is put
	// into a request: at most 160 MB for two of 20 MiB.
	//
	// Defaults to 2.
	UploadsTogether int `yaml:"uploads_together"`

	// Files gets the files that are attached.
	//
	// Defaults to a [fetch.Fetcher] that may ask every host with a public address.
	Files Fetcher `yaml:"-"`

	// MeteredBudget is how many metered calls the company may bring its app to in a
	// calendar month, in UTC. While the month is ahead of it, batches that are not
	// full and reads back of a few documents wait for company; see the package
	// comment. A negative budget is none: nothing waits.
	//
	// Defaults to 5000: a hundred companies then fit the free tier of Intuit's
	// program, 500,000 calls of an app.
	MeteredBudget int `yaml:"metered_budget"`

	// Metered returns how many metered calls were made for the company in the month
	// that now lies in, by whichever process. It is called often, from several
	// goroutines, and must be quick.
	//
	// Defaults to what the loader's client called since the loader was made.
	Metered func(now time.Time) int64 `yaml:"-"`
}

func (c Config) withDefaults(clientBatch int) Config {
	c.BatchSize = min(cmp.Or(c.BatchSize, 30), cmp.Or(clientBatch, 30))
	c.InFlight = cmp.Or(c.InFlight, 8)
	c.Chunk = cmp.Or(c.Chunk, 1200)
	c.BooksEvery = cmp.Or(c.BooksEvery, 24*time.Hour)
	c.MirrorDays = cmp.Or(c.MirrorDays, 92)
	c.DuplicateDays = cmp.Or(c.DuplicateDays, 7)
	c.Uploads = cmp.Or(c.Uploads, 40)
	c.UploadsTogether = cmp.Or(c.UploadsTogether, 2)
	if c.Files == nil {
		c.Files = fetch.New(fetch.Config{Now: c.Now})
	}
	c.MeteredBudget = cmp.Or(c.MeteredBudget, 5000)
	return c
}

// Validate reports every bad setting at once, each by the name an operator would
// look for.
func (c Config) Validate() error {
	var errs []error
	if c.BatchSize < 0 || c.BatchSize > 30 {
		errs = append(errs, fmt.Errorf("load.batch_size: must be 1 to 30, is %d", c.BatchSize))
	}
	for name, n := range map[string]int64{
		"in_flight": int64(c.InFlight), "chunk": int64(c.Chunk), "patience": int64(c.Patience), "books_every": int64(c.BooksEvery),
		"mirror_days": int64(c.MirrorDays), "duplicate_days": int64(c.DuplicateDays),
		"uploads": int64(c.Uploads), "uploads_together": int64(c.UploadsTogether),
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("load.%s: must not be negative, is %d", name, n))
		}
	}
	return errors.Join(errs...)
}
