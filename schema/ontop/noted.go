package ontop

import (
	"time"

	"github.com/go-faster/jx"

	"github.com/tieout/tieout/schema"
)

// Verified says that a worker's identity was verified and a wallet created. It
// is the only event that joins a worker's id, external id and e-mail.
type Verified struct {
	Client      string
	Worker      schema.WorkerID
	ExternalID  string
	WorkerEmail string
	Status      string // such as "ACTIVE"
}

// Payment is the final status of one payment of a paylist. It names neither an
// invoice nor a currency, so it belongs to a bill only by worker, amount and day.
// Without its id it cannot be told from another one, and is dropped.
type Payment struct {
	ID             string
	Client         string
	Worker         schema.WorkerID
	Paylist        string
	IdempotencyKey string // not unique: payments of one paylist may share it
	Email          string
	Status         string    // such as "SUCCESS"
	Amount         string    // decimal number as sent; the wire does not say its currency
	At             time.Time // when the transaction took place
}

// TopUp is money that came into a client's wallet. It says neither whose nor when.
// Without its id it cannot be told from another one, and is dropped.
type TopUp struct {
	ID        string
	Type      string // such as "TRANSFER"
	Amount    string // decimal number as sent; the wire does not say its currency
	Reference string
}

// notedFields are the values of the published events, and the client of those
// that are not known.
type notedFields struct {
	clientID, workerID, externalID, workerEmail, status       value
	paymentID, paylistID, idempotencyKey, email               value
	transactionStatus, transactionAmount, transactionDateTime value
	transactionID, transactionType, amount, referenceID       value
}

func (f *notedFields) slot(name []byte) *value {
	switch string(name) {
	case "client_id":
		return &f.clientID
	case "worker_id":
		return &f.workerID
	case "external_id":
		return &f.externalID
	case "worker_email":
		return &f.workerEmail
	case "status":
		return &f.status
	case "payment_id":
		return &f.paymentID
	case "paylist_id":
		return &f.paylistID
	case "idempotency_key":
		return &f.idempotencyKey
	case "email":
		return &f.email
	case "transaction_status":
		return &f.transactionStatus
	case "transaction_amount":
		return &f.transactionAmount
	case "transaction_date_time":
		return &f.transactionDateTime
	case "transaction_id":
		return &f.transactionID
	case "transaction_type":
		return &f.transactionType
	case "amount":
		return &f.amount
	case "reference_id":
		return &f.referenceID
	}
	return nil
}

func (m *Message) readNoted(object string, dec *jx.Decoder) error {
	var f notedFields
	if err := readFields(dec, f.slot); err != nil {
		return unreadable(object, nil, "cannot be read: "+err.Error())
	}
	r := newReader()
	client := r.id("client_id", f.clientID)
	m.client(client)
	if m.Type.Kind() == KindUnknown {
		return nil // nothing is expected of it, so nothing can be wrong with it
	}
	subject := ""
	switch m.Type {
	case PaymentMade:
		payment := f.payment(r, client)
		if payment.ID == "" {
			r.missingID("payment_id", f.paymentID)
			m.drop(object, r.problems)
			return nil
		}
		m.Payments, subject = append(m.Payments, payment), payment.ID
	case ClientWalletTopUp:
		topUp := f.topUp(r)
		if topUp.ID == "" {
			r.missingID("transaction_id", f.transactionID)
			m.drop(object, r.problems)
			return nil
		}
		m.TopUps, subject = append(m.TopUps, topUp), topUp.ID
	default:
		verified := f.verified(r, client)
		m.KYCs, subject = append(m.KYCs, verified), string(verified.Worker)
	}
	m.trouble(object, subject, r.problems)
	return nil
}

func (f *notedFields) verified(r *reader, client string) Verified {
	return Verified{
		Client:      client,
		Worker:      schema.WorkerID(r.id("worker_id", f.workerID)),
		ExternalID:  r.text("external_id", f.externalID),
		WorkerEmail: r.text("worker_email", f.workerEmail),
		Status:      r.text("status", f.status),
	}
}

func (f *notedFields) payment(r *reader, client string) Payment {
	return Payment{
		ID:             r.id("payment_id", f.paymentID),
		Client:         client,
		Worker:         schema.WorkerID(r.id("worker_id", f.workerID)),
		Paylist:        r.id("paylist_id", f.paylistID),
		IdempotencyKey: r.text("idempotency_key", f.idempotencyKey),
		Email:          r.text("email", f.email),
		Status:         r.text("transaction_status", f.transactionStatus),
		Amount:         r.decimal("transaction_amount", f.transactionAmount),
		At:             r.instant("transaction_date_time", f.transactionDateTime),
	}
}

func (f *notedFields) topUp(r *reader) TopUp {
	return TopUp{
		ID:        r.id("transaction_id", f.transactionID),
		Type:      r.text("transaction_type", f.transactionType),
		Amount:    r.decimal("amount", f.amount),
		Reference: r.text("reference_id", f.referenceID),
	}
}
