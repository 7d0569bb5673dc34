package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/schema"
)

var update = flag.Bool("update", false, "rewrite golden files")

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// source gives variables and files from maps, so that no test depends on the
// machine that it runs on.
func source(env, files map[string]string) config.Source {
	return config.Source{
		Env: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		},
		ReadFile: func(name string) ([]byte, error) {
			text, ok := files[name]
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
			}
			return []byte(text), nil
		},
	}
}

func minimal() string {
	return `
key_file: /etc/tieout/keyset.json
companies:
  - id: acme
    ontop:
      secrets: ["` + webhookSecret + `"]
    quickbooks:
      client_id: app
      client_secret: hush-hush
`
}

func home() config.Source { return source(map[string]string{"HOME": "/home/ops"}, nil) }

func TestParse(t *testing.T) {
	t.Parallel()

	t.Run("FillsInDefaults", func(t *testing.T) {
		t.Parallel()
		c, err := config.Parse([]byte(minimal()), home())
		require.NoError(t, err)
		require.Equal(t, "embedded:///home/ops/.local/share/tieout", c.Store.DSN.Reveal())
		require.Equal(t, "/home/ops/.local/share/tieout/journal", c.Store.Journal)
		require.Equal(t, "127.0.0.1:8080", c.Public.Listen)
		require.Equal(t, "http://127.0.0.1:8090", c.Private.URL)
		require.Equal(t, "@every 30s", c.Schedule.Transform)
		acme := c.Companies[0]
		require.Equal(t, "acme", acme.Name)
		require.Equal(t, 5*time.Minute, acme.Ontop.Tolerance)
		require.Equal(t, 30, acme.QuickBooks.BatchSize)
		require.Equal(t, 5000, *acme.QuickBooks.MeteredBudget)
		require.Equal(t, 92, acme.QuickBooks.MirrorDays)
		require.Equal(t, 7, acme.QuickBooks.DuplicateDays)
		require.False(t, acme.QuickBooks.PKCE)
		require.Equal(t, 20, acme.Policy.FileLimitMiB)
		require.Equal(t, 2, acme.Policy.FilesAtOnce)
		require.Equal(t, 40, acme.Policy.FilesPerLoad)
	})

	t.Run("SaysThePolicyInTheWordsOfTheStages", func(t *testing.T) {
		t.Parallel()
		c, err := config.Parse([]byte(minimal()+`
    policy:
      payee: {EOR: worker}
      payable_accounts: {EUR: "33"}
      attach_pdf: true
      file_hosts: [files.example.com]
      record_payments: true
      payment_account: "35"
      record_top_ups: true
      top_up_account: "36"
`), home())
		require.NoError(t, err)
		require.Equal(t, schema.Policy{
			PostOn: schema.PostOnConfirmed,
			Payee: map[schema.Signing]schema.PayeeKind{
				schema.SigningPaymentAgent: schema.PayeeWorker, schema.SigningServiceProvider: schema.PayeeWorker,
				schema.SigningContractorOfRecord: schema.PayeePlatform, schema.SigningEOR: schema.PayeeWorker,
			},
			PlatformVendor:  "Ontop",
			CreateVendors:   schema.CreateAfterReview,
			ClosedPeriod:    schema.ClosedHold,
			NegativeTotal:   schema.NegativeHold,
			BillDate:        schema.BillOnIssueDate,
			PayableAccounts: map[schema.Currency]schema.AccountID{"EUR": "33"},
			AttachFiles:     true,
			FileHosts:       []string{"files.example.com"},
			RecordPayments:  true,
			RecordTopUps:    true,
			WalletAccount:   "35",
			FundingAccount:  "36",
		}, c.Companies[0].Policy.Schema())
	})

	t.Run("TakesSecretsFromTheEnvironmentAndFromFiles", func(t *testing.T) {
		t.Parallel()
		text := `
store: {dsn: "http://tieout:${CH_PASSWORD}@db:8123/tieout"}
key_file: /k
companies:
  - id: acme
    ontop: {secrets_file: /run/webhook}
    quickbooks: {client_id: app, client_secret_file: /run/qbo}
`
		c, err := config.Parse([]byte(text), source(
			map[string]string{"HOME": "/h", "CH_PASSWORD": "s3cret"},
			map[string]string{"/run/webhook": webhookSecret + "\n" + webhookSecret + "\n", "/run/qbo": "hush-hush\n"},
		))
		require.NoError(t, err)
		require.Equal(t, "http://tieout:s3cret@db:8123/tieout", c.Store.DSN.Reveal())
		require.Equal(t, "hush-hush", c.Companies[0].QuickBooks.ClientSecret.Reveal())
		require.Len(t, c.Companies[0].Ontop.Secrets, 2)
		require.Empty(t, c.Store.EmbeddedDir())
	})

	t.Run("TakesEverySettingOfTheWebhookListener", func(t *testing.T) {
		t.Parallel()
		c, err := config.Parse([]byte(minimal()+`
public:
  tls: {cert_file: /c.pem, key_file: /k.pem, client_ca_file: /ca.pem, min_version: "1.3"}
  proxies: [10.0.0.0/8, "fd00::1"]
  replay_window: 0s
  connections: 10
  in_flight: 20
  buffer_mib: 30
  read_timeout: 5s
  access_log: true
`), home())
		require.NoError(t, err)
		var none time.Duration
		require.Equal(t, config.Public{
			Listen: "127.0.0.1:8080", Proxies: []string{"10.0.0.0/8", "fd00::1"}, ReplayWindow: &none, Connections: 10, ConnectionsPerAddress: 5, InFlight: 20,
			BufferMiB: 30, ReadTimeout: 5 * time.Second, AccessLog: true,
			TLS: config.TLS{CertFile: "/c.pem", KeyFile: "/k.pem", ClientCAFile: "/ca.pem", MinVersion: "1.3"},
		}, c.Public)
		c, err = config.Parse([]byte(minimal()), home())
		require.NoError(t, err)
		require.Equal(t, 10*time.Minute, *c.Public.ReplayWindow)
		require.Equal(t, 4096, c.Public.Connections)
		require.Equal(t, 2048, c.Public.ConnectionsPerAddress)
		require.Empty(t, c.Public.TLS)
	})

	t.Run("TakesSecretsWithDates", func(t *testing.T) {
		t.Parallel()
		c, err := config.Parse([]byte(`
key_file: /k
companies:
  - id: acme
    ontop:
      secrets:
        - "${OLD}"
        - {secret: "${OLD}", not_after: 2026-09-01}
        - secret_file: /run/next
          not_before: 2026-08-31T12:00:00+02:00
    quickbooks: {client_id: app, client_secret: hush}
`), source(map[string]string{"HOME": "/h", "OLD": webhookSecret}, map[string]string{"/run/next": webhookSecret + "\n"}))
		require.NoError(t, err)
		secrets := c.Companies[0].Ontop.Secrets
		for _, secret := range secrets {
			require.Equal(t, webhookSecret, secret.Reveal())
		}
		require.True(t, secrets[1].NotAfter.Equal(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)))
		require.True(t, secrets[2].NotBefore.Equal(time.Date(2026, 8, 31, 10, 0, 0, 0, time.UTC)))
		var printed strings.Builder
		require.NoError(t, c.Print(&printed))
		require.NotContains(t, printed.String(), webhookSecret)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", secrets, secrets, secrets), webhookSecret)
	})

	t.Run("ReportsFiveMistakesAtOnceEachByItsKey", func(t *testing.T) {
		t.Parallel()
		_, err := config.Parse([]byte(`
store: {dsn: "postgres://db/tieout"}
public: {listen: "8080"}
key_file: /k
schedule: {load: "every minute"}
companies:
  - id: acme
    ontop: {secrets: ["`+webhookSecret+`"]}
    quickbooks: {client_id: app, client_secret: hush-hush, batch_size: 50}
    policy: {post_on: approved, negative_total: ignore}
`), home())
		require.Error(t, err)
		require.Equal(t, []string{
			`store.dsn: must begin with embedded://, http://, https:// or clickhouse://`,
			`public.listen: must be host:port, is "8080"`,
			`schedule.load: must be a cron expression or @every DURATION, is "every minute"`,
			`companies[acme].quickbooks.batch_size: must be from 1 to 30, is 50`,
			`companies[acme].policy.post_on: must be one of created, confirmed, paid, is "approved"`,
			`companies[acme].policy.negative_total: must be one of hold, credit, is "ignore"`,
		}, strings.Split(err.Error(), "\n"))
	})
}

