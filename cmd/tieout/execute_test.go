package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// said is what a command line ended with.
type said struct {
	code     int
	out, err string
}

// call runs a command line as main does.
func call(t *testing.T, args ...string) said {
	t.Helper()
	var out, errOut bytes.Buffer
	code := execute(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errOut})
	return said{code: code, out: out.String(), err: errOut.String()}
}

func TestExecute_UsageErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		err  string
	}{
		{[]string{"frobnicate"}, "tieout: unknown command \"frobnicate\"\nSee `tieout --help`.\n"},
		{[]string{"recncile"}, "tieout: unknown command \"recncile\"; did you mean reconcile?\nSee `tieout --help`.\n"},
		{[]string{"rules", "exprt"}, "tieout: unknown command \"exprt\"; did you mean export?\nSee `tieout rules --help`.\n"},
		{[]string{"sync", "acme"}, "tieout: takes no argument, got \"acme\"\nSee `tieout sync --help`.\n"},
		{[]string{"serve", "--nope"}, "tieout: unknown flag: --nope\nSee `tieout serve --help`.\n"},
		{[]string{"status", "--json=perhaps"}, "See `tieout status --help`."},
		{[]string{"import"}, "tieout: needs FILE, got 0 arguments\nSee `tieout import --help`.\n"},
		{[]string{"import", "a", "b"}, "tieout: needs FILE, got 2 arguments\n"},
		{[]string{"vendors", "link", "worker:1:USD"}, "tieout: needs PAYEE and VENDOR-ID, got 1 argument\n"},
		{[]string{"vendors", "approve"}, "tieout: name payees, or give --all\n"},
		{[]string{"vendors", "approve", "--all", "worker:1:USD"}, "tieout: name payees, or give --all\n"},
		{[]string{"holds", "skip", "880001"}, "tieout: --reason: needed; whoever reads the report will ask why\n"},
		{[]string{"holds", "hold", "880001", "--reason", "  "}, "--reason: needed"},
		{[]string{"corrections", "approve"}, "tieout: needs INVOICE, got 0 arguments\n"},
		{[]string{"corrections", "accept", "880001"}, "tieout: --reason: needed; whoever reads the report will ask why\n"},
		{[]string{"payments", "match", "60001"}, "tieout: needs PAYMENT and INVOICE, got 1 argument\n"},
		{[]string{"payments", "skip", "60001"}, "tieout: --reason: needed"},
		{[]string{"attachments", "retry"}, "tieout: needs SUBJECT, got 0 arguments\n"},
		{[]string{"attachments", "skp", "880001"}, "tieout: unknown command \"skp\"; did you mean skip?\n"},
		{[]string{"disconnect"}, "tieout: --company: needed"},
		{[]string{"reconcile"}, "tieout: --period: needed, such as 20"},
		{[]string{"reconcile", "--period", "2026-13"}, "tieout: --period: "},
		{[]string{"reconcile", "--period", "2026-08", "--format", "docx"}, "tieout: --format: must be text or json, is \"docx\"\n"},
		{[]string{"reconcile", "--period", "2026-08", "--as-of", "yesterday"}, "tieout: --as-of: must be YYYY-MM-DD or an instant such as 2026-09-01T08:00:00Z, is \"yesterday\"\n"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			got := call(t, c.args...)
			require.Equal(t, exitUsage, got.code)
			require.Contains(t, got.err, c.err)
			require.Empty(t, got.out)
		})
	}
}

func TestExecute_Help(t *testing.T) {
	t.Parallel()

	t.Run("ListsEveryCommand", func(t *testing.T) {
		t.Parallel()
		got := call(t, "--help")
		require.Equal(t, exitDone, got.code)
		for _, command := range []string{
			"serve", "sync", "reconcile", "import", "connect", "disconnect", "rules", "vendors", "holds", "corrections", "payments",
			"attachments", "deliveries", "replay", "journal", "status", "config", "engine", "migrate", "faults", "version",
		} {
			require.Regexp(t, `(?m)^  `+command+` +\S`, got.out)
		}
		require.Contains(t, got.out, "Exit codes: 0 done, 1 error, 2 wrong usage, 3 a period that does not tie.")
		require.Equal(t, got, call(t), "no command is help")
	})

	t.Run("IsThereForEveryCommand", func(t *testing.T) {
		t.Parallel()
		for _, command := range newRoot(streams{}).Commands() {
			got := call(t, command.Name(), "--help")
			require.Equal(t, exitDone, got.code, command.Name())
			require.Contains(t, got.out, "Usage:", command.Name())
			require.NotEmpty(t, command.Short)
			for _, sub := range command.Commands() {
				require.Contains(t, got.out, sub.Name())
				require.NotEmpty(t, sub.Short)
			}
		}
	})

	// The variables are nowhere in the configuration, so that this is where they are found.
	t.Run("NamesTheVariablesOfTraces", func(t *testing.T) {
		t.Parallel()
		help := call(t, "serve", "--help").out
		for _, name := range []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS",
			"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", "OTEL_BSP_",
		} {
			require.Contains(t, help, name)
		}
	})

	t.Run("EveryListingTakesJSON", func(t *testing.T) {
		t.Parallel()
		for _, command := range []string{"sync", "rules", "vendors", "holds", "corrections", "payments", "attachments", "replay", "status", "faults", "import"} {
			require.Contains(t, call(t, command, "--help").out, "--json", command)
		}
	})
}

func TestExecute_SaysHowWhatCameEarlierIsBroughtIn(t *testing.T) {
	t.Parallel()
	for command, policy := range map[string]string{"payments": "policy.record_payments", "attachments": "policy.attach_pdf"} {
		help := call(t, command, "--help").out
		require.Contains(t, help, policy)
		require.Contains(t, help, "`tieout replay --from TIME --to TIME`")
	}
}

