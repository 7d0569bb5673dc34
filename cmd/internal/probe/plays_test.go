package probe_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// Every assumption that the simulator can play in several ways is recognised in
// each of them.
func TestRun_Plays(t *testing.T) {
	t.Parallel()
	type (
		config = quickbookstest.Config
		replay = quickbookstest.Replay
		rules  = quickbookstest.Rules
		realm  = quickbookstest.Realm
	)
	everything := func(r *realm) { r.MultiCurrency, r.WarnDuplicateBillNumber, r.BookCloseDate = true, true, "1999-06-30" }
	for name, play := range map[string]struct {
		cfg      config
		throttle bool
		found    map[string]string
		effect   map[string]probe.Effect
	}{
		"Default": {found: map[string]string{
			"replay-single": "replayed", "replay-changed-body": "first_answer", "replay-after-fault": "tried_afresh",
			"negative-line": "kept", "negative-total": "refused_6000", "duplicate-number": "off_accepted",
		}},
		"NoReplay": {
			cfg: config{Replay: replay{Off: true}},
			found: map[string]string{
				"replay-single": "written_again", "replay-batch": "written_again", "replay-other-batch": "written_again",
				"replay-alone": "written_again", "replay-changed-body": "written",
			},
			effect: map[string]probe.Effect{"replay-single": probe.Harmful, "replay-batch": probe.Harmful, "replay-alone": probe.Bearable},
		},
		"ReplayOfWholeBatchesOnly": {
			cfg: config{Replay: replay{WholeBatch: true}},
			found: map[string]string{
				"replay-batch": "replayed", "replay-other-batch": "written_again", "replay-alone": "written_again", "replay-single": "replayed",
			},
			effect: map[string]probe.Effect{"replay-other-batch": probe.Harmful, "replay-single": probe.Relied},
		},
		"ReplayAnswers6000": {
			cfg:    config{Replay: replay{Answers6000: true}},
			found:  map[string]string{"replay-single": "refused_6000", "replay-batch": "refused_6000"},
			effect: map[string]probe.Effect{"replay-single": probe.Bearable},
		},
		"ReplayOfFaults": {
			cfg: config{Replay: replay{Faults: true}}, found: map[string]string{"replay-after-fault": "fault_replayed"},
			effect: map[string]probe.Effect{"replay-after-fault": probe.Bearable},
		},
		"ChangedBodyIsRefused": {
			cfg:   config{Replay: replay{Changed: quickbookstest.ChangedFaults}},
			found: map[string]string{"replay-changed-body": "refused_600"},
		},
		"ChangedBodyIsWritten": {
			cfg:   config{Replay: replay{Changed: quickbookstest.ChangedExecutes}},
			found: map[string]string{"replay-changed-body": "written"},
		},
		"InactiveReferenceIs610": {
			cfg:   config{Rules: rules{InactiveReference: "610"}},
			found: map[string]string{"inactive-vendor": "refused_610", "inactive-account": "refused_610"},
		},
		"SmallBatches": {
			cfg:    config{Rules: rules{MaxBatch: 25}},
			found:  map[string]string{"batch-of-30": "refused_1040", "batch-of-31": "refused_1040"},
			effect: map[string]probe.Effect{"batch-of-30": probe.Harmful, "batch-of-31": probe.Relied},
		},
		"LargeBatches": {
			cfg:   config{Rules: rules{MaxBatch: 50}},
			found: map[string]string{"batch-of-30": "accepted", "batch-of-31": "accepted"},
		},
		"NameTakenNamesNobody": {
			cfg: config{Rules: rules{PlainNameTaken: true}},
			found: map[string]string{
				"name-of-vendor": "refused_naming_nobody", "name-of-customer": "refused_naming_nobody",
				"name-of-employee": "refused_naming_nobody", "name-of-inactive-vendor": "refused_naming_nobody",
			},
		},
		"InactiveFreesName": {
			cfg:   config{Rules: rules{InactiveFreesName: true}},
			found: map[string]string{"name-of-vendor": "refused_naming_holder", "name-of-inactive-vendor": "accepted"},
		},
		"ForeignReplaced": {
			cfg: config{Rules: rules{Foreign: quickbookstest.ForeignReplaced}},
			found: map[string]string{
				"name-emoji": "changed", "name-outside-latin-1": "changed", "name-latin-1": "kept",
			},
			effect: map[string]probe.Effect{"name-emoji": probe.Harmful},
		},
		"ForeignKept": {
			cfg:   config{Rules: rules{Foreign: quickbookstest.ForeignKept}},
			found: map[string]string{"name-emoji": "kept", "name-outside-latin-1": "kept", "name-colon": "refused_2040"},
		},
		"NegativeLinesRefused": {
			cfg:   config{Rules: rules{RefuseNegative: true}},
			found: map[string]string{"negative-line": "refused_2290", "zero-total": "refused_2290"},
		},
		"NegativeTotalsTaken": {
			cfg: config{Rules: rules{NegativeTotals: true}}, found: map[string]string{"negative-total": "kept"},
			effect: map[string]probe.Effect{"negative-total": probe.Bearable},
		},
		"AmountsRounded": {cfg: config{Rules: rules{RoundAmounts: true}}, found: map[string]string{"three-decimals": "rounded_up"}},
		"AnyAccount": {
			cfg: config{Rules: rules{AnyLineAccount: true}}, found: map[string]string{"asset-account": "accepted"},
		},
		"EverythingTurnedOn": {
			cfg: config{Realms: company(everything)}, throttle: true,
			found: map[string]string{
				"duplicate-number": "on_refused", "duplicate-number-scope": "per_vendor", "duplicate-number-wording": "names_holder",
				"closed-period": "refused_6210", "closing-date-visible": "shown", "currency-mismatch": "refused_6000",
				"payable-mismatch": "refused_6000", "missing-rate": "at_one", "missing-payable": "refused_2020",
				"read-back-foreign": "as_sent", "throttle-status": "status_429", "throttle-retry-after": "no_header",
			},
		},
		"ClosedIs6200AndRatesAreTheCompanys": {
			cfg:   config{Realms: company(everything), Rules: rules{ClosedCode: "6200", CompanyRate: true}},
			found: map[string]string{"closed-period": "refused_6200", "missing-rate": "at_company_rate"},
		},
		"SettingsHidden": {
			cfg: config{Realms: company(func(r *realm) {
				everything(r)
				r.HideCloseDate, r.HideDuplicateWarning = true, true
			})},
			found: map[string]string{
				"duplicate-number": "unknown_refused", "closed-period": "refused_6210", "closing-date-visible": "hidden",
			},
		},
		"WarningHiddenAndOff": {
			cfg:   config{Realms: company(func(r *realm) { r.HideDuplicateWarning = true })},
			found: map[string]string{"duplicate-number": "unknown_accepted"},
		},
		"ThrottledWith403": {
			cfg: config{Limits: quickbookstest.Limits{Status: 403}}, throttle: true,
			found: map[string]string{"throttle-status": "status_403", "throttle-retry-after": "no_header"},
		},
		"NotThrottled": {
			cfg: config{Limits: quickbookstest.Limits{Off: true}}, throttle: true,
			found: map[string]string{"throttle-status": "not_throttled"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := probed(t, play.cfg, probe.Config{Throttle: play.throttle})
			for experiment, answer := range play.found {
				require.Equal(t, answer, found(t, report, experiment).Found, experiment)
			}
			for experiment, effect := range play.effect {
				require.Equal(t, effect, found(t, report, experiment).Effect, experiment)
			}
			for _, f := range report.Findings {
				require.NotEqual(t, probe.Unforeseen, f.Effect, "%s: %s", f.Name, f.Found)
			}
		})
	}
}

