package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// meterStore keeps what the processes of a company called.
type meterStore interface {
	// RecordMetered says how many calls a process had made in a month.
	RecordMetered(ctx context.Context, calls schema.MeteredCalls) error
	// Metered sums up what all processes called in the month.
	Metered(ctx context.Context, company schema.CompanyID, month schema.Period) (schema.Metered, error)
}

// meter counts what this process called of one company's QuickBooks in the month,
// and knows what others had called when it last looked. It is stored at the end of
// each cycle, so that a process that dies takes one cycle's calls with it at most. It
// is safe for concurrent use.
type meter struct {
	store   meterStore
	company schema.CompanyID
	holder  string
	now     func() time.Time

	storing sync.Mutex // one flush or look at a time

	mu      sync.Mutex
	clients []metered
	month   schema.Period
	own     schema.Metered // of this process, in the month
	saved   schema.Metered // what is stored of it
	others  schema.Metered // of other processes, in the month
	looked  bool           // others was read
	ended   []schema.MeteredCalls
}

// counter is a client of QuickBooks.
type counter interface {
	// Metered returns what it called so far, which only grows.
	Metered() quickbooks.Metered
}

// metered is a client and how far it was counted.
type metered struct {
	client  counter
	counted schema.Metered
}

func newMeter(store meterStore, company schema.CompanyID, holder string, now func() time.Time) *meter {
	return &meter{store: store, company: company, holder: holder, now: now}
}

// watch counts what a new client calls from now on.
func (m *meter) watch(client counter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients = append(m.clients, metered{client: client})
}

// used returns how many metered calls all processes made in the month of now, as
// far as this one knows. It asks nobody.
func (m *meter) used(now time.Time) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(now)
	return m.others.CorePlus + m.own.CorePlus
}

// count takes over what the clients counted. What is found after a month ended is
// the next month's. It is called with mu held.
func (m *meter) count(now time.Time) {
	if month := schema.MeteredMonth(now); month != m.month {
		if m.own != m.saved {
			m.ended = append(m.ended, m.calls(now))
		}
		m.month, m.own, m.saved, m.others, m.looked = month, schema.Metered{}, schema.Metered{}, schema.Metered{}, false
	}
	for i := range m.clients {
		c := &m.clients[i]
		total := schema.Metered(c.client.Metered())
		m.own.Core += total.Core - c.counted.Core
		m.own.CorePlus += total.CorePlus - c.counted.CorePlus
		c.counted = total
	}
}

func (m *meter) calls(now time.Time) schema.MeteredCalls {
	return schema.MeteredCalls{Company: m.company, Month: m.month, Holder: m.holder, Metered: m.own, RecordedAt: now}
}

// look reads what others called in the month, unless that was done.
func (m *meter) look(ctx context.Context) error {
	m.storing.Lock()
	defer m.storing.Unlock()
	m.mu.Lock()
	m.count(m.now())
	month, looked := m.month, m.looked
	m.mu.Unlock()
	if looked {
		return nil
	}
	return m.lookAt(ctx, month)
}

// lookAt reads a month. Nothing is stored meanwhile.
func (m *meter) lookAt(ctx context.Context, month schema.Period) error {
	total, err := m.store.Metered(ctx, m.company, month)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if month == m.month {
		m.others = schema.Metered{Core: total.Core - m.saved.Core, CorePlus: total.CorePlus - m.saved.CorePlus}
		m.looked = true
	}
	return nil
}

// flush stores what was called since the last time, if anything was, and looks at
// what others called.
func (m *meter) flush(ctx context.Context) error {
	m.storing.Lock()
	defer m.storing.Unlock()
	now := m.now()
	m.mu.Lock()
	m.count(now)
	ended, current := len(m.ended), m.calls(now)
	due := slices.Clone(m.ended)
	if m.own != m.saved {
		due = append(due, current)
	}
	m.mu.Unlock()
	if len(due) == 0 {
		return nil
	}
	for _, calls := range due {
		if err := m.store.RecordMetered(ctx, calls); err != nil {
			return err // the counts only grow: the next flush says them again
		}
	}
	m.mu.Lock()
	m.ended = m.ended[ended:]
	if current.Month == m.month {
		m.saved = current.Metered
	}
	m.mu.Unlock()
	return m.lookAt(ctx, current.Month)
}

// flushTimeout bounds how long the end of a cycle, or of the process, waits for its
// calls to be stored.
const flushTimeout = 5 * time.Second

// flushMeter stores what was called of a company, also when ctx has ended.
func (a *App) flushMeter(ctx context.Context, c *company) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if err := c.meter.flush(ctx); err != nil {
		a.log.WarnContext(ctx, "metered calls not stored", slog.String("company", string(c.id)), slog.Any("error", err))
	}
}
