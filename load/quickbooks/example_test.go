package quickbooks_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// A vendor is created, and each of the three ends of a call has its branch.
func Example() {
	ctx := context.Background()
	company := quickbookstest.New(quickbookstest.Config{Now: time.Now})
	grant := company.Grant("", "")

	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		Environment: quickbooks.Sandbox, ClientID: grant.ClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}, company.Client(), time.Now, quickbooks.NewMetrics(nil))
	if err != nil {
		panic(err)
	}
	store := &memStore{token: quickbooks.Token{
		RealmID: grant.Realm, AccessToken: quickbooks.Secret(grant.AccessToken), AccessExpires: grant.AccessUntil,
		RefreshToken: quickbooks.Secret(grant.RefreshToken),
	}}
	log := slog.New(slog.DiscardHandler)
	client := quickbooks.NewClient(quickbooks.NewSession(oauth, store, newLock(), grant.Realm, log), log, nil)

	// The bytes are stored under their names before anything is sent.
	item, err := quickbooks.CreateItem("k3x9q0aa01", quickbooks.Vendor{DisplayName: "Ana O'Neil"})
	if err != nil {
		panic(err)
	}
	answers, err := client.Batch(ctx, "acme-202611", []quickbooks.BatchItem{item})
	if err == nil {
		err = answers.Items[0].Err
	}
	fault, declined := errors.AsType[*quickbooks.Fault](err)
	switch {
	case err == nil:
		fmt.Println("posted")
	case quickbooks.DecisionOf(err) == quickbooks.LookUp:
		fmt.Println("nobody knows: look it up")
	case declined:
		fmt.Println(fault.Sentence())
	default:
		fmt.Println("nothing was sent:", err)
	}
	// Output: posted
}
