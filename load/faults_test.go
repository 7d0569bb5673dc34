package load_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// Every fault that the catalogue knows strikes one bill of three. The others are
// posted; the one ends as its decision says.
func TestLoader_EveryFault(t *testing.T) {
	t.Parallel()
	for _, entry := range quickbooks.Catalogue() {
		if entry.Code[0] < '0' || entry.Code[0] > '9' {
			continue // answers of the token endpoint, and bare statuses
		}
		t.Run(entry.Code+entry.When, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				drafts := b.due(3)
				b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.ItemFault, On: "batch", Code: entry.Code, Detail: entry.When})

				result, err := b.loader.RunOnce(t.Context())

				require.Equal(t, 2, result.Bills.Posted)
				var struck schema.Posting
				for _, d := range drafts {
					if p := b.bill(d); p.State != schema.PostingPosted {
						struck = p
					}
				}
				require.Equal(t, entry.Scope == quickbooks.WholeCompany, err != nil, "only what concerns the company is an error: %v", err)
				switch {
				case entry.Scope == quickbooks.WholeCompany, entry.Decision == quickbooks.Retry, entry.Decision == quickbooks.Wait:
					require.Equal(t, schema.PostingDeclined, struck.State)
					require.False(t, struck.RetryAt.IsZero(), "it is tried again by itself")
				case entry.Decision == quickbooks.LookUp && struck.State == schema.PostingUncertain:
					require.Equal(t, 1, result.Bills.Uncertain)
				default:
					require.Equal(t, schema.PostingDeclined, struck.State)
					require.True(t, struck.RetryAt.IsZero(), "it waits for a person")
					require.NotEmpty(t, struck.Fault.Next)
				}
				require.NotEmpty(t, struck.Fault.Meaning)
				require.Equal(t, entry.Code, struck.Fault.Code)
				require.NotEmpty(t, struck.TraceID)
				require.Equal(t, strings.Contains(entry.NextStep, "with the reference") && struck.State == schema.PostingDeclined,
					strings.Contains(struck.Fault.Next, struck.TraceID), "who has to give the reference is told it: %s", struck.Fault.Next)

				if struck.State == schema.PostingUncertain || !struck.RetryAt.IsZero() {
					time.Sleep(10 * time.Minute)
					b.until(5)
					require.Len(t, b.bills(), 3, "once the trouble is over, it is posted")
				}
			})
		})
	}
}

// Intuit's support finds a request by its reference, also one that ended badly.
func TestLoader_KeepsIntuitsReference(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]quickbookstest.Trouble{
		"OfAnAnswerThatSaysNothing":  {Kind: quickbookstest.ServerError, Status: http.StatusServiceUnavailable},
		"OfABatchThatWasRefused":     {Kind: quickbookstest.ItemFault, Code: "6190"},
		"OfAnAnswerThatWasTruncated": {Kind: quickbookstest.Truncate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				d := b.due(1)[0]
				trouble.On = "batch"
				b.sim.Next(trouble)
				_, _ = b.loader.RunOnce(t.Context())
				require.NotEqual(t, schema.PostingPosted, b.bill(d).State)
				require.NotEmpty(t, b.bill(d).TraceID)
			})
		})
	}
}

