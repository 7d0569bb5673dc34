package ontopsim_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
)

func readEvents(t require.TestingT, text string) []ontopsim.Event {
	var all []ontopsim.Event
	for event, err := range ontopsim.ReadEvents(strings.NewReader(text)) {
		require.NoError(t, err)
		all = append(all, event)
	}
	return all
}

func TestReadEvents(t *testing.T) {
	t.Parallel()

	t.Run("TakesBareBodies", func(t *testing.T) {
		t.Parallel()
		const body = `{"event_type":"KYC", "data":{"worker_id":7}, "body":{"not":"a wrapper"}}`
		require.Equal(t, []ontopsim.Event{
			{ID: string(schema.BodyID([]byte(body))), Body: []byte(body)},
			{ID: string(schema.BodyID([]byte(`{}`))), Body: []byte(`{}`)},
		}, readEvents(t, "\n"+body+"\r\n\n{}"))
	})

	t.Run("NamesBareBodiesByTheirEventID", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "evt_1", readEvents(t, `{"event_type":"KYC","event_id":"evt_1","data":{}}`)[0].ID)
		for _, id := range []string{`"a.b"`, `""`, `7`, `null`, `"a b"`} {
			require.Regexp(t, "^sha256:", readEvents(t, `{"event_type":"KYC","event_id":`+id+`,"data":{}}`)[0].ID)
		}
	})

	t.Run("TakesWrappedBodiesByteForByte", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []ontopsim.Event{
			{ID: "msg_1", At: time.Date(2026, 8, 31, 18, 0, 2, 0, time.UTC), Body: []byte(`{"event_type": "KYC", "data": 1.50}`)},
			{ID: "msg_2", Body: []byte("no JSON\n")},
		}, readEvents(t, `{"id":"msg_1","received_at":"2026-08-31T18:00:02Z","body":{"event_type": "KYC", "data": 1.50}}`+"\n"+
			`{"id":"msg_2","body":"no JSON\n"}`))
	})

	t.Run("NamesTheLineThatIsNone", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]string{
			"{}\n[1]\n":                 "line 2: is no JSON object",
			"{}\n\n{\"id\":":            "line 3: is no event",
			`{"received_at":"x"}`:       "line 1: is no event",
			strings.Repeat(" ", 34<<20): "read events: ",
		} {
			var got error
			for _, err := range ontopsim.ReadEvents(strings.NewReader(text)) {
				got = errors.Join(got, err)
			}
			require.ErrorContains(t, got, want)
		}
	})

	t.Run("StopsWhenTheReaderDoes", func(t *testing.T) {
		t.Parallel()
		for event, err := range ontopsim.ReadEvents(strings.NewReader("{}\n{}\n{}\n")) {
			require.NoError(t, err)
			require.NotEmpty(t, event.ID)
			break
		}
	})
}

// What is written comes back, whatever the bodies are.
func TestWriteEvents_RoundTrip(t *testing.T) {
	t.Parallel()
	t.Run("History", func(t *testing.T) {
		t.Parallel()
		history := generate(t, ontopsim.Config{})
		var file bytes.Buffer
		require.NoError(t, ontopsim.WriteEvents(&file, history.Events))
		require.Equal(t, history.Events, readEvents(t, file.String()))
		require.Equal(t, len(history.Events), strings.Count(file.String(), "\n"))
		require.Contains(t, file.String(), `","body":{"event_type":"CONTRACT_CREATED",`)
	})

	t.Run("AnyText", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) {
			body := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
				"{}", "{ }", " {}", "{\n}", `"text"`, "7", "null", `{"a":"<&>"}`, `{"event_type":1}`, `{"id":"x","body":{}}`, "",
			})).Draw(rt, "body")
			want := []ontopsim.Event{{ID: "msg_1", At: time.Unix(1_700_000_000, 5).UTC(), Body: []byte(body)}}
			var file bytes.Buffer
			require.NoError(rt, ontopsim.WriteEvents(&file, want))
			require.Equal(rt, want, readEvents(rt, file.String()), file.String())
		})
	})

	t.Run("BareBodies", func(t *testing.T) {
		t.Parallel()
		history := generate(t, ontopsim.Config{})
		var file bytes.Buffer
		require.NoError(t, ontopsim.WriteBodies(&file, history.Events))
		got := readEvents(t, file.String())
		require.Len(t, got, len(history.Events))
		ids := map[string]bool{}
		for i, event := range got {
			require.Equal(t, string(history.Events[i].Body), string(event.Body))
			ids[event.ID] = true
		}
		require.Len(t, ids, history.Expected.Deliveries, "what was one delivery still is one")
		require.ErrorContains(t, ontopsim.WriteBodies(&file, []ontopsim.Event{{ID: "m", Body: []byte("{\n}")}}), "single line")
		require.ErrorContains(t, ontopsim.WriteBodies(full{}, history.Events), "disk full")
	})

	t.Run("TellsThatTheDiskIsFull", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, ontopsim.WriteEvents(full{}, generate(t, ontopsim.Config{}).Events), "disk full")
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }
