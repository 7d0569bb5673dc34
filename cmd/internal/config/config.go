package config

import "time"

// Config is the whole file.
type Config struct {
	// Store is where everything that was received and done is kept.
	Store Store `yaml:"store"`

	// Public is the listener that Ontop reaches.
	Public Public `yaml:"public"`

	// Private is the listener for people and for Prometheus. Never expose it to
	// the internet.
	Private Private `yaml:"private"`

	// KeyFile is the keyset that seals OAuth tokens before they are stored.
	// `tieout config init` makes one. Losing it means connecting QuickBooks
	// again; nothing else is lost.
	KeyFile string `yaml:"key_file"`

	// Schedule says when the stages run by themselves.
	Schedule Schedule `yaml:"schedule"`

	// Log says how the program reports on itself.
	Log Log `yaml:"log"`

	// Companies are the sets of books, one entry each.
	Companies []Company `yaml:"companies"`
}

// Store says where data is kept.
type Store struct {
	// DSN is embedded:///ABSOLUTE/DIR for the built-in engine, or
	// http(s)://user:pass@host:8123/db or clickhouse://user:pass@host:9000/db
	// for a ClickHouse server. It may name ${VARIABLES} of the environment.
	//
	// Defaults to embedded://$XDG_DATA_HOME/tieout.
	DSN Secret `yaml:"dsn"`

	// DSNFile is a file that holds the DSN.
	DSNFile string `yaml:"dsn_file"`

	// Cluster is the name of a ClickHouse cluster. When set, tables are created
	// on all of it, replicated.
	Cluster string `yaml:"cluster"`

	// Journal is the folder of the write-ahead log that webhooks are made
	// durable in before they are answered. It must be on a local disk.
	//
	// Defaults to a folder "journal" in the embedded engine's folder, or in
	// $XDG_DATA_HOME/tieout for a server.
	Journal string `yaml:"journal"`

	// JournalLimitMiB bounds the journal. When it is full, Ontop is answered
	// 503 and tries again later.
	//
	// Defaults to 4096.
	JournalLimitMiB int `yaml:"journal_limit_mib"`
}

// Public is the listener that Ontop reaches, under /webhooks/ontop/COMPANY.
type Public struct {
	// Listen is the address, host:port.
	//
	// Defaults to 127.0.0.1:8080.
	Listen string `yaml:"listen"`

	// URL is how Ontop reaches this listener from the internet, such as
	// https://hooks.example.com, in front of /webhooks/ontop/COMPANY. Only
	// `tieout deliveries test` uses it, to go the way that Ontop goes.
	//
	// Defaults to none: a test then goes to the listener itself, which proves less.
	URL string `yaml:"url"`

	// TLS ends TLS here. Without it, put a proxy that does in front.
	TLS TLS `yaml:"tls"`

	// Proxies are your own, in front of this listener, each an address or a
	// network such as 10.0.0.0/8. What they write into X-Forwarded-For is
	// believed, and nobody else's.
	//
	// Defaults to none: whoever connects is the sender.
	Proxies []string `yaml:"proxies"`

	// ReplayWindow is how long a delivery is remembered that was stored. One that
	// comes again within it, byte for byte, is answered like the first and not
	// stored again. 0s remembers nothing; what comes again is then stored again,
	// and still counts once.
	//
	// Defaults to 10m, twice what a signed time may be off.
	ReplayWindow *time.Duration `yaml:"replay_window"`

	// Connections is the most connections at a time. Others are answered 503.
	//
	// Defaults to 4096. Each may hold some 30 KiB.
	Connections int `yaml:"connections"`

	// ConnectionsPerAddress is the most of them from one address, or from one /64
	// network of IPv6. Proxies are not counted.
	//
	// Defaults to half of connections.
	ConnectionsPerAddress int `yaml:"connections_per_address"`

	// InFlight is the most deliveries that are verified and stored at a time.
	// Others are answered 503 at once, so that those that are taken are answered
	// soon. One company of several may hold half of it.
	//
	// Defaults to 1024.
	InFlight int `yaml:"in_flight"`

	// BufferMiB is the most memory for bodies above 8 KiB at a time. Others are
	// answered 503 before they are read. One company of several may hold half of
	// it.
	//
	// Defaults to 64.
	BufferMiB int `yaml:"buffer_mib"`

	// ReadTimeout bounds the reading of one request, from its first byte to its
	// last.
	//
	// Defaults to 10s.
	ReadTimeout time.Duration `yaml:"read_timeout"`

	// AccessLog logs every request: status, path, size, origin, time taken and the
	// trace that its traceparent names; never its body or its secrets.
	//
	// Defaults to false: only at log level debug.
	AccessLog bool `yaml:"access_log"`
}

