package transform_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

func attaching(c *transform.Config) { c.Policy.AttachFiles = true }

// filed is the invoice with a PDF and files of its lines: by item, by place where the
// line has no id, and by place where another line has the same.
func filed() object {
	return invoice().with(object{
		"total_amount": 1110.0, "pdf_url": "https://files.example/555.pdf",
		"items": []object{
			{"item_id": 1, "concept": "FIXED_PAYMENT", "amount": "1000.00", "attachment_url": "https://files.example/a"},
			{"concept": "BONUS", "amount": 100, "attachment_url": "https://files.example/b"},
			{"item_id": 3, "concept": "BONUS", "amount": 5},
			{"item_id": 4, "concept": "BONUS", "amount": 5, "attachment_url": "https://files.example/c"},
			{"item_id": 4, "concept": "BONUS", "amount": 0, "attachment_url": "https://files.example/d"},
		},
	})
}

func states(tasks map[string]schema.Task) map[string]schema.TaskState {
	found := map[string]schema.TaskState{}
	for subject, task := range tasks {
		found[subject] = task.State
	}
	return found
}

func TestTransformer_NamesFilesToAttach(t *testing.T) {
	t.Parallel()
	arrive := func(t *testing.T, data object, change ...func(*transform.Config)) *world {
		t.Helper()
		w := newWorld(t, change...)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", data))
		w.run(t)
		return w
	}

	t.Run("EveryOneByANameOfItsOwn", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed(), attaching)
		tasks := w.tasks(t, schema.PostAttachment)
		urls := map[string]string{}
		for subject, task := range tasks {
			require.Equal(t, schema.TaskReady, task.State)
			require.Equal(t, schema.FileSubject("555", task.File.Item), subject)
			urls[task.File.Item] = task.File.URL
		}
		require.Equal(t, map[string]string{
			"": "https://files.example/555.pdf", "1": "https://files.example/a", "#2": "https://files.example/b",
			"#4": "https://files.example/c", "#5": "https://files.example/d",
		}, urls)
		require.False(t, w.run(t).Changed())
	})

	t.Run("NotWhereALineIsCalledLikeAPlace", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, invoice().with(object{"items": []object{
			{"item_id": "#2", "concept": "FIXED_PAYMENT", "amount": 1000, "attachment_url": "https://files.example/a"},
			{"concept": "BONUS", "amount": 100, "attachment_url": "https://files.example/b"},
		}}), attaching)
		require.Len(t, w.tasks(t, schema.PostAttachment), 2)
	})

	t.Run("NothingUnlessThePolicySaysSo", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed())
		require.Empty(t, w.tasks(t, schema.PostAttachment))
	})

	t.Run("OfOpenInvoicesWhenThePolicyIsTurnedOn", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed())
		w.restart(t, attaching)
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostAttachment, State: schema.TaskReady}: 5}, w.run(t).Tasks)
		require.False(t, w.run(t).Changed())
	})

	t.Run("OfPostedOnesWhenTheyComeAgain", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed())
		w.post(t)
		w.restart(t, attaching)
		require.False(t, w.run(t).Changed())
		w.stage(t, deliver("again", 3, "INVOICE_CONFIRMED", filed()))
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostAttachment, State: schema.TaskReady}: 5}, w.run(t).Tasks)
	})

	t.Run("AgainWhereTheAddressChanged", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed(), attaching)
		before := w.tasks(t, schema.PostAttachment)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", filed().with(object{"pdf_url": "https://files.example/new.pdf", "updated_at": second})))
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostAttachment, State: schema.TaskReady}: 1}, w.run(t).Tasks)
		require.NotEqual(t, before["555:pdf"].ID, w.tasks(t, schema.PostAttachment)["555:pdf"].ID)
	})

	t.Run("AlsoAfterPostingWithoutACorrection", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed(), attaching)
		w.post(t)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", filed().with(object{"pdf_url": "https://files.example/new.pdf", "updated_at": second})))
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostAttachment, State: schema.TaskReady}: 1}, w.run(t).Tasks)
		require.Empty(t, w.tasks(t, schema.PostCorrection))
	})

	t.Run("NotOnceItIsAttached", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed(), attaching)
		pdf := w.tasks(t, schema.PostAttachment)["555:pdf"]
		w.recordPosting(t, schema.PostAttachment, pdf.Subject, pdf.ID)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", filed().with(object{"pdf_url": "https://files.example/new.pdf", "updated_at": second})))
		require.Empty(t, w.run(t).Tasks)
	})

	t.Run("WithdrawnWhereItIsGone", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed(), attaching)
		w.stage(t, deliver("j", 3, "INVOICE_UPDATED", filed().with(object{"pdf_url": nil, "updated_at": second})))
		w.run(t)
		require.Equal(t, schema.TaskWithdrawn, w.tasks(t, schema.PostAttachment)["555:pdf"].State)
		require.False(t, w.run(t).Changed())
		w.stage(t, deliver("k", 4, "INVOICE_UPDATED", filed().with(object{"updated_at": third})))
		w.run(t)
		require.Equal(t, schema.TaskReady, w.tasks(t, schema.PostAttachment)["555:pdf"].State, "and back when it is there again")
	})

	t.Run("WithdrawnWhereTheInvoiceIsCancelled", func(t *testing.T) {
		t.Parallel()
		w := arrive(t, filed(), attaching)
		one := w.tasks(t, schema.PostAttachment)["555:file:1"]
		w.recordPosting(t, schema.PostAttachment, one.Subject, one.ID)
		w.stage(t, deliver("j", 3, "INVOICE_CANCELLED", filed().with(object{"updated_at": second})))
		w.run(t)
		require.Equal(t, map[string]schema.TaskState{
			"555:pdf": schema.TaskWithdrawn, "555:file:1": schema.TaskReady, "555:file:#2": schema.TaskWithdrawn,
			"555:file:#4": schema.TaskWithdrawn, "555:file:#5": schema.TaskWithdrawn,
		}, states(w.tasks(t, schema.PostAttachment)), "what is attached stays")
		require.False(t, w.run(t).Changed())
	})

	t.Run("HeldWhereTheAddressIsNone", func(t *testing.T) {
		t.Parallel()
		for address, why := range map[string]string{
			"file:///etc/passwd":              "it is no address on the web",
			"javascript:alert(1)":             "it is no address on the web",
			"555.pdf":                         "it is no address on the web",
			"https:///555.pdf":                "it names no host",
			"https://user:pw@files.example/1": "it carries a password",
			"https://files.example/a b":       "it is no address of a file",
			"https://[::1":                    "it is no address of a file",
			"https://f.example/" + strings.Repeat("x", 3000): "it is longer than 2048 bytes",
		} {
			w := arrive(t, invoice().with(object{"pdf_url": address}), attaching)
			task := w.tasks(t, schema.PostAttachment)["555:pdf"]
			require.Equal(t, schema.TaskHeld, task.State, address)
			require.Contains(t, task.Hold.Detail, "pdf_url is ")
			require.Contains(t, task.Hold.Detail, why)
			require.Equal(t, schema.OwnerSource, task.Hold.Owner)
			require.Equal(t, schema.DraftReady, w.drafts(t)["555"].State, "the bill is posted all the same")
			require.False(t, w.run(t).Changed())
		}
	})
}

