package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/tieout/tieout/schema"
)

// Why a person's word about a delivery was not recorded.
var (
	// ErrNoSuchDelivery means that no delivery of that id is in the store.
	ErrNoSuchDelivery = errors.New("no delivery of that id is in the store")
	// ErrNeedsNobody means that nothing is to be decided about a delivery.
	ErrNeedsNobody = errors.New("it needs nobody")
)

// Delivered returns everything that was received under an id, bodies included: more
// than one delivery when the sender used the id for several bodies.
func (a *App) Delivered(ctx context.Context, id schema.CompanyID, delivery schema.DeliveryID) ([]schema.Receipt, error) {
	if delivery == "" {
		return nil, ErrNoSuchDelivery
	}
	var found []schema.Receipt
	for r, err := range a.store.Deliveries(ctx, schema.DeliveryQuery{Company: id, ID: delivery, Bodies: true}) {
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("delivery %s: %w", delivery, ErrNoSuchDelivery)
	}
	return found, nil
}

// Dismiss records that a person saw what is wrong with the deliveries under an id and
// wants nothing of them, so that they keep no period from tying any more. It changes
// neither their outcome nor anything else, and returns what was recorded.
func (a *App) Dismiss(
	ctx context.Context, id schema.CompanyID, delivery schema.DeliveryID, reason, by string,
) ([]schema.Review, error) {
	found, err := a.Delivered(ctx, id, delivery)
	if err != nil {
		return nil, err
	}
	var dismissed []schema.Review
	for _, r := range found {
		if !r.NeedsPerson() {
			continue
		}
		review := schema.Review{Outcome: r.Stands(), Dismissed: true, Reason: reason, By: by}
		if at := a.stamp(); at.After(review.RecordedAt) {
			review.RecordedAt = at
		}
		dismissed = append(dismissed, review)
	}
	if len(dismissed) == 0 {
		return nil, fmt.Errorf("delivery %s: %w: %s", delivery, ErrNeedsNobody, standing(found[0]))
	}
	return dismissed, a.store.RecordReviews(ctx, dismissed)
}

// standing says in words where a delivery stands.
func standing(r schema.Receipt) string {
	switch stands := r.Stands(); {
	case stands.Kind == "":
		return "nobody has looked at it yet"
	case r.Review.Dismissed:
		return fmt.Sprintf("%s dismissed it on %s: %s", r.Review.By, schema.DateOf(r.Review.RecordedAt), r.Review.Reason)
	default:
		return "it is " + string(stands.Kind)
	}
}
