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
	// QuotaBlocked are the companies that QuickBooks refuses to be read, as it
	// does when an app has used up its metered calls of the month.
	QuotaBlocked []schema.CompanyID `json:"quota_blocked"`
}

// Status is a company's standing.
type Status struct {
	Company    schema.CompanyID  `json:"company"`
	Connection schema.Connection `json:"connection"`
	Backlog    schema.Backlog    `json:"backlog"`
	// ToCreate counts approved vendors that are not in QuickBooks yet. One in a currency
	// that the company does not take is not due: it waits for multicurrency.
	ToCreate int `json:"vendors_to_create"`
	// Settled says that nothing is left to do but by people and by Ontop.
	Settled bool `json:"settled"`
	// ConnectionEnds is when the connection ends by itself; null when there is none
	// or it is not known.
	ConnectionEnds *time.Time `json:"connection_ends"`
	// ReconnectWarningDays is 30, 7 or 1 once the connection ends within as many
	// days, 0 once it has ended, and null before that.
	ReconnectWarningDays *int `json:"reconnect_warning_days"`
	// Metered is what the month has cost, in UTC. A running server's current cycle
	// is not in it yet.
	Metered MeteredMonth `json:"metered"`
	// Warnings are what a person has to know, in sentences.
	Warnings []string `json:"warnings"`
}

// MeteredMonth is how much of a company's budget of metered calls a month used.
type MeteredMonth struct {
	Month    schema.Period `json:"month"`
	Core     int64         `json:"core"`      // free calls
	CorePlus int64         `json:"core_plus"` // metered calls
	Budget   int           `json:"budget"`    // of metered calls; 0 is no limit
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
	books, err := a.store.Books(ctx, id, time.Time{})
	if err != nil {
		return s, err
	}
	for _, payee := range payees {
		if payee.State == schema.PayeeApproved && (books.IsZero() || books.Takes(payee.Key.Currency())) {
			s.ToCreate++
		}
	}
	if err := a.addStanding(ctx, &s); err != nil {
		return s, err
	}
	b := s.Backlog
	s.Settled = s.ToCreate+b.Pending+b.Due+b.Uncertain+b.Unverified+b.TasksDue+b.TasksUncertain+b.TasksUnverified == 0
	return s, nil
}

// addStanding adds how long QuickBooks lets us in and what asking it has cost, and how
// long we believe Ontop.
func (a *App) addStanding(ctx context.Context, s *Status) error {
	c, err := a.company(s.Company)
	if err != nil {
		return err
	}
	end, err := a.connectionEnd(ctx, s.Connection)
	if err != nil {
		return err
	}
	if !end.At.IsZero() {
		s.ConnectionEnds = &end.At
	}
	s.Warnings = []string{}
	if end.Due {
		s.ReconnectWarningDays = &end.Days
		s.Warnings = append(s.Warnings, end.Warning(s.Company))
	}
	if c.quotaBlocked() {
		s.Warnings = append(s.Warnings, QuotaWarning(s.Company))
	}
	if configured, ok := companyOf(a.cfg, string(s.Company)); ok {
		now := a.Now()
		if text := secretsEnd(configured.ID, believedUntil(configured.Ontop, now), now); text != "" {
			s.Warnings = append(s.Warnings, text)
		}
	}
	month := schema.MeteredMonth(a.Now())
	used, err := a.store.Metered(ctx, s.Company, month)
	s.Metered = MeteredMonth{Month: month, Core: used.Core, CorePlus: used.CorePlus, Budget: c.budget()}
	return err
}

const serverStatus = "/api/v1/server"

// Server asks the server of this configuration how it stands. It reports false
// when none is running.
func (a *App) Server(ctx context.Context) (ServerStatus, bool, error) {
	return askServer(ctx, a.cfg.Private.Listen)
}

// askServer asks the server whose private listener is at an address.
func askServer(ctx context.Context, listen string) (ServerStatus, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := "http://" + listen + serverStatus
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
		return ServerStatus{}, true, fmt.Errorf("private.listen %s: answers, but not as tieout does: %w", listen, err)
	}
	return s, true, nil
}

// status says how this server stands.
func (s *server) status() ServerStatus {
	stats := s.journal.Stats()
	idle, blocked := stats.Deliveries == 0, []schema.CompanyID{}
	for _, c := range s.app.companies {
		if c.quotaBlocked() {
			blocked = append(blocked, c.id)
		}
		idle = idle && !c.busy.Load() && len(c.transforms) == 0 && len(c.loads) == 0 && len(c.sweeps) == 0
	}
	return ServerStatus{Journal: newJournalStatus(stats), Idle: idle, QuotaBlocked: blocked}
}
