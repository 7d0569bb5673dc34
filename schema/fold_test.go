package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// Few values for every field, so that revisions collide often: in time, in
// content, in both.
func drawRevision(t *rapid.T, label string) schema.Invoice {
	cents := rapid.Int64Range(1, 2).Draw(t, label+" cents")
	return schema.Invoice{
		Company: "acme", ID: "1",
		Number:      rapid.SampledFrom([]string{"A", "B"}).Draw(t, label+" number"),
		PlatformFee: rapid.Bool().Draw(t, label+" fee"),
		Status:      rapid.SampledFrom([]schema.InvoiceStatus{"CREATED", "CONFIRMED", "PAID", "CANCELLED"}).Draw(t, label+" status"),
		PaidAt:      instant(rapid.IntRange(0, 2).Draw(t, label+" paid")),
		Currency:    "USD", Total: schema.NewMoney(cents, "USD"),
		Lines:     []schema.Line{{Concept: "BONUS", Amount: schema.NewMoney(cents, "USD")}},
		UpdatedAt: instant(rapid.IntRange(1, 3).Draw(t, label+" updated")),
	}
}

func instant(n int) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Date(2026, 8, n, 12, 0, 0, n, time.UTC)
}

func TestInvoice_Fold(t *testing.T) {
	t.Parallel()

	t.Run("OrderAndRepetitionDoNotMatter", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			a, b, c := drawRevision(t, "a"), drawRevision(t, "b"), drawRevision(t, "c")
			require.Equal(t, a.Fold(b), b.Fold(a))
			require.Equal(t, a.Fold(b).Fold(c), a.Fold(b.Fold(c)))
			require.Equal(t, a, a.Fold(a))
			require.Equal(t, a.Fold(b), a.Fold(b).Fold(b))
			require.Equal(t, a.Fold(b), a.Fold(b).Fold(a))
		})
	})

	t.Run("NewestContentAndFurthestStatusUnderAnyPermutation", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			revisions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) schema.Invoice { return drawRevision(t, "") }), 1, 8).Draw(t, "revisions")
			folded := foldAll(revisions)
			require.Equal(t, folded, foldAll(rapid.Permutation(revisions).Draw(t, "order")))
			newest, furthest, paid := time.Time{}, 0, time.Time{}
			for _, revision := range revisions {
				if revision.UpdatedAt.After(newest) {
					newest = revision.UpdatedAt
				}
				if revision.PaidAt.After(paid) {
					paid = revision.PaidAt
				}
				furthest = max(furthest, revision.Status.Rank())
			}
			require.Equal(t, newest, folded.UpdatedAt)
			require.Equal(t, furthest, folded.Status.Rank())
			require.Equal(t, paid, folded.PaidAt)
		})
	})

	t.Run("StatusNeverMovesBack", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			known := drawRevision(t, "first")
			for range rapid.IntRange(1, 6).Draw(t, "revisions") {
				next := known.Fold(drawRevision(t, "next"))
				require.GreaterOrEqual(t, next.Status.Rank(), known.Status.Rank())
				require.False(t, next.UpdatedAt.Before(known.UpdatedAt))
				known = next
			}
		})
	})

	t.Run("LateRevisionMovesTheStatusAndNotTheContent", func(t *testing.T) {
		t.Parallel()
		corrected := schema.Invoice{ID: "1", Number: "corrected", Status: schema.StatusCreated, UpdatedAt: instant(2)}
		late := schema.Invoice{ID: "1", Number: "first", Status: schema.StatusConfirmed, UpdatedAt: instant(1)}
		folded := corrected.Fold(late)
		require.Equal(t, "corrected", folded.Number)
		require.Equal(t, schema.StatusConfirmed, folded.Status)
	})
}

func foldAll(revisions []schema.Invoice) schema.Invoice {
	folded := revisions[0]
	for _, revision := range revisions[1:] {
		folded = folded.Fold(revision)
	}
	return folded
}

func TestContract_Fold(t *testing.T) {
	t.Parallel()
	draw := func(t *rapid.T, label string) schema.Contract {
		return schema.Contract{
			ID: "1", JobTitle: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, label+" title"),
			UpdatedAt: instant(rapid.IntRange(1, 3).Draw(t, label+" updated")),
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := draw(t, "a"), draw(t, "b"), draw(t, "c")
		require.Equal(t, a.Fold(b), b.Fold(a))
		require.Equal(t, a.Fold(b).Fold(c), a.Fold(b.Fold(c)))
		require.Equal(t, a, a.Fold(a))
		require.False(t, a.Fold(b).UpdatedAt.Before(a.UpdatedAt))
		require.False(t, a.Fold(b).UpdatedAt.Before(b.UpdatedAt))
	})
}

func TestContract_WorkerName(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]schema.Contract{
		"Ana Rojas":     {FirstName: "Ana", LastName: "Rojas", LegalName: "Rojas SAS", WorkerType: "Worker"},
		"Rojas SAS":     {FirstName: "Ana", LastName: "Rojas", LegalName: "Rojas SAS", WorkerType: "Business"},
		"Ana":           {FirstName: "Ana", WorkerType: "Business", WorkerEmail: "a@example.com"},
		"Legal only":    {LegalName: "Legal only"},
		"a@example.com": {WorkerEmail: "a@example.com"},
	} {
		require.Equal(t, want, c.WorkerName())
	}
}
