package ontop

import (
	"strings"
	"time"

	"github.com/go-faster/jx"

	"github.com/tieout/tieout/schema"
)

// contractFields are a contract object's values as they were sent. Of a field
// that is sent twice, the last one counts.
type contractFields struct {
	clientID, agreementID, workerID, workerEmail, externalID value
	workerType, firstName, lastName, legalName               value
	country, countryISO, jobTitle, department, entity        value
	contractType, signing, currency                          value
	startDate, endDate, status, updatedAt                    value
}

func (f *contractFields) slot(name []byte) *value {
	switch string(name) {
	case "client_id":
		return &f.clientID
	case "agreement_id":
		return &f.agreementID
	case "worker_id":
		return &f.workerID
	case "worker_email":
		return &f.workerEmail
	case "external_id":
		return &f.externalID
	case "worker_type":
		return &f.workerType
	case "first_name":
		return &f.firstName
	case "last_name":
		return &f.lastName
	case "legal_name":
		return &f.legalName
	case "country":
		return &f.country
	case "country_iso":
		return &f.countryISO
	case "job_title":
		return &f.jobTitle
	case "department":
		return &f.department
	case "entity":
		return &f.entity
	case "contract_type":
		return &f.contractType
	case "signing":
		return &f.signing
	case "currency":
		return &f.currency
	case "start_date":
		return &f.startDate
	case "end_date":
		return &f.endDate
	case "status":
		return &f.status
	case "updated_at":
		return &f.updatedAt
	}
	return nil
}

// readFields reads an object into the slots that want its values, and skips the
// others.
func readFields(dec *jx.Decoder, slot func(name []byte) *value) error {
	return dec.ObjBytes(func(dec *jx.Decoder, key []byte) error {
		wanted := slot(key)
		raw, err := dec.Raw()
		if wanted != nil {
			*wanted = value(raw)
		}
		return err
	})
}

func (m *Message) readContract(object string, dec *jx.Decoder, d schema.Delivery) error {
	var f contractFields
	if err := readFields(dec, f.slot); err != nil {
		return unreadable(object, nil, "cannot be read: "+err.Error())
	}
	r := newReader()
	m.client(r.id("client_id", f.clientID))
	id := r.id("agreement_id", f.agreementID)
	if id == "" {
		r.missingID("agreement_id", f.agreementID)
		m.drop(object, r.problems)
		return nil
	}
	contract := f.contract(r, m.Type)
	contract.ID = schema.ContractID(id)
	contract.Company, contract.Source = d.Company, d.ID
	contract.UpdatedAt = r.updatedAt(f.updatedAt, d.ReceivedAt)
	m.Contracts = append(m.Contracts, contract)
	m.trouble(object, id, r.problems)
	return nil
}

func (f *contractFields) contract(r *reader, t EventType) schema.Contract {
	c := schema.Contract{
		Worker:      schema.WorkerID(r.id("worker_id", f.workerID)),
		WorkerEmail: r.text("worker_email", f.workerEmail),
		ExternalID:  r.text("external_id", f.externalID),
		WorkerType:  r.text("worker_type", f.workerType),
		FirstName:   r.text("first_name", f.firstName),
		LastName:    r.text("last_name", f.lastName),
		LegalName:   r.text("legal_name", f.legalName),
		Country:     r.country(f.country, f.countryISO),
		JobTitle:    r.text("job_title", f.jobTitle),
		Department:  r.text("department", f.department),
		Entity:      r.text("entity", f.entity),
		Type:        r.text("contract_type", f.contractType),
		Signing:     schema.Signing(r.text("signing", f.signing)),
		StartDate:   r.date("start_date", f.startDate),
		EndDate:     r.date("end_date", f.endDate),
		Status:      r.text("status", f.status),
	}
	// Invoices say their own currency; a contract may do without.
	if !f.currency.absent() {
		c.Currency = r.currency("currency", f.currency)
	}
	if t == ContractEnded {
		c.Status = "ENDED"
	}
	return c
}

// country prefers the ISO code to the English name.
func (r *reader) country(name, iso value) string {
	code := strings.ToUpper(r.text("country_iso", iso))
	if code == "" {
		return r.text("country", name)
	}
	if len(code) != 2 || !upperLetters(code) {
		r.problem("country_iso", iso, "is not a country; send an ISO 3166-1 code of two letters, such as CO")
		return r.text("country", name)
	}
	return code
}

func upperLetters(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < 'A' || c > 'Z' }) < 0
}

// missingID names an id without which an object has no place, unless the id's
// own problem was named already.
func (r *reader) missingID(field string, v value) {
	if len(r.problems) > 0 && r.problems[len(r.problems)-1].Field == field {
		return
	}
	r.problem(field, v, "is missing; nothing can be kept without it, so send the object again with its id")
}

// updatedAt falls back on the time of receipt, which is the best that is known
// about the order of revisions then.
func (r *reader) updatedAt(v value, receivedAt time.Time) time.Time {
	if at := r.instant("updated_at", v); !at.IsZero() {
		return at
	}
	return receivedAt
}
