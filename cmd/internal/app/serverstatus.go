package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/tieout/tieout/schema"
)

// ServerStatus is what a running server knows and the store does not.
type ServerStatus struct {
	Journal JournalStatus `json:"journal"`
	// Idle says that nothing is under way: the journal is empty, and no cycle
	// runs or has been asked for.
	Idle bool `json:"idle"`
}

// JournalStatus is the journal of a running server at one moment.
type JournalStatus struct {
	Deliveries int64   `json:"deliveries"` // on disk and not in the store yet
	Bytes      int64   `json:"bytes"`
	LimitBytes int64   `json:"limit_bytes"`
	AgeSeconds float64 `json:"age_seconds"` // of the oldest
	Healthy    bool    `json:"healthy"`
}

// Status is a company's standing.
type Status struct {
	Company    schema.CompanyID  `json:"company"`
	Connection schema.Connection `json:"connection"`
	Backlog    schema.Backlog    `json:"backlog"`
	ToCreate   int               `json:"vendors_to_create"`
	// Settled says that nothing is left to do but by people and by Ontop.
	Settled bool `json:"settled"`
}

// Status reads a company's standing from the store. The server, if one is running,
// may have received what is not in the store yet: see [App.Server].
func (a *App) Status(ctx context.Context, id schema.CompanyID) (Status, error) {
	s := Status{Company: id}
	var err error
	if s.Connection, err = a.store.Connection(ctx, id); err != nil {
		return s, err
	}
	if s.Backlog, err = a.store.Backlog(ctx, id); err != nil {
		return s, err
	}
	payees, err := a.store.Payees(ctx, id)
	if err != nil {
		return s, err
	}
	for _, payee := range payees {
		if payee.State == schema.PayeeApproved {
			s.ToCreate++
		}
	}
	s.Settled = s.ToCreate+s.Backlog.Pending+s.Backlog.Due+s.Backlog.Uncertain+s.Backlog.Unverified == 0
	return s, nil
}

const serverStatus = "/api/v1/server"

// Server asks the server of this configuration how it stands. It reports false
// when none is running.
func (a *App) Server(ctx context.Context) (ServerStatus, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := "http://" + a.cfg.Private.Listen + serverStatus
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return ServerStatus{}, false, err
	}
	answer, err := http.DefaultClient.Do(request)
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return ServerStatus{}, false, nil
	}
	if err != nil {
		return ServerStatus{}, true, err
	}
	defer answer.Body.Close()
	var s ServerStatus
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&s); err != nil {
		return ServerStatus{}, true, fmt.Errorf("private.listen %s: answers, but not as tieout does: %w", a.cfg.Private.Listen, err)
	}
	return s, true, nil
}

// status says how this server stands.
func (s *server) status() ServerStatus {
	stats := s.journal.Stats()
	idle := stats.Deliveries == 0
	for _, c := range s.app.companies {
		idle = idle && !c.busy.Load() && len(c.transforms) == 0 && len(c.loads) == 0 && len(c.sweeps) == 0
	}
	return ServerStatus{
		Journal: JournalStatus{
			Deliveries: stats.Deliveries, Bytes: stats.Bytes, LimitBytes: stats.LimitBytes, AgeSeconds: stats.Age.Seconds(),
			Healthy: stats.Healthy,
		},
		Idle: idle,
	}
}
