package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

func TestImport(t *testing.T) {
	t.Parallel()

	run := func(t *testing.T, text string, store ingest.Stager, cfg ingest.ImportConfig) ingest.ImportResult {
		t.Helper()
		res, err := ingest.Import(t.Context(), strings.NewReader(text), "acme", store, cfg, env())
		require.NoError(t, err)
		return res
	}

	t.Run("StagesEachLineByteForByte", func(t *testing.T) {
		t.Parallel()
		store := &books{}
		res := run(t, "\ufeff{\"event_id\":\"ev.1\",\"data\":{ } }\r\n\n  \n{\"a\":1}\n{\"event_id\":7}", store, ingest.ImportConfig{})
		require.Equal(t, ingest.ImportResult{Lines: 3, Staged: 3, Blocks: 1}, res)
		got := store.deliveries()
		require.Equal(t, []string{"ev.1", string(schema.BodyID([]byte(`{"a":1}`))), string(schema.BodyID([]byte(`{"event_id":7}`)))}, ids(got))
		require.Equal(t, schema.BodyID([]byte(`{"event_id":"ev.1","data":{ } }`)), schema.BodyID(got[0].Body))
		require.Equal(t, schema.ChannelImport, got[0].Channel)
		require.Equal(t, schema.CompanyID("acme"), got[0].Company)
		require.Equal(t, noon, got[0].ReceivedAt)
	})

	t.Run("RefusesBadLinesByNumberAndGoesOn", func(t *testing.T) {
		t.Parallel()
		store := &books{}
		text := "{\"a\":1}\nnonsense\n[1]\n42\n{\"a\":\n" + `{"long":"` + strings.Repeat("x", 200_000) + `"}` + "\n{\"b\":2}\n"
		res := run(t, text, store, ingest.ImportConfig{MaxLine: 100_000})
		require.Equal(t, 2, res.Staged)
		require.Equal(t, 7, res.Lines)
		require.Equal(t, []ingest.RefusedLine{
			{Line: 2, Reason: "is not JSON"},
			{Line: 3, Reason: "is not a JSON object, as a delivery's body is"},
			{Line: 4, Reason: "is not a JSON object, as a delivery's body is"},
			{Line: 5, Reason: "is not JSON"},
			{Line: 6, Reason: "is longer than 100000 bytes"},
		}, res.First)
	})

	t.Run("ImportingTwiceStagesNothingTwice", func(t *testing.T) {
		t.Parallel()
		var text strings.Builder
		for n := range 95 {
			fmt.Fprintf(&text, "{\"n\":%d}\n", n)
		}
		store := &books{}
		cfg := ingest.ImportConfig{BlockDeliveries: 10}
		require.Equal(t, 10, run(t, text.String(), store, cfg).Blocks)
		cfg.ReceivedAt = noon.Add(time.Hour)
		require.Equal(t, 95, run(t, text.String(), store, cfg).Staged)
		require.Len(t, store.deliveries(), 95)
	})

	t.Run("OffersABlockAgainWhenTheStoreFails", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := &books{fail: func(call int) (before, after error) {
				if call < 4 {
					return nil, errAway
				}
				return nil, nil
			}}
			require.Equal(t, 1, run(t, "{}", store, ingest.ImportConfig{}).Staged)
			require.Len(t, store.deliveries(), 1)

			away := &books{fail: func(int) (before, after error) { return errAway, nil }}
			res, err := ingest.Import(t.Context(), strings.NewReader("{}"), "acme", away, ingest.ImportConfig{}, env())
			require.ErrorIs(t, err, errAway)
			require.Zero(t, res.Staged)
		})
	})

	t.Run("NamesTheLineWhereReadingFails", func(t *testing.T) {
		t.Parallel()
		broken := io.MultiReader(strings.NewReader("{}\n{}\n"), iotest.ErrReader(errors.New("unplugged")))
		_, err := ingest.Import(t.Context(), broken, "acme", &books{}, ingest.ImportConfig{}, env())
		require.EqualError(t, err, "read line 3: unplugged")
	})

	t.Run("NeedsACompany", func(t *testing.T) {
		t.Parallel()
		_, err := ingest.Import(t.Context(), strings.NewReader("{}"), "", &books{}, ingest.ImportConfig{}, env())
		require.ErrorContains(t, err, "company: is missing")
	})
}

// Whatever a file holds, every line that is not blank is either staged as it is
// or refused, and doing it again changes nothing.
func FuzzImport(f *testing.F) {
	f.Add([]byte("{\"event_id\":\"a\"}\n\n{]\r\n"))
	f.Add([]byte("\xff\xfe{}\n{\"event_id\":\"\\u0000\"}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		store := &books{}
		cfg := ingest.ImportConfig{MaxLine: 64, BlockDeliveries: 3}
		first, err := ingest.Import(t.Context(), bytes.NewReader(text), "acme", store, cfg, env())
		require.NoError(t, err)
		require.Equal(t, first.Lines, first.Staged+first.Refused)
		for _, d := range store.deliveries() {
			require.True(t, bytes.Contains(text, d.Body))
			require.NotEmpty(t, d.ID)
			require.LessOrEqual(t, len(d.Body), 64)
		}
		before := len(store.deliveries())
		_, err = ingest.Import(t.Context(), bytes.NewReader(text), "acme", store, cfg, env())
		require.NoError(t, err)
		require.Len(t, store.deliveries(), before)
	})
}
