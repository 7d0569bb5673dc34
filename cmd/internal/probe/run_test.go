package probe_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestRun_DefaultSimulator(t *testing.T) {
	t.Parallel()
	report := probed(t, quickbookstest.Config{}, probe.Config{})
	require.Empty(t, report.Alarming())
	require.Empty(t, report.Of(probe.Different), "the simulator plays what tieout was built for")
	require.Empty(t, report.Left)
	require.Len(t, report.Findings, len(probe.Catalogue()))
	for _, f := range report.Findings {
		if f.Verdict == probe.NotTried {
			require.NotEmpty(t, f.Reason, f.Name)
			require.Empty(t, f.Found, f.Name)
			continue
		}
		require.NotEmpty(t, f.Evidence, f.Name)
	}
	require.NotEmpty(t, report.Again)
	require.Positive(t, report.Removed["Bill"])
}

// A company with everything turned on leaves no question untried but the one that
// takes hours.
func TestRun_EverythingTurnedOn(t *testing.T) {
	t.Parallel()
	report := probed(t, quickbookstest.Config{Realms: company(func(r *quickbookstest.Realm) {
		r.MultiCurrency, r.WarnDuplicateBillNumber, r.BookCloseDate = true, true, "1999-06-30"
	})}, probe.Config{Throttle: true})
	require.Empty(t, report.Alarming())
	untried := report.Of(probe.NotTried)
	require.Len(t, untried, 1)
	require.Equal(t, "replay-later", untried[0].Name)
	require.Contains(t, untried[0].Reason, "--again "+report.Again)
}

func TestRun_OtherCountries(t *testing.T) {
	t.Parallel()
	for _, country := range []string{"GB", "CA", "AU"} {
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			report := probed(t, quickbookstest.Config{Realms: company(func(r *quickbookstest.Realm) {
				r.Country, r.HomeCurrency, r.MultiCurrency, r.Language = country, "GBP", true, "fr"
			})}, probe.Config{})
			require.Empty(t, report.Alarming())
			require.Equal(t, "kept", found(t, report, "name-emoji").Found, "only US companies keep to ISO-8859-1")
		})
	}
}

func TestRun_Report(t *testing.T) {
	t.Parallel()
	report := probed(t, quickbookstest.Config{
		Rules:  quickbookstest.Rules{MaxBatch: 25, PlainNameTaken: true, Foreign: quickbookstest.ForeignReplaced, AnyLineAccount: true},
		Replay: quickbookstest.Replay{Faults: true},
	}, probe.Config{})

	t.Run("SurprisesComeFirst", func(t *testing.T) {
		t.Parallel()
		rank := map[probe.Effect]int{probe.Harmful: 0, probe.Unforeseen: 1, probe.Bearable: 2, "": 3, probe.Relied: 4}
		last := 0
		for _, f := range report.Findings {
			require.GreaterOrEqual(t, rank[f.Effect], last, f.Name)
			last = rank[f.Effect]
		}
		require.Equal(t, probe.Harmful, report.Findings[0].Effect)
		require.Len(t, report.Alarming(), 3)
	})
	t.Run("EvidenceNamesFaultAndTID", func(t *testing.T) {
		t.Parallel()
		f := found(t, report, "batch-of-30")
		require.Equal(t, "refused_1040", f.Found)
		require.Equal(t, "1040", f.Evidence[0].Code)
		require.NotEmpty(t, f.Evidence[0].TID)
		require.Equal(t, 400, f.Evidence[0].Status)
	})
	t.Run("SurvivesJSON", func(t *testing.T) {
		t.Parallel()
		raw, err := json.Marshal(report)
		require.NoError(t, err)
		var back probe.Report
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Len(t, back.Findings, len(report.Findings))
		require.NotContains(t, string(raw), "Bearer")
	})
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range probe.Catalogue() {
		require.Regexp(t, `^[a-z0-9-]+$`, e.Name)
		require.False(t, seen[e.Name], e.Name)
		seen[e.Name] = true
		for what, text := range map[string]string{
			"question": e.Question, "documented": e.Documented, "tried": e.Tried, "relies on": e.ReliesOn,
		} {
			require.NotEmpty(t, text, "%s: %s", e.Name, what)
		}
		require.True(t, strings.HasSuffix(e.Question, "?"), e.Name)
		keys, likely := map[string]bool{}, 0
		for _, a := range e.Answers {
			require.False(t, keys[a.Key], "%s: %s", e.Name, a.Key)
			keys[a.Key] = true
			require.NotEmpty(t, a.Meaning)
			if a.Effect == probe.Relied {
				likely++
			}
		}
		require.Positive(t, likely, "%s has no answer that tieout was built for", e.Name)
		require.Greater(t, len(e.Answers), 1, "%s is no question", e.Name)
	}
	require.NotEmpty(t, probe.Beyond())
}

