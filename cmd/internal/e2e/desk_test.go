package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

// desk is everything between Ontop and QuickBooks in one process and in fake time:
// the stages as they are, on the store in memory. It is made in a bubble.
type desk struct {
	t         *testing.T
	books     *quickbookstest.Server
	store     *storetest.Memory
	transform *transform.Transformer
	loader    *load.Loader
	sent      int // deliveries
	invoices  []schema.InvoiceID
	asked     func(*http.Request) // told of each request to QuickBooks, before it leaves
}

const (
	deskCompany = schema.CompanyID(rig.Company)
	deskTravel  = schema.AccountID("11")
)

func newDesk(t *testing.T, change func(*quickbookstest.Realm)) *desk {
	t.Helper()
	realm := quickbookstest.Realm{ID: quickbookstest.DefaultRealm}
	if change != nil {
		change(&realm)
	}
	d := &desk{
		t: t, store: storetest.NewMemory(), asked: func(*http.Request) {},
		books: quickbookstest.New(quickbookstest.Config{Now: time.Now, Realms: []quickbookstest.Realm{realm}}),
	}
	d.transform = transform.New(d.store, []transform.Config{{CompanyID: deskCompany, Policy: schema.Policy{
		PostOn: schema.PostOnConfirmed, PlatformVendor: "Ontop", CreateVendors: schema.CreateAutomatically,
		ClosedPeriod: schema.ClosedHold, BillDate: schema.BillOnIssueDate,
		Payee: map[schema.Signing]schema.PayeeKind{schema.SigningPaymentAgent: schema.PayeeWorker},
	}}}, slog.New(slog.DiscardHandler), nil, time.Now)
	d.connect()
	require.NoError(t, d.store.RecordRules(t.Context(), schema.RuleSet{
		Company: deskCompany, Version: 1, By: "eva", RecordedAt: time.Now(), Rules: []schema.Rule{
			{ID: "base-pay", Version: 1, Concept: "FIXED_PAYMENT", Account: "8", Name: "Contractors"},
			{ID: "travel", Version: 1, Concept: "REIMBURSEMENT", Account: deskTravel, Name: "Travel"},
		},
	}))
	_, err := d.loader.RefreshBooks(t.Context())
	require.NoError(t, err)
	return d
}

// connect lets us in, as a person does who connects the company, and starts a
// loader.
func (d *desk) connect() {
	log := slog.New(slog.DiscardHandler)
	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		APIURL: "https://api.example", AuthorizeURL: "https://api.example/a", TokenURL: "https://api.example/oauth2/v1/tokens/bearer",
		RevokeURL: "https://api.example/r", ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}, &http.Client{Transport: tapped{d.books.Client().Transport, d}}, time.Now, quickbooks.NewMetrics(nil))
	require.NoError(d.t, err)
	grant := d.books.Grant("", "")
	kept := &purse{token: quickbooks.Token{
		RealmID: grant.Realm, AccessToken: quickbooks.Secret(grant.AccessToken), RefreshToken: quickbooks.Secret(grant.RefreshToken),
		AccessExpires: grant.AccessUntil, RefreshExpires: grant.RefreshUntil,
	}}
	client := quickbooks.NewClient(quickbooks.NewSession(oauth, kept, kept, grant.Realm, log), log, nil)
	d.loader = load.New(d.store, client, load.Config{Company: deskCompany, Now: time.Now, BatchSize: 2, InFlight: 1}, log, nil)
}

// tapped is the way to QuickBooks, with somebody listening.
type tapped struct {
	http.RoundTripper
	desk *desk
}

func (w tapped) RoundTrip(r *http.Request) (*http.Response, error) {
	w.desk.asked(r)
	return w.RoundTripper.RoundTrip(r)
}

// purse keeps the token of one company.
type purse struct {
	mu    sync.Mutex
	token quickbooks.Token
}

func (p *purse) Load(context.Context, string) (quickbooks.Token, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token, nil
}

