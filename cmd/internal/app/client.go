package app

import (
	"context"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// Client returns the way to the books of a connected company, or ErrNotConnected.
// It is for looking at QuickBooks itself: what is written through it is unknown
// to the store.
func (a *App) Client(ctx context.Context, id schema.CompanyID) (*quickbooks.Client, error) {
	c, err := a.company(id)
	if err != nil {
		return nil, err
	}
	line, err := a.connected(ctx, c)
	if err != nil {
		return nil, err
	}
	return line.client, nil
}