func TestRun_LeavesOthersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, quickbookstest.Config{})
		vendor, err := books.Create("", "Vendor", map[string]any{"DisplayName": "tieout"})
		require.NoError(t, err)
		bill, err := books.Create("", "Bill", map[string]any{
			"VendorRef": map[string]any{"value": vendor}, "DocNumber": "1",
			"Line": []any{map[string]any{
				"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
			}},
		})
		require.NoError(t, err)
		before := entity(t, books, "Bill", bill)

		_, err = probe.Run(t.Context(), client, probe.Config{Now: time.Now})
		require.NoError(t, err)
		require.Equal(t, before, entity(t, books, "Bill", bill))
		require.Contains(t, entity(t, books, "Vendor", vendor), `"Active":true`)
		require.Equal(t, 1, books.Count("", "Bill"))
	})
}

// A bookkeeper who renames what the probe made has made it theirs.
func TestRun_LeavesWhatIsRenamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, quickbookstest.Config{})
		report, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now, Progress: func(name string) {
			if name != "replay-single" {
				return
			}
			bills, err := books.Books("")
			require.NoError(t, err)
			var first struct {
				ID string `json:"Id"`
			}
			require.NoError(t, json.Unmarshal(bills.Entities["Bill"][0], &first))
			require.NoError(t, books.Edit("", "Bill", first.ID, map[string]any{"PrivateNote": "kept on purpose"}))
		}})
		require.NoError(t, err)
		require.Equal(t, 1, books.Count("", "Bill"))
		require.Len(t, report.Left, 1)
		require.Contains(t, report.Left[0], "not named as the probe")
	})
}

func TestRun_CleansUpAfterAnEarlierRunThatWasKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, quickbookstest.Config{})
		vendor, err := books.Create("", "Vendor", map[string]any{"DisplayName": "tieout probe 12345 vendor"})
		require.NoError(t, err)
		_, err = books.Create("", "Bill", map[string]any{
			"VendorRef": map[string]any{"value": vendor}, "DocNumber": "tieout probe 1234501", "PrivateNote": "tieout probe 12345",
			"Line": []any{map[string]any{
				"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
			}},
		})
		require.NoError(t, err)
		_, err = probe.Run(t.Context(), client, probe.Config{Now: time.Now})
		require.NoError(t, err)
		requireClean(t, books)
	})
}

func TestRun_Interrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, quickbookstest.Config{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		report, err := probe.Run(ctx, client, probe.Config{Now: time.Now, Progress: func(name string) {
			if name == "replay-batch" {
				stop()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, probe.AsReliedOn, found(t, report, "read-back").Verdict)
		require.Equal(t, "The run ended before it.", found(t, report, "deleted-change").Reason)
		requireClean(t, books)
	})
}

func TestRun_CompanyThatRefusesEverything(t *testing.T) {
	t.Parallel()

	t.Run("FromTheStart", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, books := connected(t, quickbookstest.Config{})
			require.NoError(t, books.Refuse("", "120", false))
			report, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now})
			require.ErrorContains(t, err, "look at the company")
			require.Empty(t, report.Findings)
		})
	})
	t.Run("WritesOnly", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, books := connected(t, quickbookstest.Config{})
			require.NoError(t, books.Refuse("", "6190", true))
			report, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now})
			fault := &quickbooks.Fault{}
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "6190", fault.Code)
			require.Len(t, report.Of(probe.NotTried), len(report.Findings))
			require.Zero(t, books.Count("", "Vendor"))
		})
	})
	t.Run("WithoutAnExpenseAccount", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, books := connected(t, quickbookstest.Config{})
			for _, id := range []string{"7", "8", "9", "10", "11", "12", "13", "14", "28", "29", "30", "31", "32"} {
				require.NoError(t, books.Deactivate("", "Account", id))
			}
			_, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now})
			require.ErrorContains(t, err, "needs an active expense account")
		})
	})
}

// Lost answers are no findings, and what they may have made is found by name.
func TestRun_LostAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, quickbookstest.Config{})
		report, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now, Progress: func(name string) {
			switch name {
			case "replay-single", "name-of-customer", "inactive-account":
				lost := quickbookstest.Lose()
				lost.On = "write"
				books.Next(lost)
			}
		}})
		require.NoError(t, err)
		for _, name := range []string{"replay-single", "name-of-customer", "inactive-account"} {
			f := found(t, report, name)
			require.Equal(t, probe.NotTried, f.Verdict, name)
			require.Contains(t, f.Reason, "no answer", name)
		}
		requireClean(t, books)
	})
}

func TestRun_FailureInside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, quickbookstest.Config{})
		report, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now, Progress: func(name string) {
			if name == "name-emoji" {
				failure := quickbookstest.Status(500)
				failure.On = "write"
				books.Next(failure)
			}
		}})
		require.NoError(t, err)
		f := found(t, report, "name-emoji")
		require.Equal(t, probe.Unforeseen, f.Effect, "an answer that nobody foresaw is not taken for another")
		require.Equal(t, "failed_inside", f.Found)
		require.Len(t, report.Alarming(), 1)
		requireClean(t, books)
	})
}

func entity(t *testing.T, books *quickbookstest.Server, kind, id string) string {
	t.Helper()
	all, err := books.Books("")
	require.NoError(t, err)
	for _, raw := range all.Entities[kind] {
		var row struct {
			ID string `json:"Id"`
		}
		require.NoError(t, json.Unmarshal(raw, &row))
		if row.ID == id {
			return string(raw)
		}
	}
	return ""
}
