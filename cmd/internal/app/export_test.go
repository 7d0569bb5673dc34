package app

import (
	"context"
	"net/http"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
)

// NewVerifier is how a company's deliveries are verified.
func NewVerifier(o config.Ontop) (ingest.Verifier, error) { return newVerifier(o) }

// PrivatePages are the private listener's, with one thing that readiness asks.
func (a *App) PrivatePages(name string, check func(context.Context) error) http.Handler {
	return a.newPrivate(func() ServerStatus { return ServerStatus{Idle: true} }, readiness{name: name, check: check})
}

// State is what binds a connection to who began it.
func (p PendingConnect) State() string { return p.state }