// In whatever order revisions come, and however many rounds there are meanwhile, what
// is to be attached in the end is what the newest revision names.
func TestTransformer_FilesAreThoseOfTheNewestRevision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var deliveries []schema.Delivery
		newest := map[string]string{}
		for n := range rapid.IntRange(1, 5).Draw(rt, "revisions") {
			newest = map[string]string{}
			data := invoice().with(object{"updated_at": start.Add(time.Duration(n) * time.Hour).Format(time.RFC3339)})
			items := []object{{"item_id": 1, "concept": "FIXED_PAYMENT", "amount": "1000.00"}, {"item_id": 2, "concept": "BONUS", "amount": 100}}
			for place, subject := range []string{"555:file:1", "555:file:2", "555:pdf"} {
				url := rapid.SampledFrom([]string{"", "https://files.example/a", "https://files.example/b"}).Draw(rt, subject)
				switch {
				case url == "":
					continue
				case place < 2:
					items[place]["attachment_url"] = url
				default:
					data["pdf_url"] = url
				}
				newest[subject] = url
			}
			data["items"] = items
			deliveries = append(deliveries, deliver(fmt.Sprint("r", n), n+2, "INVOICE_UPDATED", data))
		}
		w := newWorld(t, attaching)
		for _, delivery := range rapid.Permutation(deliveries).Draw(rt, "order") {
			w.stage(t, delivery)
			if rapid.Bool().Draw(rt, "round") {
				w.run(t)
			}
		}
		w.run(t)
		require.False(t, w.run(t).Changed())
		found := map[string]string{}
		for subject, task := range w.tasks(t, schema.PostAttachment) {
			if task.State == schema.TaskReady {
				found[subject] = task.File.URL
			}
		}
		require.Equal(rt, newest, found)
	})
}