func TestExecute_Version(t *testing.T) {
	t.Parallel()
	got := call(t, "version")
	require.Equal(t, exitDone, got.code)
	require.Regexp(t, `^tieout \S+ \(go\S+, \w+/\w+\)\n$`, got.out)
}

func TestExecute_Faults(t *testing.T) {
	t.Parallel()
	got := call(t, "faults", "--json")
	require.Equal(t, exitDone, got.code)
	var all []map[string]string
	require.NoError(t, json.Unmarshal([]byte(got.out), &all))
	require.NotEmpty(t, all)
	table := call(t, "faults")
	require.Equal(t, exitDone, table.code)
	require.Regexp(t, `^CODE +NAME +DECISION +FINANCE READS +NEXT STEP\n`, table.out)
	for _, entry := range all {
		require.NotEmpty(t, entry["sentence"], entry["code"])
		require.NotEmpty(t, entry["next_step"], entry["code"])
		require.Contains(t, table.out, entry["sentence"])
	}
}

func TestExecute_StoppedIsNoUsageError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	code := execute(ctx, []string{"faults"}, streams{in: strings.NewReader(""), out: &out, err: &errOut})
	require.NotEqual(t, exitUsage, code)
}

const fiveMistakes = `public: {listen: "8080"}
schedule: {transform: sometimes}
key_file: keyset.json
companies:
  - id: Acme Inc
    ontop: {signature: rot13, secrets: ["a secret that is long enough"]}
    quickbooks: {client_id: app, client_secret: hush, batch_size: 31}
`

func TestExecute_Config(t *testing.T) {
	t.Parallel()

	t.Run("ReportsFiveMistakesByKey", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "tieout.yaml")
		require.NoError(t, os.WriteFile(file, []byte(fiveMistakes), 0o600))
		for _, command := range [][]string{{"config", "check"}, {"serve"}, {"status"}} {
			got := call(t, append(command, "--config", file)...)
			require.Equal(t, exitError, got.code)
			require.Equal(t, "tieout: configuration "+file+`:
public.listen: must be host:port, is "8080"
schedule.transform: must be a cron expression or @every DURATION, is "sometimes"
companies[Acme Inc].id: must be 1 to 40 lower-case letters, digits and dashes, is "Acme Inc"
companies[Acme Inc].ontop.signature: must be one of standard-webhooks, hmac-hex, bearer, is "rot13"
companies[Acme Inc].quickbooks.batch_size: must be from 1 to 30, is 31
`, got.err, "%v", command)
		}
	})

	t.Run("InitWritesWhatCheckTakes", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		file := filepath.Join(dir, "tieout.yaml")
		got := call(t, "config", "init", "--dir", dir)
		require.Equal(t, exitDone, got.code, got.err)
		require.Contains(t, got.out, "Back up the keyset")
		for _, name := range []string{"tieout.yaml", "keyset.json"} {
			info, err := os.Stat(filepath.Join(dir, name))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
		}
		require.Contains(t, call(t, "config", "check", "--config", file).err, "ONTOP_WEBHOOK_SECRET", "the secrets are still to be given")

		text, err := os.ReadFile(file)
		require.NoError(t, err)
		filled := strings.NewReplacer(
			"${ONTOP_WEBHOOK_SECRET}", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "${QUICKBOOKS_CLIENT_SECRET}", "hush-hush",
			`client_id: "..."`, `client_id: "ABxyz"`,
		).Replace(string(text))
		require.NoError(t, os.WriteFile(file, []byte(filled), 0o600))
		got = call(t, "config", "check", "--config", file)
		require.Equal(t, said{out: "the configuration is right; companies: 1\n"}, got)

		printed := call(t, "config", "print", "--config", file)
		require.Equal(t, exitDone, printed.code)
		require.NotContains(t, printed.out, "hush-hush")
		require.NotContains(t, printed.out, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

		again := call(t, "config", "init", "--dir", dir)
		require.Equal(t, exitError, again.code)
		require.Contains(t, again.err, "keyset.json exists already, and is not replaced; give another folder with --dir")
	})

	t.Run("InitWritesNothingWhereSomethingIs", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tieout.yaml"), []byte("mine"), 0o600))
		require.Contains(t, call(t, "config", "init", "--dir", dir).err, "tieout.yaml exists already")
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, files, 1, "no half of it is written either")
	})

	t.Run("SaysHowToGetOne", func(t *testing.T) {
		t.Parallel()
		got := call(t, "config", "check", "--config", filepath.Join(t.TempDir(), "absent.yaml"))
		require.Equal(t, exitError, got.code)
		require.Contains(t, got.err, "write one with `tieout config init`")
	})

	t.Run("SaysWhenTheKeysetIsMissing", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		file := filepath.Join(dir, "tieout.yaml")
		text := strings.NewReplacer(`"8080"`, `"127.0.0.1:8080"`, "sometimes", "'@hourly'", "Acme Inc", "acme", "rot13", "bearer", "31", "30").
			Replace(fiveMistakes)
		require.NoError(t, os.WriteFile(file, []byte(strings.Replace(text, "keyset.json", filepath.Join(dir, "keyset.json"), 1)), 0o600))
		got := call(t, "config", "check", "--config", file)
		require.Equal(t, exitError, got.code)
		require.Contains(t, got.err, "key_file: ")
		require.Contains(t, got.err, "`tieout config init` makes one")
	})

	t.Run("ExplainsEveryKey", func(t *testing.T) {
		t.Parallel()
		got := call(t, "config", "reference")
		require.Equal(t, exitDone, got.code)
		require.Contains(t, got.out, "create_vendors")
	})
}