func (p *purse) Save(_ context.Context, t quickbooks.Token) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.token = t
	return nil
}

func (p *purse) Lock(context.Context, string) (func(), error) { return func() {}, nil }

// deliver stages what Ontop says.
func (d *desk) deliver(event ontop.EventType, record any, spoil ...func([]byte) []byte) {
	d.t.Helper()
	d.sent++
	body, err := ontop.Envelope{EventType: event, EventID: fmt.Sprintf("evt_%d", d.sent), Data: record}.Encode()
	require.NoError(d.t, err)
	for _, change := range spoil {
		body = change(body)
	}
	id := schema.DeliveryID(fmt.Sprintf("msg_%d", d.sent))
	require.NoError(d.t, d.store.Stage(d.t.Context(), schema.Block{ID: string(id), Deliveries: []schema.Delivery{{
		Company: deskCompany, ID: id, ReceivedAt: time.Now(), Channel: schema.ChannelWebhook, Body: body,
	}}}))
}

// hires is a worker's contract.
func (d *desk) hires(worker int, name string, currency schema.Currency) {
	d.t.Helper()
	d.deliver(ontop.ContractCreated, ontop.NewContractRecord(clientID, schema.Contract{
		ID: schema.ContractID(strconv.Itoa(4000 + worker)), Worker: schema.WorkerID(strconv.Itoa(7000 + worker)),
		WorkerEmail: fmt.Sprintf("worker.%d@example.com", worker), WorkerType: "Worker", FirstName: name, Country: "US", Type: "FIXED",
		Signing: schema.SigningPaymentAgent, Currency: currency, StartDate: schema.NewDate(1999, time.June, 1), Status: "ACTIVE",
		UpdatedAt: time.Now(),
	}))
}

// bills is an invoice of a worker, confirmed.
func (d *desk) bills(worker int, changes ...func(*schema.Invoice)) schema.InvoiceID {
	d.t.Helper()
	return d.bill(worker, func(body []byte) []byte { return body }, changes...)
}

func (d *desk) bill(worker int, spoil func([]byte) []byte, changes ...func(*schema.Invoice)) schema.InvoiceID {
	d.t.Helper()
	id := schema.InvoiceID(strconv.Itoa(5001 + len(d.invoices)))
	d.invoices = append(d.invoices, id)
	d.deliver(ontop.InvoiceConfirmed, ontop.NewInvoiceRecord(clientID, invoiceOf(id, worker, changes...)), spoil)
	return id
}

func invoiceOf(id schema.InvoiceID, worker int, changes ...func(*schema.Invoice)) schema.Invoice {
	day := schema.NewDate(2000, time.January, 5)
	i := schema.Invoice{
		ID: id, Number: "INV-" + string(id), Status: schema.StatusConfirmed, Contract: schema.ContractID(strconv.Itoa(4000 + worker)),
		Worker: schema.WorkerID(strconv.Itoa(7000 + worker)), IssueDate: day, DueDate: day.AddDays(15), PeriodStart: day, PeriodEnd: day,
		BillDate: day, Currency: "USD", Rate: "1", UpdatedAt: time.Now(),
		Lines: []schema.Line{
			{ItemID: "1", Concept: "FIXED_PAYMENT", Description: "Base pay", Quantity: "1", Amount: schema.NewMoney(250_000+int64(worker), "USD")},
			{ItemID: "2", Concept: "REIMBURSEMENT", Description: "Train", Quantity: "1", Amount: schema.NewMoney(1999, "USD")},
		},
	}
	for _, change := range changes {
		change(&i)
	}
	i.Total = schema.NewMoney(0, i.Currency)
	for n := range i.Lines {
		i.Lines[n].Amount = schema.NewMoney(i.Lines[n].Amount.Minor(), i.Currency)
		i.Total = schema.NewMoney(i.Total.Minor()+i.Lines[n].Amount.Minor(), i.Currency)
	}
	if i.Currency == "USD" {
		i.USDTotal = i.Total
	}
	return i
}

