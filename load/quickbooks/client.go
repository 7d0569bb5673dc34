package quickbooks

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"maps"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// Entity is a kind of record that QuickBooks answers. Only types of this package
// are one.
type Entity interface {
	entity() string
	key() string
}

// Client reads and writes one company. It is safe for concurrent use. Use one
// per company and process: two would each allow themselves the whole throttle.
type Client struct {
	session  *Session
	cfg      Config
	now      func() time.Time
	throttle *throttle
	log      *slog.Logger
	observe  func(context.Context, Answer)

	core, corePlus atomic.Int64

	// blocked is set while reads are throttled for longer than a throttle lasts,
	// so that each further one costs one try and not minutes.
	blocked atomic.Bool
}

// Answer is what one request came to, for those who keep Intuit's number with
// their records.
type Answer struct {
	Operation string // such as query or batch
	Outcome   string // success, fault, throttled, unauthorised or no_answer
	Status    int    // of HTTP; 0 without one
	TID       string // what Intuit's support asks for; may be empty
	Took      time.Duration
}

// NewClient returns the client of session's company. If observe is not nil it is
// called after each request, by whichever goroutine made it.
func NewClient(session *Session, log *slog.Logger, observe func(context.Context, Answer)) *Client {
	oauth := session.oauth
	return &Client{
		session: session, cfg: oauth.cfg, now: oauth.now, log: log, observe: observe,
		throttle: newThrottle(oauth.cfg.Limits, oauth.now, oauth.metrics),
	}
}

// Realm returns the company, as Intuit numbers it.
func (c *Client) Realm() string { return c.session.realm }

// BatchSize returns the most items that a batch may have.
func (c *Client) BatchSize() int { return c.cfg.BatchSize }

// QuotaBlocked reports whether the last reads met [ErrQuota] and none succeeded
// since.
func (c *Client) QuotaBlocked() bool { return c.blocked.Load() }

// CompanyInfo reads who the company is.
func (c *Client) CompanyInfo(ctx context.Context) (CompanyInfo, error) {
	return readOne[CompanyInfo](ctx, c, opCompanyInfo, "companyinfo/"+url.PathEscape(c.session.realm))
}

// Preferences reads how the company keeps its books.
func (c *Client) Preferences(ctx context.Context) (Preferences, error) {
	return readOne[Preferences](ctx, c, opPreferences, "preferences")
}

// Vendor reads one vendor, active or not.
func (c *Client) Vendor(ctx context.Context, id string) (Vendor, error) {
	return readOne[Vendor](ctx, c, opRead, "vendor/"+url.PathEscape(id))
}

// Bill reads one bill. One that was deleted is a [*Fault].
func (c *Client) Bill(ctx context.Context, id string) (Bill, error) {
	return readOne[Bill](ctx, c, opRead, "bill/"+url.PathEscape(id))
}

// VendorCredit reads one vendor credit.
func (c *Client) VendorCredit(ctx context.Context, id string) (VendorCredit, error) {
	return readOne[VendorCredit](ctx, c, opRead, "vendorcredit/"+url.PathEscape(id))
}

// BillPayment reads one payment of bills. One that was deleted is a [*Fault].
func (c *Client) BillPayment(ctx context.Context, id string) (BillPayment, error) {
	return readOne[BillPayment](ctx, c, opRead, "billpayment/"+url.PathEscape(id))
}

// Transfer reads one transfer between accounts. One that was deleted is a
// [*Fault].
func (c *Client) Transfer(ctx context.Context, id string) (Transfer, error) {
	return readOne[Transfer](ctx, c, opRead, "transfer/"+url.PathEscape(id))
}

// Attachable reads what QuickBooks knows of one attachment, not its bytes.
func (c *Client) Attachable(ctx context.Context, id string) (Attachable, error) {
	return readOne[Attachable](ctx, c, opRead, "attachable/"+url.PathEscape(id))
}

// Accounts reads the chart of accounts, inactive ones included.
func (c *Client) Accounts(ctx context.Context) iter.Seq2[Account, error] {
	return Query[Account](ctx, c, ActiveOrNot())
}

// Vendors reads every vendor, inactive ones included: they hold their names too.
func (c *Client) Vendors(ctx context.Context) iter.Seq2[Vendor, error] {
	return Query[Vendor](ctx, c, ActiveOrNot())
}

// Bills reads the bills with the given ids. Those that do not exist, or were
// deleted, are not among the answers.
func (c *Client) Bills(ctx context.Context, ids ...string) iter.Seq2[Bill, error] {
	return func(yield func(Bill, error) bool) {
		for start := 0; start < len(ids); start += idsPerQuery {
			part := ids[start:min(start+idsPerQuery, len(ids))]
			for bill, err := range Query[Bill](ctx, c, OneOf("Id", part...)) {
				if !yield(bill, err) || err != nil {
					return
				}
			}
		}
	}
}

// idsPerQuery keeps a query of ids to some 3 KB, which every gateway takes, and
// one read for 200 bills.
const idsPerQuery = 200

// BillsNumbered reads the bills of a vendor that have the document number: the
// look-up after a lost answer.
func (c *Client) BillsNumbered(ctx context.Context, vendorID, docNumber string) iter.Seq2[Bill, error] {
	return Query[Bill](ctx, c, Equal("VendorRef", vendorID), Equal("DocNumber", docNumber))
}

// BillsDated reads the bills of a vendor with a TxnDate from first to last, both
// included: the look-up where a document number proves nothing.
func (c *Client) BillsDated(ctx context.Context, vendorID string, first, last time.Time) iter.Seq2[Bill, error] {
	return Query[Bill](ctx, c, Equal("VendorRef", vendorID),
		AtLeast("TxnDate", first.Format(time.DateOnly)), AtMost("TxnDate", last.Format(time.DateOnly)))
}

// Collect gathers what a query yields, up to its first error.
func Collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for row, err := range rows {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

// readOne reads the one record that an address names.
func readOne[T Entity](ctx context.Context, c *Client, operation, path string) (T, error) {
	var record T
	ans, err := c.read(ctx, call{operation: operation, class: classCorePlus, method: "GET", path: path})
	if err != nil {
		return record, err
	}
	record, ok := decodeEntity[T](ans.body)
	if !ok {
		return record, &NoAnswer{Operation: operation, HTTPStatus: ans.status, TID: ans.tid, Err: errIncomplete}
	}
	return record, nil
}

// decodeEntity reads the record out of its envelope, which names its kind.
func decodeEntity[T Entity](body []byte) (T, bool) {
	var record T
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil {
		return record, false
	}
	raw, ok := envelope[record.entity()]
	if !ok || json.Unmarshal(raw, &record) != nil {
		return record, false
	}
	return record, true
}

// parameters are sent with every call.
func (c *Client) parameters(extra url.Values) string {
	q := url.Values{"minorversion": {strconv.Itoa(c.cfg.MinorVersion)}}
	maps.Copy(q, extra)
	return q.Encode()
}
