package transform_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

// Every body that the wire format gives as an example is understood, and every
// invoice in them becomes a draft.
func TestTransformer_TakesEveryFixture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *transform.Config) { c.ClientIDs = []string{"999", "2"} })
	names, err := fs.Glob(ontop.Fixtures(), "*.json")
	require.NoError(t, err)
	for n, name := range names {
		body, err := fs.ReadFile(ontop.Fixtures(), name)
		require.NoError(t, err)
		w.stage(t, raw(strings.TrimSuffix(name, ".json"), n, string(body)))
	}
	result := w.run(t)
	require.Equal(t, len(names), result.Deliveries)
	for _, kind := range schema.OutcomeKinds() {
		require.False(t, kind.NeedsPerson() && result.Outcomes[kind] > 0, "%d %s: %+v", result.Outcomes[kind], kind, w.intake(t).Troubles)
	}
	require.Equal(t, 1, result.Outcomes[schema.OutcomeUnknown])
	require.Equal(t, 3, result.Outcomes[schema.OutcomeNoted])
	w.requireSettled(t, len(names))
	for id, draft := range w.drafts(t) {
		require.NotEmpty(t, draft.ID, "invoice %s has no draft", id)
		for _, hold := range draft.Holds {
			require.NotEqual(t, schema.HoldTotalMismatch, hold.Reason, "invoice %s: %s", id, hold.Detail)
		}
	}
	require.False(t, w.run(t).Changed())
}

// What anybody may send changes nothing but its own outcome: whatever the bytes,
// a round ends, settles the delivery, and leaves the others alone.
func FuzzTransformer_RunOnce(f *testing.F) {
	names, err := fs.Glob(ontop.Fixtures(), "*.json")
	require.NoError(f, err)
	for _, name := range names {
		body, err := fs.ReadFile(ontop.Fixtures(), name)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, func(c *transform.Config) { c.ClientIDs = nil }, attaching, banking)
		require.NoError(t, w.store.RecordBooks(t.Context(), bankChart()))
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), raw("fuzzed", 2, string(body)), raw("again", 3, string(body)))
		result := w.run(t)
		require.Equal(t, 3, result.Deliveries)
		w.requireSettled(t, 3)
		require.False(t, w.run(t).Changed())

		var methods []string
		w.store.Inject(func(method string) storetest.Fault {
			methods = append(methods, method)
			return storetest.Fault{}
		})
		w.run(t)
		require.False(t, slices.ContainsFunc(methods, func(m string) bool { return strings.HasPrefix(m, "Record") }), "%v", methods)
	})
}
