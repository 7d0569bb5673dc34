package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func receipt(id, body string, kind schema.OutcomeKind) schema.Receipt {
	d := schema.Delivery{Company: "acme", ID: schema.DeliveryID(id), ReceivedAt: noon, Channel: schema.ChannelWebhook, Body: []byte(body)}
	r := schema.Receipt{Delivery: d, BodySum: d.Sum()}
	if kind != "" {
		r.Outcome = schema.Outcome{
			Company: "acme", Delivery: d.ID, Body: r.BodySum, Kind: kind, EventType: "INVOICE_PAID", Subjects: []string{"880001"},
			ReceivedAt: noon, RecordedAt: noon.Add(time.Second),
		}
	}
	return r
}

func dismissed(r schema.Receipt) schema.Receipt {
	r.Review = schema.Review{Outcome: r.Outcome, Dismissed: true, Reason: "a test of Ontop's", By: "eva"}
	r.Review.RecordedAt = noon.Add(time.Hour)
	return r
}

// streamed yields receipts without bodies, as a list has them.
func streamed(all ...schema.Receipt) iter.Seq2[schema.Receipt, error] {
	return func(yield func(schema.Receipt, error) bool) {
		for _, r := range all {
			r.Body = nil
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestListDeliveries(t *testing.T) {
	t.Parallel()
	unreadable := receipt("d-2\x1b[2J", "two", schema.OutcomeUnreadable)
	unreadable.Outcome.Detail = "data.total_amount is \"much\": send a number"

	t.Run("WritesALineForEach", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		second := receipt("d-4", "4", schema.OutcomeApplied)
		second.Conflict = true
		require.NoError(t, listDeliveries(&deliveryTable{out: &out}, streamed(
			receipt("d-1", "1", schema.OutcomeApplied), unreadable, dismissed(unreadable), second, receipt("d-5", "5", ""),
		), 0))
		require.Equal(t, `RECEIVED              BY       ID                                      TYPE                        OUTCOME
2026-09-01 12:00:00Z  webhook  d-1                                     INVOICE_PAID                applied
2026-09-01 12:00:00Z  webhook  d-2·[2J                                 INVOICE_PAID                unreadable: data.total_amount is "much": send a number
2026-09-01 12:00:00Z  webhook  d-2·[2J                                 INVOICE_PAID                unreadable, dismissed
2026-09-01 12:00:00Z  webhook  d-4                                     INVOICE_PAID                applied, id used for other bodies
2026-09-01 12:00:00Z  webhook  d-5                                     -                           pending
`, out.String())
	})

	t.Run("SaysWhereItStopped", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.NoError(t, listDeliveries(&deliveryTable{out: &out}, streamed(receipt("d-1", "1", ""), receipt("d-2", "2", "")), 1))
		require.Contains(t, out.String(), "there are more: go on with --from 2026-09-01T12:00:00Z, or give --limit 0\n")
		require.NotContains(t, out.String(), "d-2")
		out.Reset()
		require.NoError(t, listDeliveries(&deliveryTable{out: &out}, streamed(), 1))
		require.Equal(t, "no delivery is like that\n", out.String())
	})

	t.Run("SaysBesideAnArrayThatItIsNotAll", func(t *testing.T) {
		t.Parallel()
		var out, beside bytes.Buffer
		require.NoError(t, listDeliveries(&deliveryArray{out: &out, err: &beside}, streamed(receipt("d-1", "1", ""), receipt("d-2", "2", "")), 1))
		var got []shownDelivery
		require.NoError(t, json.Unmarshal(out.Bytes(), &got))
		require.Len(t, got, 1)
		require.Equal(t, "there are more: go on with --from 2026-09-01T12:00:00Z, or give --limit 0\n", beside.String())
	})

	t.Run("WritesOneArrayHoweverLong", func(t *testing.T) {
		t.Parallel()
		for _, n := range []int{0, 1, 3} {
			var out bytes.Buffer
			var all []schema.Receipt
			for i := range n {
				all = append(all, receipt(fmt.Sprint("<d-", i), "1", schema.OutcomeForeign))
			}
			require.NoError(t, listDeliveries(&deliveryArray{out: &out}, streamed(all...), 0))
			var got []shownDelivery
			require.NoError(t, json.Unmarshal(out.Bytes(), &got))
			require.Len(t, got, n)
			for i := range got {
				require.Equal(t, newShownDelivery(all[i]), got[i])
				require.Contains(t, out.String(), fmt.Sprint("<d-", i))
			}
		}
	})

	t.Run("TellsWhatWentWrong", func(t *testing.T) {
		t.Parallel()
		lost := errors.New("lost")
		failing := func(yield func(schema.Receipt, error) bool) { yield(schema.Receipt{}, lost) }
		require.ErrorIs(t, listDeliveries(&deliveryTable{out: &bytes.Buffer{}}, failing, 0), lost)
	})
}

func TestWriteDelivered(t *testing.T) {
	t.Parallel()
	page := func(t *testing.T, raw bool, found ...schema.Receipt) string {
		t.Helper()
		var out bytes.Buffer
		shown := make([]shownDelivery, len(found))
		for i := range found {
			shown[i] = newShownDelivery(found[i])
		}
		require.NoError(t, (&root{streams: streams{out: &out}}).writeDelivered(shown, found, raw))
		return out.String()
	}

	t.Run("ShowsWhatHoldsAndWhatWasSaidFirst", func(t *testing.T) {
		t.Parallel()
		r := receipt("d-1", `{"a":[1,{"b":"é"}]}`, schema.OutcomeForeign)
		r.Outcome.Detail = "client_id 7 is not one of the company's"
		again := r
		again.Review = schema.Review{Outcome: r.Outcome, Reason: "the client was missing", By: "eva"}
		again.Review.Kind, again.Review.Detail, again.Review.RecordedAt = schema.OutcomeApplied, "", noon.Add(time.Hour)
		sum := r.BodySum.String()
		require.Equal(t, `d-1
  received: 2026-09-01T12:00:00Z by webhook, its signature verified before it was stored
  type    : INVOICE_PAID
  body    : 20 bytes, sha256 `+sum+`
  outcome : applied
  review  : since it was read again for eva on 2026-09-01 13:00 UTC: the client was missing
  at first: foreign: client_id 7 is not one of the company's
  subjects: 880001

{
  "a": [
    1,
    {
      "b": "é"
    }
  ]
}
`, page(t, false, again))

		sent := r
		sent.Arrival = []byte("203.0.113.7 standard-webhooks 2 1788264000000 3\nHost: hooks.acme.com\nX-Odd: \x1b[31m\n")
		require.Contains(t, page(t, false, sent), `
  received: 2026-09-01T12:00:00Z by webhook from 203.0.113.7
  proof   : standard-webhooks, made with secret 2 of the company, signed 2026-09-01T12:00:00Z
`)
		require.Contains(t, page(t, false, sent), `
  header  : Host: hooks.acme.com
            X-Odd: ·[31m
            [3 more that were too long to keep]
`)
		sent.Arrival = []byte("203.0.113.7 bearer 1 0 0\n")
		require.Contains(t, page(t, false, sent), "proof   : bearer token 1 of the company, which proves nothing of the body\n")
		sent.Arrival = []byte(" unsigned 0 0 0\n")
		require.Contains(t, page(t, false, sent), "by webhook from -\n  proof   : none: the company takes unsigned requests\n")
		require.Contains(t, page(t, false, r), "next    : settle it and run `tieout replay`, or `tieout deliveries dismiss d-1 --reason TEXT`")
		require.NotContains(t, page(t, false, dismissed(r)), "next")
		require.Contains(t, page(t, false, dismissed(r)), "review  : dismissed by eva on 2026-09-01 13:00 UTC: a test of Ontop's")
		require.Contains(t, page(t, true, r), "\n\n{\"a\":[1,{\"b\":\"é\"}]}\n")
	})

	t.Run("ShowsEveryBodyOfAConflict", func(t *testing.T) {
		t.Parallel()
		one, two := receipt("d-1", `{"a":1}`, schema.OutcomeApplied), receipt("d-1", `{"a":2}`, schema.OutcomeConflict)
		one.Conflict, two.Conflict = true, true
		got := page(t, true, one, two)
		require.Equal(t, 2, strings.Count(got, "conflict: the sender used this id for several bodies"))
		require.Contains(t, got, `{"a":1}`)
		require.Contains(t, got, `{"a":2}`)
	})

	t.Run("KeepsTheBodyFromSteeringTheTerminal", func(t *testing.T) {
		t.Parallel()
		hostile := "\x1b]0;owned\x07 \u202egnp.exe \r\n\t\x00\xff\xc3\u009b31m"
		want := `\x1b]0;owned\x07 \u{202e}gnp.exe \x0d` + "\n" + `\x09\x00\xff\xc3\u{9b}31m` + "\n"
		require.Contains(t, page(t, false, receipt("d-1", hostile, "")), want)
		require.Contains(t, page(t, true, receipt("d-1", hostile, "")), strings.ReplaceAll(strings.TrimSuffix(want, "\n"), "\n", `\x0a`)+"\n")
	})

	t.Run("LaysOutNothingThatIsTooDeep", func(t *testing.T) {
		t.Parallel()
		deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
		require.Contains(t, page(t, false, receipt("d-1", deep, "")), "\n"+deep+"\n")
	})

	t.Run("HasTheBodyExactlyInJSON", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{"", "{}", "a\x00\u202e\"", "\xff\x00"} {
			r := receipt("d-1", body, "")
			text, err := json.Marshal(newShownDelivery(r).withBody(r))
			require.NoError(t, err)
			var got shownDelivery
			require.NoError(t, json.Unmarshal(text, &got))
			require.Equal(t, len(body), *got.Bytes)
			if got.Body != nil {
				require.Equal(t, body, *got.Body)
			} else {
				require.Equal(t, body, string(got.BodyBase64))
			}
		}
	})
}

func TestWriteReplay(t *testing.T) {
	t.Parallel()
	change := app.Replayed{Before: receipt("d-1", "1", schema.OutcomeForeign), Now: schema.Review{
		Outcome: schema.Outcome{Kind: schema.OutcomeUnreadable, EventType: "INVOICE_PAID", Detail: "data is odd"},
	}}
	counts := app.ReplayCounts{Deliveries: 3, Changed: 1, Invoices: 2, Drafted: 1, Reached: noon}
	replay := func(t *testing.T, asJSON, dry bool, counts app.ReplayCounts, err error, changes ...app.Replayed) (string, error) {
		t.Helper()
		var out bytes.Buffer
		err = (&root{streams: streams{out: &out}}).writeReplay(asJSON, dry, func(tell func(app.Replayed)) (app.ReplayCounts, error) {
			for _, change := range changes {
				tell(change)
			}
			return counts, err
		})
		return out.String(), err
	}

	t.Run("SaysWhatChanged", func(t *testing.T) {
		t.Parallel()
		got, err := replay(t, false, false, counts, nil, change)
		require.NoError(t, err)
		require.Equal(t, `2026-09-01 12:00:00Z  d-1  INVOICE_PAID: was foreign, is unreadable
    data is odd
3 deliveries read again; changed: 1 outcome, 0 contracts, 2 invoices; 1 draft followed
`, got)
		got, err = replay(t, false, false, app.ReplayCounts{Deliveries: 1, Reached: noon}, nil)
		require.NoError(t, err)
		require.Equal(t, "1 delivery read again; nothing changed\n", got)
	})

	t.Run("SaysWhatWouldChange", func(t *testing.T) {
		t.Parallel()
		got, err := replay(t, false, true, app.ReplayCounts{Deliveries: 2, Tasks: 1}, nil)
		require.NoError(t, err)
		require.Equal(t, "2 deliveries read again; would change: 0 outcomes, 0 contracts, 0 invoices, 1 other record; "+
			"drafts that are not posted would follow\n", got)
	})

	t.Run("SaysWhereToGoOn", func(t *testing.T) {
		t.Parallel()
		stopped := errors.New("stopped")
		_, err := replay(t, false, false, counts, stopped)
		require.ErrorIs(t, err, stopped)
		require.ErrorContains(t, err, "what was done until then stays: go on with --from 2026-09-01T12:00:00Z")
	})

	t.Run("DescribesAThousandInJSON", func(t *testing.T) {
		t.Parallel()
		many := make([]app.Replayed, mostReplayed+5)
		for i := range many {
			many[i] = change
		}
		text, err := replay(t, true, true, counts, nil, many...)
		require.NoError(t, err)
		var got replayed
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.Len(t, got.Changes, mostReplayed)
		require.Equal(t, counts, got.ReplayCounts)
		require.True(t, got.DryRun)
		require.Equal(t, replayedDelivery{
			ID: "d-1", ReceivedAt: noon, EventType: "INVOICE_PAID", Before: schema.OutcomeForeign, Now: schema.OutcomeUnreadable, Detail: "data is odd",
		}, got.Changes[0])
	})
}

func TestDeliveries_UsageErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		err  string
	}{
		{"deliveries lst", "did you mean list or test?"},
		{"deliveries list --from soon", `--from: must be YYYY-MM-DD or an instant such as 2026-09-01T08:00:00Z, is "soon"`},
		{"deliveries list --from 2026-09-01 --to 2026-09-01", "--to: must be after --from, is 2026-09-01"},
		{"deliveries list --outcome odd", "--outcome: must be one of [applied unchanged noted unknown test unreadable foreign conflict pending], is \"odd\""},
		{"deliveries list --limit -1", "--limit: must not be negative, is -1"},
		{"deliveries show", "needs ID, got 0 arguments"},
		{"deliveries dismiss d-1", "--reason: needed"},
		{"replay", "--from and --to: needed"},
		{"replay --from 2026-08-01", "--from and --to: needed"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			got := call(t, strings.Fields(c.args)...)
			require.Equal(t, exitUsage, got.code)
			require.Contains(t, got.err, c.err)
			require.Empty(t, got.out)
		})
	}
}