// TLS is a certificate and who may connect. The files are read again on SIGHUP.
type TLS struct {
	// CertFile is the certificate in PEM, the chain behind it.
	CertFile string `yaml:"cert_file"`

	// KeyFile is the certificate's private key in PEM.
	KeyFile string `yaml:"key_file"`

	// ClientCAFile are authorities in PEM. When given, only whoever has a
	// certificate of one of them can connect.
	ClientCAFile string `yaml:"client_ca_file"`

	// MinVersion is the oldest version of TLS that is spoken: 1.2 or 1.3.
	//
	// Defaults to 1.2.
	MinVersion string `yaml:"min_version"`
}

// Private is the listener for people and for Prometheus.
type Private struct {
	// Listen is the address, host:port.
	//
	// Defaults to 127.0.0.1:8090.
	Listen string `yaml:"listen"`

	// URL is how a browser reaches this listener; QuickBooks sends people back
	// to URL/oauth/quickbooks/callback.
	//
	// Defaults to http:// and the address.
	URL string `yaml:"url"`
}

// Schedule says when the stages run by themselves, as cron expressions with
// five fields, or as @every 30s, @hourly, @daily. Times of day are UTC.
type Schedule struct {
	// Transform turns what arrived into drafts. It is also woken by arrivals.
	//
	// Defaults to @every 30s.
	Transform string `yaml:"transform"`

	// Load posts what is ready. It is also woken by the transform.
	//
	// Defaults to @every 1m.
	Load string `yaml:"load"`

	// Sweep looks at everything again, without the shortcuts that a cycle takes.
	//
	// Defaults to @daily.
	Sweep string `yaml:"sweep"`
}

// Log says how the program reports on itself, on standard error.
type Log struct {
	// Format is json or text.
	//
	// Defaults to json for serve, and text for commands on a terminal.
	Format string `yaml:"format"`

	// Level is debug, info, warn or error.
	//
	// Defaults to info for serve, and warn for other commands.
	Level string `yaml:"level"`
}

// Company is one set of books: an Ontop client and a QuickBooks company.
type Company struct {
	// ID names the company in addresses, commands and every stored row: lower-case
	// letters, digits and dashes, at most 40. It must never change.
	ID string `yaml:"id"`

	// Name is what people call it.
	//
	// Defaults to the id.
	Name string `yaml:"name"`

	// Ontop is the sending side.
	Ontop Ontop `yaml:"ontop"`

	// QuickBooks is the receiving side.
	QuickBooks QuickBooks `yaml:"quickbooks"`

	// Policy is how invoices are booked.
	Policy Policy `yaml:"policy"`
}

// QuickBooks is the receiving side of a company.
type QuickBooks struct {
	// Environment is production or sandbox, and decides the four addresses
	// unless they are given below.
	//
	// Defaults to production.
	Environment string `yaml:"environment"`

	// APIURL is the base address of the accounting API.
	APIURL string `yaml:"api_url"`

	// AuthorizeURL is where a person consents.
	AuthorizeURL string `yaml:"authorize_url"`

	// TokenURL is where codes and refresh tokens are exchanged.
	TokenURL string `yaml:"token_url"`

	// RevokeURL is where tokens are given back.
	RevokeURL string `yaml:"revoke_url"`

	// ClientID is the app's, from Intuit's developer portal.
	ClientID string `yaml:"client_id"`

	// ClientSecret belongs to ClientID.
	ClientSecret Secret `yaml:"client_secret"`

	// ClientSecretFile is a file that holds the client secret.
	ClientSecretFile string `yaml:"client_secret_file"`

	// RealmID is QuickBooks' number of the company. When set, connecting any
	// other company is refused. When empty, the one that is connected first is
	// taken.
	RealmID string `yaml:"realm_id"`

	// PKCE adds a proof key to connecting, which protects the code that the
	// browser carries. Intuit publishes nothing about it, so that a page which
	// refuses what it does not know may keep you from connecting.
	//
	// Defaults to false: the state and the client secret protect a connection.
	PKCE bool `yaml:"pkce"`

	// BatchSize is how many bills are sent in one request, 1 to 30.
	//
	// Defaults to 30, the most that QuickBooks takes.
	BatchSize int `yaml:"batch_size"`

	// RequestsPerMinute is our share of the realm's 500 a minute.
	//
	// Defaults to 500.
	RequestsPerMinute int `yaml:"requests_per_minute"`

	// RequestsPerSecond is our share of the realm's 10 a second.
	//
	// Defaults to 10.
	RequestsPerSecond int `yaml:"requests_per_second"`

	// Patience is how long a look-up that finds nothing is not believed after a
	// lost answer. QuickBooks recognises a request that is sent again, which
	// makes patience needless; whether it always does, `tieout quickbooks probe`
	// finds out. With 8m nothing is posted twice even if it does not, and lost
	// answers settle that much later.
	//
	// Defaults to none.
	Patience time.Duration `yaml:"patience"`

	// BatchesPerMinute is our share of the 40 batches a minute.
	//
	// Defaults to 40.
	BatchesPerMinute int `yaml:"batches_per_minute"`

	// MeteredBudget is how many metered calls this company may bring the app to in
	// a calendar month (UTC). Bills are posted and read back at once while the
	// month's use is not ahead of it; else one waits for company, at most an hour.
	// Full batches, and looking at the books, never wait. 0 is no limit. Intuit's
	// free tier has 500,000 for all companies of an app together.
	//
	// Defaults to 5000, which lets a company with 1,000 invoices a month never wait
	// and keeps one with 10,000 within it.
	MeteredBudget *int `yaml:"metered_budget"`

	// MirrorDays is how many days back the nightly sweep reads bills, by their
	// date. Bills dated earlier are followed only when they change. Every 1,000
	// bills in that time cost a metered call a night.
	//
	// Defaults to 92, a quarter: what is older is closed in most companies.
	MirrorDays int `yaml:"mirror_days"`

	// DuplicateDays is how far apart, in days, a bill that somebody typed in and an
	// invoice of the same vendor, amount and currency may be dated to be taken for
	// the same, and put before a person.
	//
	// Defaults to 7.
	DuplicateDays int `yaml:"duplicate_days"`
}

