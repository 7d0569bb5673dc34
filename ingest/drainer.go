package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tieout/tieout/schema"
)

// Stager is where blocks end up.
type Stager interface {
	// Stage stores the block in one piece, exactly once for each Block.ID. Any
	// error is an unknown outcome: the same block is offered again, byte for
	// byte. The implementer keeps nothing of the block after it returned.
	Stage(ctx context.Context, block schema.Block) error
}

// Backlog is where a [Drainer] finds what to stage.
type Backlog interface {
	// Cut returns the oldest block that is not forgotten, the same one until it
	// is, also after a crash. It is empty when nothing waits.
	Cut(ctx context.Context, limits Limits) (schema.Block, error)

	// Forget gives up the block that was cut last. When it returns nil, the
	// block is never cut again.
	Forget(ctx context.Context, block schema.Block) error

	// Ready is told when there may be something to cut.
	Ready() <-chan struct{}
}

// DrainConfig tunes a [Drainer]. The zero DrainConfig is ready to use.
type DrainConfig struct {
	// BlockDeliveries is the most deliveries in one block.
	//
	// Defaults to 10,000, where one insert of ClickHouse is well spent.
	BlockDeliveries int `yaml:"block_deliveries"`

	// BlockBytes is the most bytes in one block, unless one delivery has more.
	//
	// Defaults to 16 MiB.
	BlockBytes int64 `yaml:"block_bytes"`

	// Interval is the pause between blocks that are not full. A shorter one
	// shows deliveries sooner and makes ClickHouse merge more.
	//
	// Defaults to 500 milliseconds.
	Interval time.Duration `yaml:"interval"`

	// MaxBackoff is the longest pause between attempts while the store is away.
	//
	// Defaults to 15 seconds.
	MaxBackoff time.Duration `yaml:"max_backoff"`

	// Timeout bounds one attempt to stage a block.
	//
	// Defaults to 2 minutes.
	Timeout time.Duration `yaml:"timeout"`
}

func (c DrainConfig) withDefaults() DrainConfig {
	c.BlockDeliveries = cmp.Or(c.BlockDeliveries, 10_000)
	c.BlockBytes = cmp.Or(c.BlockBytes, 16<<20)
	c.Interval = cmp.Or(c.Interval, 500*time.Millisecond)
	c.MaxBackoff = cmp.Or(c.MaxBackoff, 15*time.Second)
	c.Timeout = cmp.Or(c.Timeout, 2*time.Minute)
	return c
}

// Validate reports every bad setting at once, each by its key.
func (c DrainConfig) Validate() error {
	return notNegative("drain", []setting{
		{"block_deliveries", int64(c.BlockDeliveries)},
		{"block_bytes", c.BlockBytes},
		{"interval", int64(c.Interval)},
		{"max_backoff", int64(c.MaxBackoff)},
		{"timeout", int64(c.Timeout)},
	})
}

type setting struct {
	key   string
	value int64
}

func notNegative(section string, settings []setting) error {
	var errs []error
	for _, s := range settings {
		if s.value < 0 {
			errs = append(errs, fmt.Errorf("%s.%s: must not be negative, is %d", section, s.key, s.value))
		}
	}
	return errors.Join(errs...)
}

// Drainer moves a backlog into the store, in order, block by block.
type Drainer struct {
	cfg     DrainConfig
	env     Env
	backlog Backlog
	store   Stager
	nudge   func()
}

// NewDrainer returns a Drainer from backlog into store. It calls nudge, which
// may be nil and must not block, after each block that the store confirmed.
func NewDrainer(backlog Backlog, store Stager, nudge func(), cfg DrainConfig, env Env) (*Drainer, error) {
	env, err := env.withDefaults()
	if err := errors.Join(err, cfg.Validate()); err != nil {
		return nil, err
	}
	if nudge == nil {
		nudge = func() {}
	}
	return &Drainer{cfg: cfg.withDefaults(), env: env, backlog: backlog, store: store, nudge: nudge}, nil
}

// Run drains until ctx ends, and returns nil then. A store or a disk that is
// away is no error: what waits stays where it is and is tried again.
func (d *Drainer) Run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 100*time.Millisecond, d.cfg.MaxBackoff
	var said complaint
	for ctx.Err() == nil {
		staged, err := d.RunOnce(ctx)
		if err != nil && ctx.Err() == nil {
			wait := pause.NextBackOff()
			d.env.Metrics.drainErrors.Inc()
			level := slog.LevelDebug
			if said.isNew(err) {
				level = slog.LevelWarn
			}
			d.env.Log.LogAttrs(ctx, level, "block could not be staged; it is offered again",
				slog.Any("error", err), slog.Duration("wait", wait))
			sleep(ctx, wait)
			continue
		}
		if said != "" && staged > 0 {
			d.env.Log.InfoContext(ctx, "store takes blocks again", slog.Int("deliveries", staged))
			said = ""
		}
		if staged == 0 {
			select {
			case <-ctx.Done():
			case <-d.backlog.Ready():
			}
		}
		pause.Reset()
		// More comes together while we wait; a full block does not wait.
		if staged < d.cfg.BlockDeliveries {
			sleep(ctx, d.cfg.Interval)
		}
	}
	return nil
}

// RunOnce stages one block and forgets it, and returns how many deliveries it
// had. After an error it is not known whether the store has the block; calling
// RunOnce again settles that.
func (d *Drainer) RunOnce(ctx context.Context) (int, error) {
	block, err := d.backlog.Cut(ctx, Limits{Deliveries: d.cfg.BlockDeliveries, Bytes: d.cfg.BlockBytes})
	if err != nil || len(block.Deliveries) == 0 {
		return 0, err
	}
	attempt, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	start := d.env.Now()
	if err := d.store.Stage(attempt, block); err != nil {
		return 0, fmt.Errorf("stage block %s: %w", block.ID, err)
	}
	d.env.Metrics.drainTime.Observe(d.env.Now().Sub(start).Seconds())
	if err := d.backlog.Forget(ctx, block); err != nil {
		return 0, fmt.Errorf("forget block %s: %w", block.ID, err)
	}
	d.env.Metrics.staged.WithLabelValues("webhook").Add(float64(len(block.Deliveries)))
	d.nudge()
	return len(block.Deliveries), nil
}

// Drain stages until nothing waits. It stops at the first error.
func (d *Drainer) Drain(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := d.RunOnce(ctx)
		total += n
		if n == 0 || err != nil {
			return total, err
		}
	}
}
