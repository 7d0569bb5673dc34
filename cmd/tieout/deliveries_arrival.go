package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// arrivalShown is how a delivery came in, as `deliveries show --json` says it.
type arrivalShown struct {
	From     string        `json:"from"`      // the sender's address
	Scheme   string        `json:"signature"` // the way of signing that held; "unsigned" where none is asked for
	Secret   int           `json:"secret"`    // which of the company's secrets it was, from 1; 0 when none was asked for
	SignedAt *time.Time    `json:"signed_at"` // null where no time is signed
	Headers  []headerShown `json:"headers"`   // in their order, without secrets
	Omitted  int           `json:"headers_omitted"`
}

type headerShown struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// newArrivalShown returns nil for what is known of no arrival, such as that of a file.
func newArrivalShown(text []byte) *arrivalShown {
	a, err := schema.ParseArrival(string(text))
	if err != nil || len(text) == 0 {
		return nil
	}
	shown := arrivalShown{From: a.From, Scheme: a.Scheme, Secret: a.Key, Headers: []headerShown{}, Omitted: a.Omitted}
	if !a.SignedAt.IsZero() {
		shown.SignedAt = &a.SignedAt
	}
	for _, field := range a.Headers {
		shown.Headers = append(shown.Headers, headerShown(field))
	}
	return &shown
}

// proof says in a sentence what made us believe the delivery.
func (a *arrivalShown) proof() string {
	if a.Secret == 0 {
		return "none: the company takes unsigned requests"
	}
	proof := fmt.Sprintf("%s, made with secret %d of the company", clean(a.Scheme), a.Secret)
	if a.Scheme == "bearer" {
		proof = fmt.Sprintf("bearer token %d of the company, which proves nothing of the body", a.Secret)
	}
	if a.SignedAt != nil {
		proof += ", signed " + a.SignedAt.Format(time.RFC3339)
	}
	return proof
}

// write writes the header's fields, if an arrival is known.
func (a *arrivalShown) write(page *strings.Builder) {
	if a == nil {
		return
	}
	lines := make([]string, 0, len(a.Headers)+1)
	for _, field := range a.Headers {
		lines = append(lines, field.Name+": "+field.Value)
	}
	if a.Omitted > 0 {
		lines = append(lines, fmt.Sprintf("[%d more that were too long to keep]", a.Omitted))
	}
	indent, label := 2, "header  "
	for _, line := range lines {
		page.WriteString(wrapped(indent, label, line))
		indent, label = 12, ""
	}
}