// work lets half an hour of cycles pass, and returns what the last of them
// complained of.
func (d *desk) work() (err error) {
	d.t.Helper()
	for range 6 {
		_, failed := d.transform.RunOnce(d.t.Context(), deskCompany)
		require.NoError(d.t, failed)
		_, err = d.loader.RunOnce(d.t.Context())
		time.Sleep(6 * time.Minute)
	}
	return err
}

// look lets the mirror look at the books.
func (d *desk) look() {
	d.t.Helper()
	_, err := d.loader.Mirror(d.t.Context())
	require.NoError(d.t, err)
}

// report is the month's, whose equation closes whatever happened.
func (d *desk) report() schema.Report {
	d.t.Helper()
	r, err := reconcile.New(d.store).Report(d.t.Context(), deskCompany, schema.NewDate(2000, time.January, 1).Period(), time.Now())
	require.NoError(d.t, err)
	for _, equation := range r.Equation {
		require.Equal(d.t, schema.NewMoney(0, equation.Currency), equation.Residual.Money(), "%+v", equation)
	}
	require.Len(d.t, r.Items, len(d.invoices), "each invoice stands in it once, and nothing else")
	return r
}

// item is what the report says of an invoice.
func (d *desk) item(id schema.InvoiceID) schema.Item {
	d.t.Helper()
	for _, i := range d.report().Items {
		if i.InvoiceID == id {
			return i
		}
	}
	require.Fail(d.t, "not in the report", "invoice %s", id)
	return schema.Item{}
}

// requireOthersMatch checks that one bad item stopped no other: all invoices but
// those given are in the books, once each.
func (d *desk) requireOthersMatch(bad ...schema.InvoiceID) {
	d.t.Helper()
	r, open := d.report(), 0
	for _, i := range r.Items {
		if len(bad) > 0 && i.InvoiceID == bad[0] {
			require.NotEqual(d.t, schema.StateMatched, i.State)
			open++
			continue
		}
		require.Equal(d.t, schema.StateMatched, i.State, "%s: %s", i.InvoiceID, i.Cause)
	}
	require.Equal(d.t, len(d.invoices)-open, d.books.Count("", "Bill"), "one bill for each")
}

// payee is what is known of the worker whose invoice is spoiled.
func (d *desk) payee() schema.Payee {
	d.t.Helper()
	payees, err := d.store.Payees(d.t.Context(), deskCompany)
	require.NoError(d.t, err)
	return payees[schema.PayeeKey(fmt.Sprintf("worker:%d:USD", 7000+worker))]
}

// decide is a person who links that payee to the vendor with a name, or approves
// creating one.
func (d *desk) decide(state schema.PayeeState, name string) {
	d.t.Helper()
	p := d.payee()
	p.Company, p.Key = deskCompany, schema.PayeeKey(fmt.Sprintf("worker:%d:USD", 7000+worker))
	p.State, p.Name, p.By, p.RecordedAt = state, name, "eva", time.Now()
	if state == schema.PayeeLinked {
		books, err := d.books.Books("")
		require.NoError(d.t, err)
		for _, raw := range books.Entities["Vendor"] {
			var v quickbooks.Vendor
			require.NoError(d.t, json.Unmarshal(raw, &v))
			if v.DisplayName == name {
				p.Vendor, p.Origin = schema.VendorID(v.ID), schema.OriginPerson
			}
		}
	}
	require.NoError(d.t, d.store.RecordPayees(d.t.Context(), []schema.Payee{p}))
}

// release is a person who releases whatever was declined.
func (d *desk) release() {
	d.t.Helper()
	for _, i := range d.report().Items {
		if i.State == schema.StateDeclined {
			require.NoError(d.t, d.store.RecordDecisions(d.t.Context(), []schema.Decision{{
				Company: deskCompany, Invoice: i.InvoiceID, Kind: schema.DecideRelease, Reason: "put right", By: "eva", RecordedAt: time.Now(),
			}}))
		}
	}
}
