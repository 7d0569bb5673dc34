package storetest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// drawTask returns any task: with everything set that a task can have, or nothing,
// and texts of any bytes.
func drawTask(t *rapid.T) schema.Task {
	task := schema.Task{
		Kind: rapid.SampledFrom(schema.TaskKinds()).Draw(t, "kind"), Subject: drawText(t), ID: schema.DraftID(drawText(t)),
		Invoice: schema.InvoiceID(drawText(t)), State: schema.TaskState(drawText(t)), Reason: drawText(t), By: drawText(t),
		Hold: drawHold(t), RecordedAt: drawInstant(t),
	}
	if rapid.Bool().Draw(t, "correction") {
		task.Correction = schema.Correction{
			Content: drawSum(t), Cancelled: rapid.Bool().Draw(t, "cancelled"), Document: drawDocument(t),
		}
	}
	if rapid.Bool().Draw(t, "file") {
		task.File = schema.File{URL: drawText(t), Item: drawText(t)}
	}
	if rapid.Bool().Draw(t, "payment") {
		task.Payment = schema.Payment{
			Source: drawText(t), On: drawDate(t), Amount: drawMoney(t), Account: schema.AccountID(drawText(t)),
			Worker: schema.WorkerID(drawText(t)),
			Email:  drawText(t),
		}
	}
	if rapid.Bool().Draw(t, "transfer") {
		task.Transfer = schema.Transfer{
			TopUp: drawText(t), Reference: drawText(t), On: drawDate(t), Amount: drawMoney(t),
			From: schema.AccountID(drawText(t)), To: schema.AccountID(drawText(t)),
		}
	}
	return task
}

// drawDocument returns any document, of no or some lines and holds.
func drawDocument(t *rapid.T) schema.Draft {
	d := schema.Draft{
		Company: schema.CompanyID(drawText(t)), ID: schema.DraftID(drawText(t)), Invoice: schema.InvoiceID(drawText(t)),
		Content: drawSum(t), State: schema.DraftState(drawText(t)), Kind: schema.DocumentKind(drawText(t)),
		Payee: schema.PayeeKey(drawText(t)), PayeeName: drawText(t), Vendor: schema.VendorID(drawText(t)), DocNumber: drawText(t),
		TxnDate: drawDate(t), DueDate: drawDate(t), Currency: schema.Currency(drawText(t)), Rate: schema.Rate(drawText(t)),
		Payable: schema.AccountID(drawText(t)), Location: schema.LocationID(drawText(t)), Total: drawMoney(t), Memo: drawText(t),
		RecordedAt: drawInstant(t),
	}
	for range rapid.IntRange(0, 2).Draw(t, "lines") {
		d.Lines = append(d.Lines, schema.DraftLine{
			ItemID: drawText(t), Concept: drawText(t), Description: drawText(t), Amount: drawMoney(t),
			Account: schema.AccountID(drawText(t)), Class: schema.ClassID(drawText(t)), Rule: schema.RuleID(drawText(t)),
			RuleVersion: rapid.Int().Draw(t, "version"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "holds") {
		d.Holds = append(d.Holds, drawHold(t))
	}
	return d
}

func drawHold(t *rapid.T) schema.Hold {
	return schema.Hold{
		Reason: schema.HoldReason(drawText(t)), Detail: drawText(t), NextStep: drawText(t), Owner: schema.Owner(drawText(t)),
	}
}

// drawText returns any bytes, valid characters or not, and often nothing.
func drawText(t *rapid.T) string {
	return rapid.OneOf(
		rapid.Just(""), rapid.StringN(0, 6, -1),
		rapid.SampledFrom([]string{"\xff\x00", "<&>\u2028\\\"", "[\"YQ==\"]", "Nº 1", "\ufffd"}),
	).Draw(t, "text")
}

// drawMoney returns any amount, the least and the largest among them, in currencies
// of no, two and three decimals, unknown ones and none.
func drawMoney(t *rapid.T) schema.Money {
	currency := rapid.SampledFrom([]schema.Currency{"USD", "JPY", "KWD", "COP", "ZZZ", "", "\xff", schema.NoCurrency}).Draw(t, "currency")
	return schema.NewMoney(rapid.Int64().Draw(t, "minor"), currency)
}

func drawDate(t *rapid.T) schema.Date {
	if rapid.Bool().Draw(t, "no date") {
		return schema.Date{}
	}
	return schema.NewDate(1, 1, 1).AddDays(rapid.IntRange(0, 3_652_058).Draw(t, "days"))
}

func drawInstant(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "no time") {
		return time.Time{}
	}
	return start().Add(time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "microseconds")) * time.Microsecond)
}

func drawSum(t *rapid.T) schema.Sum {
	if rapid.Bool().Draw(t, "no sum") {
		return schema.Sum{}
	}
	return schema.SumOf(drawText(t))
}