// What QuickBooks itself refuses, as opposed to faults planted on it.
func TestLoader_Refusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		prepare func(*testing.T, *bench) schema.Draft
		code    string
	}{
		"ClosedPeriod": {
			prepare: func(t *testing.T, b *bench) schema.Draft {
				t.Helper()
				require.NoError(t, b.sim.Prefer("", func(p *quickbookstest.Preferences) { p.BookCloseDate = "2026-08-31" }))
				return b.draft(1)
			},
			code: "6210",
		},
		"InactiveAccount": {
			prepare: func(_ *testing.T, b *bench) schema.Draft {
				return b.draft(1, func(d *schema.Draft) { d.Lines[0].Account = inactive })
			},
			code: "2500",
		},
		"InactiveVendor": {
			prepare: func(t *testing.T, b *bench) schema.Draft {
				t.Helper()
				require.NoError(t, b.sim.Deactivate("", "Vendor", string(b.vendor)))
				return b.draft(1)
			},
			code: "2500",
		},
		"DocNumberTooLong": {
			prepare: func(_ *testing.T, b *bench) schema.Draft {
				return b.draft(1, func(d *schema.Draft) { d.DocNumber = "1234567890123456789012" })
			},
			code: "2050",
		},
		"NegativeTotal": {
			prepare: func(_ *testing.T, b *bench) schema.Draft {
				return b.draft(1, func(d *schema.Draft) {
					d.Lines = []schema.DraftLine{{ItemID: "1", Amount: schema.NewMoney(-100, "USD"), Account: contractors}}
				})
			},
			code: "6000",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				d := c.prepare(t, b)
				b.record(d)

				result := b.cycle()

				p := b.bill(d)
				require.Equal(t, 1, result.Bills.Declined)
				require.Equal(t, schema.PostingDeclined, p.State)
				require.Equal(t, c.code, p.Fault.Code)
				require.NotEmpty(t, p.Fault.Meaning)
				require.NotEmpty(t, p.Fault.Next)
				require.NotEqual(t, schema.OwnerNobody, p.Fault.Owner)
				require.Zero(t, b.cycle(), "the same is never sent again by itself")
			})
		})
	}
}

func TestLoader_RunOnce(t *testing.T) {
	t.Parallel()

	t.Run("TellsThatItMustBeConnectedAgain", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t)
			b.cycle()
			drafts := b.due(100)
			b.sim.Disconnect(quickbookstest.DefaultRealm)

			_, err := b.loader.RunOnce(t.Context())

			require.ErrorIs(t, err, load.ErrReauthorise)
			require.Empty(t, b.bills())
			for _, d := range drafts {
				require.NotEqual(t, schema.PostingPosted, b.bill(d).State)
			}
			b.restart() // connected again
			b.until(3)
			require.Len(t, b.bills(), 100, "at once, and not when some pause is over")
		})
	})

	t.Run("StopsWhatABlockedCompanyMustAndSaysSo", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t)
			first := b.draft(1)
			b.record(first)
			b.cycle()
			require.NoError(t, b.sim.Refuse("", "6190", true))
			var more []schema.Draft
			for n := range 300 {
				more = append(more, b.draft(n+2))
			}
			b.record(more...)
			before := b.sim.Stats().Requests["batch"]

			_, err := b.loader.RunOnce(t.Context())
			_, again := b.loader.RunOnce(t.Context())

			require.ErrorIs(t, err, load.ErrBlocked)
			require.ErrorIs(t, again, load.ErrBlocked)
			require.LessOrEqual(t, b.sim.Stats().Requests["batch"]-before, 5, "not every batch meets the same refusal")
			require.NoError(t, b.sim.Refuse("", "", true))
			time.Sleep(10 * time.Minute)
			b.until(3)
			require.Len(t, b.bills(), 301)
		})
	})

	t.Run("PostsNothingNewWhileAnOpenNameCannotBeLookedUp", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t)
			b.due(1)
			b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
			b.cycle()
			b.record(b.draft(2))
			b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "query", Times: 5})

			_, err := b.loader.RunOnce(t.Context())

			require.ErrorIs(t, err, load.ErrNoAnswer)
			require.Len(t, b.bills(), 1)
			b.until(3)
			require.Len(t, b.bills(), 2)
		})
	})

	t.Run("GivesUpAfterSomeBatchesWithoutAnswer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, withConfig(func(c *load.Config) { c.InFlight = 1 }))
			b.due(600)
			b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch", Times: 100})

			result, err := b.loader.RunOnce(t.Context())

			require.ErrorIs(t, err, load.ErrNoAnswer)
			require.LessOrEqual(t, result.Bills.Uncertain, 120)
		})
	})

	t.Run("WritesAnswersDownEvenWhenToldToStop", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t)
			drafts := b.due(1)
			b.cycleUntilSent(t)

			require.NotEqual(t, schema.PostingNamed, b.bill(drafts[0]).State)
			b.until(3)
			require.Len(t, b.bills(), 1)
		})
	})
}

// cycleUntilSent runs a cycle that is told to stop while a batch is under way.
func (b *bench) cycleUntilSent(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.DelayAfter, On: "batch", Delay: 20 * time.Second})
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.loader.RunOnce(ctx)
	}()
	time.Sleep(10 * time.Second)
	cancel()
	<-done
}