// Policy is how a company's invoices are booked.
type Policy struct {
	// PostOn is the invoice status from which a bill is posted: created,
	// confirmed or paid.
	//
	// Defaults to confirmed: earlier, amounts and rates may still change.
	PostOn string `yaml:"post_on"`

	// Payee says whom the company owes, worker or platform, by the contract's
	// signing. What is given here replaces the defaults one by one.
	//
	// Defaults to {PAYMENT_AGENT: worker, SERVICE_PROVIDER: worker,
	// CONTRACTOR_OF_RECORD: platform, EOR: platform}.
	Payee map[string]string `yaml:"payee"`

	// PlatformVendor is the display name of the vendor that stands for Ontop.
	//
	// Defaults to Ontop.
	PlatformVendor string `yaml:"platform_vendor"`

	// CreateVendors says what happens to a payee without a vendor: review
	// (proposed, a person approves), automatic or never.
	//
	// Defaults to review.
	CreateVendors string `yaml:"create_vendors"`

	// ClosedPeriod says what happens to a bill dated in closed books: hold or
	// next_open_day.
	//
	// Defaults to hold.
	ClosedPeriod string `yaml:"closed_period"`

	// NegativeTotal says what happens to an invoice whose total is below zero:
	// hold, or credit, which books it as a vendor credit. A total of zero is held
	// in any case.
	//
	// Defaults to hold.
	NegativeTotal string `yaml:"negative_total"`

	// BillDate is the date that a bill carries: issue_date, period_end or
	// paid_at.
	//
	// Defaults to issue_date.
	BillDate string `yaml:"bill_date"`

	// PayableAccounts names the accounts payable account by currency, as
	// QuickBooks numbers it. Needed only where there are several in one currency.
	PayableAccounts map[string]string `yaml:"payable_accounts"`

	// AttachPDF says whether the PDF of an invoice, and the files of its lines, are
	// fetched from where Ontop says that they are and attached to its bill. Those of
	// bills that were posted before it was turned on are brought in by `tieout replay`.
	//
	// Defaults to false.
	AttachPDF bool `yaml:"attach_pdf"`

	// FileHosts are the hosts that such files may be fetched from: a name such as
	// files.example.com or *.example.com at a public address, by https; or with its
	// scheme a host of your own, such as https://files.internal or
	// http://10.0.0.5:8080. What is not named is not asked, and no redirect leads there.
	//
	// Defaults to any host on the internet; never to one on a private network.
	FileHosts []string `yaml:"file_hosts"`

	// FileLimitMiB is the most that one file may have. QuickBooks takes 100 MB in one
	// upload. Memory for up to four times as much is needed for each of files_at_once.
	//
	// Defaults to 20.
	FileLimitMiB int `yaml:"file_limit_mib"`

	// FilesAtOnce is how many files are fetched and attached at a time.
	//
	// Defaults to 2.
	FilesAtOnce int `yaml:"files_at_once"`

	// FilesPerLoad is the most files that one load begins with before bills have
	// their turn again.
	//
	// Defaults to 40, with which a load a minute attaches 57,600 files a day.
	FilesPerLoad int `yaml:"files_per_load"`

	// RecordPayments says whether what Ontop paid is recorded as bill payments from
	// the payment account. What came before it was turned on is brought in by
	// `tieout replay`.
	//
	// Defaults to false.
	RecordPayments bool `yaml:"record_payments"`

	// PaymentAccount is the id in QuickBooks of the bank account that stands for
	// the wallet at Ontop. Needed to record payments or top-ups.
	PaymentAccount string `yaml:"payment_account"`

	// RecordTopUps says whether money that came into the wallet is recorded as
	// transfers from the top-up account to the payment account. What came before it
	// was turned on is brought in by `tieout replay`.
	//
	// Defaults to false.
	RecordTopUps bool `yaml:"record_top_ups"`

	// TopUpAccount is the id in QuickBooks of the bank account that the wallet is
	// filled from. Needed to record top-ups.
	TopUpAccount string `yaml:"top_up_account"`
}