func TestParse_Mistakes(t *testing.T) {
	t.Parallel()
	company := func(lines string) string {
		return "key_file: /k\ncompanies:\n  - id: acme\n    ontop: {secrets: [" + webhookSecret + "]}\n" +
			"    quickbooks: {client_id: app, client_secret: hush-hush}\n" + lines
	}
	cases := map[string]struct{ text, want string }{
		"UnknownKey": {
			text: minimal() + "pubic: {listen: ':1'}\n",
			want: "pubic: unknown key (line 10); `tieout config reference` lists all keys",
		},
		"UnknownKeyOfACompany": {
			text: company("    polcy: {}\n"),
			want: "companies[acme].polcy: unknown key (line 6); `tieout config reference` lists all keys",
		},
		"WrongType": {
			text: company("    policy: {platform_vendor: [1]}\n"),
			want: "companies[acme].policy.platform_vendor: must be a text (line 6)",
		},
		"NumberThatIsNone": {
			text: minimal() + "store: {journal_limit_mib: plenty}\n",
			want: `store.journal_limit_mib: must be a number, is "plenty" (line 10)`,
		},
		"NotYAML":          {text: "companies: [", want: "not YAML: "},
		"NoCompany":        {text: "key_file: /k\n", want: "companies: is empty"},
		"NoKeyFile":        {text: "companies: []\n", want: "key_file: is missing; `tieout config init` makes one"},
		"SameCompanyTwice": {text: company("  - id: acme\n"), want: `companies[1].id: "acme" is used twice`},
		"CompanyID":        {text: "companies: [{id: 'Acme Inc'}]\n", want: `companies[Acme Inc].id: must be 1 to 40 lower-case letters`},
		"SecretTooShort": {
			text: "companies: [{id: a, ontop: {secrets: [whsec_c2hvcnQ=]}}]\n",
			want: "companies[a].ontop.secrets[0]: must hold 24 to 64 bytes, holds 5",
		},
		"SecretOfTheWrongKind": {
			text: "companies: [{id: a, ontop: {secrets: [letmein]}}]\n",
			want: "companies[a].ontop.secrets[0]: must be whsec_ and base64",
		},
		"UnknownKeyOfASecret": {
			text: "companies: [{id: a, ontop: {secrets: [{secert: hush-hush}]}}]\n",
			want: "companies[a].ontop.secrets[0].secert: unknown key (line 1)",
		},
		"SecretOfNothing": {
			text: "companies: [{id: a, ontop: {secrets: [{not_after: 2026-09-01}]}}]\n",
			want: "companies[a].ontop.secrets[0]: is empty; give a secret, or a mapping with secret or secret_file",
		},
		"SecretInPlaceAndInAFile": {
			text: "companies: [{id: a, ontop: {secrets: [{secret: x, secret_file: /y}]}}]\n",
			want: "companies[a].ontop.secrets[0].secret: given twice",
		},
		"SecretWhoseFileIsMissing": {
			text: "companies: [{id: a, ontop: {secrets: [{secret_file: /nowhere}]}}]\n",
			want: "companies[a].ontop.secrets[0].secret_file: open /nowhere: file does not exist",
		},
		"SecretThatEndsBeforeItBegins": {
			text: "companies: [{id: a, ontop: {secrets: [{secret: " + webhookSecret + ", not_before: 2026-09-02, not_after: 2026-09-01}]}}]\n",
			want: "companies[a].ontop.secrets[0].not_after: must be after not_before, is 2026-09-01T00:00:00Z",
		},
		"DateThatIsNone": {
			text: "companies: [{id: a, ontop: {secrets: [{secret: " + webhookSecret + ", not_after: soon}]}}]\n",
			want: "companies[a].ontop.secrets[0].not_after: must be a date, or time such as 2026-08-31T12:00:00Z",
		},
		"PublicKeyTooShort": {
			text: "companies: [{id: a, ontop: {secrets: [whpk_c2hvcnQ=]}}]\n",
			want: "companies[a].ontop.secrets[0]: must be whpk_ and 32 bytes in base64",
		},
		"SettingOfAnotherScheme": {
			text: "companies: [{id: a, ontop: {signature_prefix: sha256=}}]\n",
			want: `companies[a].ontop.signature_prefix: is used by signature hmac-hex only, and that is "standard-webhooks"`,
		},
		"TimestampThatIsNotSigned": {
			text: "companies: [{id: a, ontop: {signature: hmac-hex, timestamp_header: T}}]\n",
			want: "companies[a].ontop.timestamp_header: is not signed unless prefix or suffix uses {timestamp}",
		},
		"TimestampFromNowhere": {
			text: "companies: [{id: a, ontop: {signature: hmac-hex, suffix: '{timestamp}'}}]\n",
			want: "companies[a].ontop.timestamp_header: is missing, and prefix or suffix uses {timestamp}",
		},
		"HeaderThatIsNone": {
			text: "companies: [{id: a, ontop: {signature: hmac-hex, header: 'X Signature'}}]\n",
			want: `companies[a].ontop.header: must be the name of a header, is "X Signature"`,
		},
		"OriginThatIsNone": {
			text: "companies: [{id: a, ontop: {origins: [ontop.example]}}]\n",
			want: `companies[a].ontop.origins: must be an address or a network such as 203.0.113.0/24, is "ontop.example"`,
		},
		"PublicAddressThatIsNone": {
			text: "public: {url: hooks.example.com}\n",
			want: `public.url: must be an http(s) address, is "hooks.example.com"`,
		},
		"RedactionOfAnAmount": {
			text: "companies: [{id: a, ontop: {redact: {after_months: 24, fields: [data.worker_email, data.total_amount]}}}]\n",
			want: `companies[a].ontop.redact.fields[1]: "data.total_amount" reaches data.total_amount, which must stay`,
		},
		"RedactionOfEverything": {
			text: "companies: [{id: a, ontop: {redact: {after_months: 24, fields: ['data.*']}}}]\n",
			want: `companies[a].ontop.redact.fields[0]: "data.*" reaches data.client_id, which must stay`,
		},
		"RedactionOfNothing": {
			text: "companies: [{id: a, ontop: {redact: {after_months: 24}}}]\n",
			want: "companies[a].ontop.redact.fields: is empty; name what is to be taken out after 24 months",
		},
		"RedactionAtNoTime": {
			text: "companies: [{id: a, ontop: {redact: {fields: [data.email]}}}]\n",
			want: "companies[a].ontop.redact.after_months: is missing; without it nothing is ever taken out",
		},
		"ProxiesThatMeanMoreThanTheySay": {
			text: "public: {proxies: [10.1.2.3/8]}\n",
			want: `public.proxies: the network of "10.1.2.3/8" is 10.0.0.0/8; write that, or the address alone`,
		},
		"CertificateWithoutKey": {
			text: "public: {tls: {cert_file: /c}}\n",
			want: "public.tls: cert_file and key_file belong together; give both, or none",
		},
		"AuthoritiesWithoutCertificate": {
			text: "public: {tls: {client_ca_file: /c}}\n",
			want: "public.tls.cert_file: is missing; nothing else of public.tls does anything without it",
		},
		"OldTLS": {
			text: "public: {tls: {cert_file: /c, key_file: /k, min_version: '1.1'}}\n",
			want: `public.tls.min_version: must be one of 1.2, 1.3, is "1.1"`,
		},
		"ReplayWindow": {text: "public: {replay_window: -1s}\n", want: "public.replay_window: must be from 0s to 24h, is -1s"},
		"Connections":  {text: "public: {connections: -1}\n", want: "public.connections: must be from 1 to 1000000, is -1"},
		"PerAddress":   {text: "public: {connections: 10, connections_per_address: 11}\n", want: "public.connections_per_address: must be from 1 to 10, is 11"},
		"InFlight":     {text: "public: {in_flight: -1}\n", want: "public.in_flight: must be from 1 to 1000000, is -1"},
		"Buffer":       {text: "public: {buffer_mib: 1}\n", want: "public.buffer_mib: must be from 2 to 65536, is 1"},
		"ReadTimeout":  {text: "public: {read_timeout: 1ms}\n", want: "public.read_timeout: must be from 1s to 5m, is 1ms"},
		"NoSecret": {
			text: "companies: [{id: a}]\n",
			want: "companies[a].ontop.secrets: is empty; without a secret no delivery can be believed",
		},
		"MissingVariable": {
			text: "store: {dsn: 'http://${NOBODY}@h:1/d'}\n",
			want: "store.dsn: the environment has no variable NOBODY",
		},
		"SecretTwice": {
			text: "companies: [{id: a, quickbooks: {client_secret: x, client_secret_file: /y}}]\n",
			want: "companies[a].quickbooks.client_secret: given twice",
		},
		"SecretFileMissing": {
			text: "companies: [{id: a, quickbooks: {client_secret_file: /nowhere}}]\n",
			want: "companies[a].quickbooks.client_secret_file: open /nowhere: file does not exist",
		},
		"RelativeFolder": {
			text: "store: {dsn: 'embedded://data'}\n",
			want: `store.dsn: the folder behind embedded:// must be absolute, is "data"`,
		},
		"ClusterWithoutServer": {
			text: "store: {cluster: main}\n",
			want: "store.cluster: the embedded engine has no cluster",
		},
		"PlainHTTPToQuickBooks": {
			text: "companies: [{id: a, quickbooks: {token_url: 'http://example.com/t'}}]\n",
			want: "companies[a].quickbooks.token_url: must use https",
		},
		"SameListenerTwice": {
			text: "private: {listen: '127.0.0.1:8080'}\n",
			want: "private.listen: must differ from public.listen",
		},
		"UnknownSigning": {
			text: "companies: [{id: a, policy: {payee: {BARTER: worker}}}]\n",
			want: `companies[a].policy.payee: must be one of PAYMENT_AGENT, SERVICE_PROVIDER, CONTRACTOR_OF_RECORD, EOR, is "BARTER"`,
		},
		"PaymentsFromNowhere": {
			text: company("    policy: {record_payments: true}\n"),
			want: "companies[acme].policy.payment_account: is missing; record_payments needs the id in QuickBooks of the bank account " +
				"that stands for the wallet at Ontop",
		},
		"TopUpsOfNoWallet": {
			text: company("    policy: {record_top_ups: true, top_up_account: '36'}\n"),
			want: "companies[acme].policy.payment_account: is missing; record_top_ups needs",
		},
		"TopUpsFromNowhere": {
			text: company("    policy: {record_top_ups: true, payment_account: '35'}\n"),
			want: "companies[acme].policy.top_up_account: is missing; record_top_ups needs the id in QuickBooks of the bank account " +
				"that the wallet is filled from",
		},
		"TopUpsFromTheWallet": {
			text: company("    policy: {record_top_ups: true, payment_account: '35', top_up_account: '35'}\n"),
			want: `companies[acme].policy.top_up_account: must differ from payment_account, is "35" too`,
		},
		"AccountByName": {
			text: company("    policy: {record_payments: true, payment_account: Ontop wallet}\n"),
			want: `companies[acme].policy.payment_account: must be the account's id in QuickBooks, which is a number, is "Ontop wallet"`,
		},
		"PayableAccountByName": {
			text: company("    policy: {payable_accounts: {USD: Payables}}\n"),
			want: `companies[acme].policy.payable_accounts.USD: must be the account's id in QuickBooks, which is a number, is "Payables"`,
		},
		"FilesWithoutBounds": {
			text: company("    policy: {file_limit_mib: 100, files_at_once: 11, files_per_load: -1}\n"),
			want: "companies[acme].policy.file_limit_mib: must be from 1 to 95, is 100\n" +
				"companies[acme].policy.files_at_once: must be from 1 to 10, is 11\n" +
				"companies[acme].policy.files_per_load: must be from 1 to 1000, is -1",
		},
		"FileHostThatIsAnAddress": {
			text: company("    policy: {file_hosts: ['https://files.example.com/']}\n"),
			want: `companies[acme].policy.file_hosts[0]: "https://files.example.com/": must be a host such as files.example.com`,
		},
		"BudgetThatIsNoNumber": {
			text: "companies: [{id: a, quickbooks: {metered_budget: plenty}}]\n",
			want: `companies[a].quickbooks.metered_budget: must be a number, is "plenty"`,
		},
		"BudgetBelowNothing": {
			text: "companies: [{id: a, quickbooks: {metered_budget: -1}}]\n",
			want: "companies[a].quickbooks.metered_budget: must be from 0 to 100000000, is -1",
		},
		"MirrorOfNoDays": {
			text: "companies: [{id: a, quickbooks: {mirror_days: -3, duplicate_days: 400}}]\n",
			want: "companies[a].quickbooks.mirror_days: must be from 1 to 3660, is -3\n" +
				"companies[a].quickbooks.duplicate_days: must be from 1 to 366, is 400",
		},
		"UnknownCurrency": {
			text: "companies: [{id: a, policy: {payable_accounts: {usd: '33'}}}]\n",
			want: `companies[a].policy.payable_accounts: currency "usd": not an ISO 4217 code in upper case`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse([]byte(tc.text), home())
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// No budget is something else than a budget that is not given.
func TestParse_NoMeteredBudget(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(minimal()+"      metered_budget: 0\n      pkce: true\n"), home())
	require.NoError(t, err)
	require.Zero(t, *c.Companies[0].QuickBooks.MeteredBudget)
	require.True(t, c.Companies[0].QuickBooks.PKCE)
	var page bytes.Buffer
	require.NoError(t, c.Print(&page))
	require.Contains(t, page.String(), "metered_budget: 0\n")
}

func TestParse_ASecretThatCannotBeHadIsOneMistake(t *testing.T) {
	t.Parallel()
	_, err := config.Parse([]byte(`
key_file: /k
companies:
  - id: acme
    ontop: {secrets: ["${WEBHOOK}"]}
    quickbooks: {client_id: "...", client_secret: "${CLIENT}"}
  - id: globex
    ontop: {secrets: ["`+webhookSecret+`"]}
    quickbooks: {client_id: app, client_secret_file: /nowhere}
`), home())
	require.Error(t, err)
	require.Equal(t, []string{
		"companies[acme].quickbooks.client_secret: the environment has no variable CLIENT",
		"companies[acme].ontop.secrets[0]: the environment has no variable WEBHOOK",
		"companies[globex].quickbooks.client_secret_file: open /nowhere: file does not exist",
		"companies[acme].quickbooks.client_id: is missing; it is in the app's keys at developer.intuit.com",
	}, strings.Split(err.Error(), "\n"))
}

func TestLoad(t *testing.T) {
	t.Parallel()

	t.Run("SaysHowToMakeAFileThatIsMissing", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), home())
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "tieout config init")
	})

	t.Run("RefusesAFileOfTheWrongKind", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "big")
		require.NoError(t, os.WriteFile(path, make([]byte, 1<<20+1), 0o600))
		_, err := config.Load(path, home())
		require.ErrorContains(t, err, "larger than 1 MiB")
	})
}

