package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tieout/tieout/load/quickbooks"
)

// prefix begins the name of everything that a probe makes.
const prefix = "tieout probe "

// lab is one run: the company, and what was made in it.
type lab struct {
	client *quickbooks.Client
	now    func() time.Time
	run    string // names the records
	stamp  string // names the requests

	earlier string // the request id of an earlier run, if that is what it is about
	later   string // the request id for a later run

	info     quickbooks.CompanyInfo
	prefs    quickbooks.Preferences
	accounts []quickbooks.Account
	account  string // an expense account in the home currency
	payable  string // the accounts payable account in the home currency
	vendor   string // the vendor of most bills; empty before the first

	outside   *abroad // nil before it is needed
	burst     *burst  // likewise
	requests  int
	documents int
	made      []record
	added     []string // what cannot be removed
	evidence  []Evidence
}

// record is something that was made.
type record struct{ entity, id string }

// reply is what became of a write that was answered. Fault is nil when it was
// carried out. Inside says that QuickBooks failed while at it.
type reply struct {
	record json.RawMessage
	id     string
	fault  *quickbooks.Fault
	inside bool
}

// key is the refusal as the name of an answer.
func (r reply) key() string {
	switch {
	case r.inside:
		return "failed_inside"
	case r.fault == nil:
		return keyAccepted
	case r.fault.Code == "":
		return refused + "_http_" + strconv.Itoa(r.fault.HTTPStatus)
	default:
		return refused + "_" + r.fault.Code
	}
}

func (r reply) ok() bool { return r.fault == nil && !r.inside }

// look reads what every experiment needs to know about the company.
func (l *lab) look(ctx context.Context) error {
	var err error
	if l.info, err = l.client.CompanyInfo(ctx); err != nil {
		return err
	}
	if l.prefs, err = l.client.Preferences(ctx); err != nil {
		return err
	}
	if l.accounts, err = quickbooks.Collect(l.client.Accounts(ctx)); err != nil {
		return err
	}
	l.account = l.accountOf("Expense")
	l.payable = l.payableIn(l.home())
	if l.account == "" || l.payable == "" {
		return errors.New("the company needs an active expense account and an accounts payable account")
	}
	return nil
}

func (l *lab) multi() bool { return l.prefs.CurrencyPrefs.MultiCurrencyEnabled }

func (l *lab) home() string {
	if code := l.prefs.CurrencyPrefs.HomeCurrency.Value; code != "" {
		return code
	}
	return "USD"
}

func (l *lab) us() bool {
	return l.info.Country == "" || strings.EqualFold(l.info.Country, "US") || strings.EqualFold(l.info.Country, "USA")
}

// accountOf returns an active account of the type in the home currency.
func (l *lab) accountOf(kind string) string {
	for _, a := range l.accounts {
		if a.AccountType == kind && a.IsActive() && (a.CurrencyRef.Value == "" || a.CurrencyRef.Value == l.home()) {
			return a.ID
		}
	}
	return ""
}

func (l *lab) payableIn(currency string) string {
	for _, a := range l.accounts {
		home := a.CurrencyRef.Value == "" && currency == l.home()
		if a.AccountSubType == "AccountsPayable" && a.IsActive() && (home || a.CurrencyRef.Value == currency) {
			return a.ID
		}
	}
	return ""
}

// requestID returns one that was never used, of a length that a batch takes.
func (l *lab) requestID() string {
	l.requests++
	return fmt.Sprintf("probe-%s-%02d", l.stamp, l.requests)
}

// create sends one record by itself. The error is for what says nothing about
// it: a network that failed, or a company that refuses everything.
func (l *lab) create(ctx context.Context, step, entity, requestID string, body []byte) (reply, error) {
	query := url.Values{}
	if requestID != "" {
		query.Set("requestid", requestID)
	}
	return l.write(ctx, step, entity, query, body)
}

// write posts a body to the path of an entity.
func (l *lab) write(ctx context.Context, step, entity string, query url.Values, body []byte) (reply, error) {
	raw, err := l.client.Raw(ctx, quickbooks.RawRequest{
		Method: http.MethodPost, Path: strings.ToLower(entity), Query: query, Body: body,
		ContentType: "application/json", Write: true,
	})
	r, err := l.note(ctx, step, raw, err)
	if err != nil || !r.ok() {
		return r, err
	}
	var envelope map[string]json.RawMessage
	if json.Unmarshal(raw.Body, &envelope) != nil {
		return r, errors.New(step + ": the answer cannot be read")
	}
	r.record = envelope[entity]
	r.id = idOf(r.record)
	l.keep(entity, r.id)
	return r, nil
}

// note records what came back as evidence, and sorts it.
func (l *lab) note(ctx context.Context, step string, raw quickbooks.RawAnswer, err error) (reply, error) {
	e := Evidence{Step: step, Status: raw.Status, TID: raw.TID}
	var r reply
	var unknown *quickbooks.NoAnswer
	var fault *quickbooks.Fault
	switch {
	case err == nil:
	case errors.As(err, &unknown) && unknown.HTTPStatus >= http.StatusInternalServerError:
		r.inside = true
		if unknown.Fault != nil {
			e.Code, e.Words = unknown.Fault.Code, words(unknown.Fault)
		}
	case unknown != nil:
		return r, fmt.Errorf("%s: %w", step, err)
	case errors.As(err, &fault):
		r.fault = fault
		e.Status, e.Code, e.TID, e.Words = fault.HTTPStatus, fault.Code, fault.TID, words(fault)
	default:
		return r, fmt.Errorf("%s: %w", step, err)
	}
	l.evidence = append(l.evidence, e)
	if err != nil && ends(ctx, err) {
		return r, fmt.Errorf("%s: %w", step, err)
	}
	return r, nil
}

// remark adds to the last piece of evidence.
func (l *lab) remark(format string, args ...any) {
	if len(l.evidence) == 0 {
		l.evidence = append(l.evidence, Evidence{Step: "look"})
	}
	last := &l.evidence[len(l.evidence)-1]
	last.Note = strings.TrimPrefix(last.Note+"; "+fmt.Sprintf(format, args...), "; ")
}

func (l *lab) keep(entity, id string) {
	made := record{entity, id}
	if id != "" && !slices.Contains(l.made, made) {
		l.made = append(l.made, made)
	}
}

func idOf(raw json.RawMessage) string {
	var numbered struct {
		ID string `json:"Id"`
	}
	if json.Unmarshal(raw, &numbered) != nil {
		return ""
	}
	return numbered.ID
}

// words quotes a fault for people, on one line.
func words(f *quickbooks.Fault) string {
	const enough = 200
	text := []rune(strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return ' '
	}, f.Detail))
	if len(text) > enough {
		text = text[:enough]
	}
	return string(text)
}
