package store

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/tieout/tieout/schema"
)

// taskBody is what is particular to the kind of a task, as its row has it. Amounts
// are decimal texts.
type taskBody struct {
	Document documentBody `json:"document,omitzero"`
	File     fileBody     `json:"file,omitzero"`
	Payment  paymentBody  `json:"payment,omitzero"`
	Transfer transferBody `json:"transfer,omitzero"`
}

type fileBody struct {
	URL  exactText `json:"url,omitzero"`
	Item exactText `json:"item,omitzero"`
}

type paymentBody struct {
	Source  exactText   `json:"source,omitzero"`
	On      schema.Date `json:"on,omitzero"`
	Amount  amountBody  `json:"amount,omitzero"`
	Account exactText   `json:"account,omitzero"`
	Worker  exactText   `json:"worker,omitzero"`
	Email   exactText   `json:"email,omitzero"`
}

type transferBody struct {
	TopUp     exactText   `json:"top_up,omitzero"`
	Reference exactText   `json:"reference,omitzero"`
	On        schema.Date `json:"on,omitzero"`
	Amount    amountBody  `json:"amount,omitzero"`
	From      exactText   `json:"from,omitzero"`
	To        exactText   `json:"to,omitzero"`
}

// taskBodyOf writes what fillTask reads.
func taskBodyOf(t schema.Task) (string, error) {
	body := taskBody{
		Document: documentBodyOf(t.Correction.Document),
		File:     fileBody{URL: exactText(t.File.URL), Item: exactText(t.File.Item)},
		Payment: paymentBody{
			Source: exactText(t.Payment.Source), On: t.Payment.On, Amount: amountBodyOf(t.Payment.Amount),
			Account: exactText(t.Payment.Account), Worker: exactText(t.Payment.Worker), Email: exactText(t.Payment.Email),
		},
		Transfer: transferBody{
			TopUp: exactText(t.Transfer.TopUp), Reference: exactText(t.Transfer.Reference), On: t.Transfer.On,
			Amount: amountBodyOf(t.Transfer.Amount), From: exactText(t.Transfer.From), To: exactText(t.Transfer.To),
		},
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("write body: %w", err)
	}
	return string(text), nil
}

// fillTask sets what is particular to the kind of a task.
func fillTask(t *schema.Task, text string) error {
	var body taskBody
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	document, err := body.Document.draft()
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	paid, err := body.Payment.Amount.money()
	if err != nil {
		return fmt.Errorf("read payment: %w", err)
	}
	moved, err := body.Transfer.Amount.money()
	if err != nil {
		return fmt.Errorf("read transfer: %w", err)
	}
	t.Correction.Document = document
	t.File = schema.File{URL: string(body.File.URL), Item: string(body.File.Item)}
	t.Payment = schema.Payment{
		Source: string(body.Payment.Source), On: body.Payment.On, Amount: paid,
		Account: schema.AccountID(body.Payment.Account), Worker: schema.WorkerID(body.Payment.Worker), Email: string(body.Payment.Email),
	}
	t.Transfer = schema.Transfer{
		TopUp: string(body.Transfer.TopUp), Reference: string(body.Transfer.Reference), On: body.Transfer.On,
		Amount: moved, From: schema.AccountID(body.Transfer.From), To: schema.AccountID(body.Transfer.To),
	}
	return nil
}

// amountBody is an amount of money. The zero amountBody is the zero Money.
type amountBody struct {
	Amount   string    `json:"amount"`
	Currency exactText `json:"currency,omitzero"`
}

func amountBodyOf(m schema.Money) amountBody {
	if m == (schema.Money{}) {
		return amountBody{}
	}
	return amountBody{Amount: m.Decimal(), Currency: exactText(m.Currency())}
}

func (a amountBody) money() (schema.Money, error) {
	if a == (amountBody{}) {
		return schema.Money{}, nil
	}
	return schema.ParseMoney(a.Amount, schema.Currency(a.Currency))
}

// exactText is a text that comes back as it was. What is not UTF-8, which JSON would
// repair, is written as a list of its bytes in base 64.
type exactText string

// MarshalJSON writes the text.
func (t exactText) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal([][]byte{[]byte(t)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *exactText) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '[' {
		return json.Unmarshal(data, (*string)(t))
	}
	var parts [][]byte
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	for _, part := range parts {
		*t += exactText(part)
	}
	return nil
}