func TestSecret_IsNeverPrinted(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(minimal()), home())
	require.NoError(t, err)

	var page bytes.Buffer
	require.NoError(t, c.Print(&page))
	encoded, err := json.Marshal(c)
	require.NoError(t, err)
	texts := []string{page.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		texts = append(texts, fmt.Sprintf(verb, c))
	}
	for _, text := range texts {
		require.NotContains(t, text, "hush-hush")
		require.NotContains(t, text, webhookSecret)
	}
	require.Contains(t, page.String(), "client_secret: <secret>")
}

func TestPrint_IsReadBack(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(minimal()), home())
	require.NoError(t, err)
	var page bytes.Buffer
	require.NoError(t, c.Print(&page))
	text := strings.ReplaceAll(page.String(), "- <secret>", "- "+webhookSecret)
	text = strings.ReplaceAll(text, "dsn: <secret>", "dsn: embedded:///x")
	text = strings.ReplaceAll(text, "<secret>", "other")
	again, err := config.Parse([]byte(text), home())
	require.NoError(t, err)
	require.Equal(t, c.Companies[0].Policy.Schema(), again.Companies[0].Policy.Schema())
}

// The page in the repository is what the program prints.
func TestReference_IsCurrent(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	require.NoError(t, config.Reference(&page))
	golden := filepath.Join("testdata", "reference.md")
	if *update {
		require.NoError(t, os.WriteFile(golden, page.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), page.String(), "run: go test ./cmd/internal/config -update")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal()))
	f.Add([]byte("companies: [{id: a, quickbooks: {client_secret: [hush-hush]}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse(data, home())
		if err != nil {
			require.Zero(t, c)
			return
		}
		require.NotEmpty(t, c.Companies)
	})
}