func TestRun_Again(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]struct {
		cfg   quickbookstest.Config
		found string
	}{
		"StillKnown":       {found: "still_known"},
		"Forgotten":        {quickbookstest.Config{Replay: quickbookstest.Replay{ForgetAfter: 24 * time.Hour}}, "forgotten"},
		"ForgottenAndFree": {quickbookstest.Config{Replay: quickbookstest.Replay{Off: true}, Rules: quickbookstest.Rules{InactiveFreesName: true}}, "forgotten"},
		"Refused":          {quickbookstest.Config{Replay: quickbookstest.Replay{Answers6000: true}}, "refused_6000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, books := connected(t, play.cfg)
				first, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now})
				require.NoError(t, err)
				time.Sleep(25 * time.Hour) // fake time
				second, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now, Again: first.Again})
				require.NoError(t, err)
				require.Len(t, second.Findings, 1)
				require.Equal(t, play.found, second.Findings[0].Found)
				require.Equal(t, probe.AsReliedOn, second.Findings[0].Verdict)
				require.Empty(t, second.Again)
				requireClean(t, books)
			})
		})
	}

	t.Run("TakesOnlyWhatAProbePrinted", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, books := connected(t, quickbookstest.Config{})
			for _, id := range []string{"x", "probe-20260101T000000Z-01", "probe-20260101T000000Z-again&x=y"} {
				_, err := probe.Run(t.Context(), client, probe.Config{Now: time.Now, Again: id})
				require.ErrorContains(t, err, "not one that a probe printed")
			}
			require.Zero(t, books.Count("", "Vendor"))
		})
	})
}
