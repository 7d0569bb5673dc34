package app

import (
	"context"
	"fmt"

	"github.com/tieout/tieout/schema"
)

// Fate is where a contract or an invoice stands of which a delivery spoke. Contracts
// and invoices are numbered apart, so that both may be there for one subject.
type Fate struct {
	Subject  string
	Contract schema.Contract // zero when no contract has this id
	Position schema.Position // of the invoice; zero when none has this id
}

// Fates returns where each of the subjects stands now, in their order.
func (a *App) Fates(ctx context.Context, id schema.CompanyID, subjects []string) ([]Fate, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	contractIDs, invoiceIDs := make([]schema.ContractID, len(subjects)), make([]schema.InvoiceID, len(subjects))
	for i, subject := range subjects {
		contractIDs[i], invoiceIDs[i] = schema.ContractID(subject), schema.InvoiceID(subject)
	}
	contracts, err := a.store.Contracts(ctx, id, contractIDs)
	if err != nil {
		return nil, fmt.Errorf("read contracts: %w", err)
	}
	positions, err := a.store.InvoicePositions(ctx, id, invoiceIDs)
	if err != nil {
		return nil, fmt.Errorf("read invoices: %w", err)
	}
	fates := make([]Fate, len(subjects))
	for i, subject := range subjects {
		fates[i] = Fate{Subject: subject, Contract: contracts[contractIDs[i]], Position: positions[invoiceIDs[i]]}
	}
	return fates, nil
}
