// Package quickbookstest is a pretended QuickBooks Online, to test clients
// against: companies that remember, rules as strict as the documented ones, and
// every misbehaviour on request.
//
// A [Server] is an [net/http.Handler]; [Server.Client] calls it without sockets,
// also inside a synctest bubble. Its paths are QuickBooks':
//
//	/v3/company/{realm}/...      the API
//	/connect/oauth2              consent
//	/oauth2/v1/tokens/bearer     tokens
//	/v2/oauth2/tokens/revoke     disconnection
//	/attachments/...             what TempDownloadUri points at
//	/_sim/...                    the control API, see below
//
// # Guarantees
//
// Amounts are decimals, never floats. The same seed, clock and requests give the
// same answers. A Server is safe for concurrent use.
//
// # What it does not do
//
// It keeps no ledger: account balances stay zero. It computes no tax. It speaks
// no XML. It knows Vendor, Customer, Employee, Account, Class, Department, Bill,
// VendorCredit, BillPayment (create, void and delete), Transfer and Attachable;
// Term, Item and CompanyCurrency can be read. It keeps up to 256 MiB of uploads in
// memory, and of those beyond only size and hash.
//
// # Assumed
//
// What no source documents is marked "Assumed" beside the code that plays it.
// Where a client must be safe either way, [Config] can play both:
//
//	a request id after a while, with another body, after a fault   Replay
//	an inactive reference: 2500 or 610                             Rules.InactiveReference
//	a closed period: 6210 or 6200                                  Rules.ClosedCode
//	the wording of 6240                                            Rules.PlainNameTaken
//	the name of an inactive record                                 Rules.InactiveFreesName
//	characters outside ISO-8859-1 in a US company                  Rules.Foreign
//	negative lines and totals                                      Rules.RefuseNegative, NegativeTotals
//	more decimals than the currency has                            Rules.RoundAmounts
//	a missing exchange rate: 1 or the company's                    Rules.CompanyRate
//	which accounts a bill line may name                            Rules.AnyLineAccount, LineAccountTypes
//	whether closing date and duplicate warning can be read         Preferences.HideCloseDate, HideDuplicateWarning
//	whether a batch is metered, and counts once or by item         Limits.FreeBatches, CountItems
//	429 or 403 when throttled                                      Limits.Status
//	a replaced refresh token: dead at once or later                OAuth.OldRefreshLife
//	a race of two refreshes                                        OAuth.RefreshTakes, RaceRevokes
//
// Attributes that the reference lists but that no rule here concerns, such as
// CustomField, are taken and dropped.
//
// One way only is played of these: a refused call does not count against a
// throttle; a transaction that leaves the A/P account out where there are several
// gets 2020; a class or location where tracking is off, and a foreign currency
// where multicurrency is off, get 5030; a vendor in another currency than its bill
// gets 6000; a US company ignores GlobalTaxCalculation; a nested object in a sparse
// update replaces the old one; a new currency opens an A/P account of its own;
// MAXRESULTS above 1000 gets 4001; a bId that comes twice fails the batch; a
// merged record is gone; a payment changes a bill's time but not its SyncToken; a
// payment comes from an account in the home currency or its own, and its lines are
// at most its total; a transfer between accounts in two currencies is in the
// foreign one, and two foreign ones get 6000; a transfer of nothing gets 2090;
// conditions on AttachableRef hold for one and the same link; a web address needs
// a dot; words alone are no line of a bill; an app without the scope is sent back
// with invalid_scope; PKCE is checked where a challenge was given, and S256 only.
//
// # Control API
//
// Under /_sim/, for tests in other processes and for people. GET calls take
// parameters, POST calls a JSON object; both answer JSON. An empty realm means the
// first company. [ControlAPI] lists the same for help texts:
//
//	GET  books         realm                    all that a company holds, as the API would answer it
//	GET  stats                                  counters: requests by kind, throttled, replayed, metered calls by class and month
//	GET  clock                                  the simulated time
//	GET  realms                                 the companies
//	POST create        realm, entity, set       enter something by hand; answers id
//	POST edit          realm, entity, id, set   change it
//	POST delete        realm, entity, id        remove a transaction for good
//	POST deactivate    realm, entity, id        make a name or an account inactive
//	POST merge         realm, entity, id, into  fold one name or account into another
//	POST preferences   realm, set               change settings, as in [Preferences]
//	POST refuse        realm, code, writes      a state in which calls are refused, as in [Server.Refuse]
//	POST grant         realm, client_id         tokens without the ceremony
//	POST disconnect    realm                    end its connections, as the company's admin would
//	POST expire        realm                    end its access tokens before their time
//	POST next          troubles                 what goes wrong with the next requests, as in [Trouble]; "delay":"2m"
//	POST chaos         seed, odds, template     what goes wrong at random, as in [Server.Chaos]
//	POST clock         advance or to            move the time, by a duration ("24h") or to a time
//	POST limits        limits                   the throttles, as in [Limits]
//	POST quota         quota                    metered calls that an app may make in a month
//	POST deliver       url                      post the changes not yet told, as signed CloudEvents; answers told
//	POST stats/reset                            set the counters to zero
//	POST reset                                  put everything back to the start
package quickbookstest
