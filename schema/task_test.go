package schema_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func fullTask() schema.Task {
	return schema.Task{
		Company: "acme", Kind: schema.PostCorrection, Subject: "1:1.1", Invoice: "1", State: schema.TaskProposed,
		Hold: schema.Hold{Detail: "changed"}, Reason: "r", By: "eva",
		Correction: schema.Correction{
			Content: schema.SumOf("x"), Cancelled: true, Document: schema.Draft{ID: "d_1"},
		},
		File: schema.File{URL: "https://example.com/1.pdf", Item: "i"},
		Payment: schema.Payment{
			Source: "p", On: schema.NewDate(2026, 8, 1), Amount: schema.NewMoney(1, "USD"), Account: "35", Worker: "w", Email: "w@example.com",
		},
		Transfer: schema.Transfer{
			TopUp: "t", Reference: "r", On: schema.NewDate(2026, 8, 2), Amount: schema.NewMoney(2, "USD"), From: "1", To: "2",
		},
		RecordedAt: instant(1),
	}
}

func TestTask_SealNamesWhatIsToBePosted(t *testing.T) {
	t.Parallel()
	original := fullTask().Seal().ID
	require.Equal(t, original, fullTask().Seal().ID, "the same task has the same id")
	says := func(name string, change func(*schema.Task)) {
		task := fullTask()
		change(&task)
		require.NotEqual(t, original, task.Seal().ID, name)
	}
	says("company", func(t *schema.Task) { t.Company = "other" })
	says("kind", func(t *schema.Task) { t.Kind = schema.PostPayment })
	says("subject", func(t *schema.Task) { t.Subject = "1:2.1" })
	says("invoice", func(t *schema.Task) { t.Invoice = "2" })
	says("document", func(t *schema.Task) { t.Correction.Document.ID = "d_2" })
	for _, part := range []string{"File", "Payment", "Transfer"} {
		for i := range reflect.ValueOf(fullTask()).FieldByName(part).NumField() {
			task := fullTask()
			alter(reflect.ValueOf(&task).Elem().FieldByName(part).Field(i))
			require.NotEqual(t, original, task.Seal().ID, "%s field %d", part, i)
		}
	}
	task := fullTask()
	task.State, task.Hold, task.Reason, task.By, task.RecordedAt = schema.TaskReady, schema.Hold{}, "", "", instant(9)
	require.Equal(t, original, task.Seal().ID, "who approved it, and when, does not change what is posted")
}

func TestTaskPosition_Waits(t *testing.T) {
	t.Parallel()
	declined := schema.Posting{State: schema.PostingDeclined, RecordedAt: instant(5)}
	later := declined
	later.RetryAt = instant(6)
	for name, c := range map[string]struct {
		task    schema.Task
		posting schema.Posting
		waits   bool
	}{
		"proposed":               {schema.Task{State: schema.TaskProposed}, schema.Posting{}, true},
		"held":                   {schema.Task{State: schema.TaskHeld}, schema.Posting{}, true},
		"ready":                  {schema.Task{State: schema.TaskReady}, schema.Posting{}, false},
		"accepted":               {schema.Task{State: schema.TaskAccepted}, schema.Posting{}, false},
		"posted":                 {schema.Task{State: schema.TaskReady}, schema.Posting{State: schema.PostingPosted}, false},
		"declined for good":      {schema.Task{State: schema.TaskReady, RecordedAt: instant(4)}, declined, true},
		"declined and retried":   {schema.Task{State: schema.TaskReady, RecordedAt: instant(4)}, later, false},
		"declined, then renewed": {schema.Task{State: schema.TaskReady, RecordedAt: instant(6)}, declined, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.waits, schema.TaskPosition{Task: c.task, Posting: c.posting}.Waits())
		})
	}
}

func TestSubjects_TellEveryTaskApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, subject := range []string{
		schema.CorrectionSubject("5001", 1, 1), schema.CorrectionSubject("5001", 1, 2), schema.CorrectionSubject("5001", 2, 1),
		schema.FileSubject("5001", ""), schema.FileSubject("5001", "pdf"), schema.PaymentSubject("5001"),
		schema.LoosePaymentSubject("5001"), schema.TopUpSubject("5001"),
	} {
		require.False(t, seen[subject], subject)
		seen[subject] = true
	}
}

func TestCorrectionPart_TakesTheSubjectApart(t *testing.T) {
	t.Parallel()
	for _, invoice := range []schema.InvoiceID{"5001", "a:1.2", ""} {
		round, part := schema.CorrectionPart(schema.CorrectionSubject(invoice, 12, 3))
		require.Equal(t, []int{12, 3}, []int{round, part}, invoice)
	}
	for _, subject := range []string{"", "5001", "5001:pdf", "5001:1", "5001:1.x", "5001:x.1"} {
		round, part := schema.CorrectionPart(subject)
		require.Equal(t, []int{0, 0}, []int{round, part}, subject)
	}
}
