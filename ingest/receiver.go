package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/time/rate"

	"github.com/tieout/tieout/schema"
)

// Appender makes deliveries durable.
type Appender interface {
	// Append returns nil once d is on disk. After an error d is to be offered
	// again; it may be on disk all the same. Append copies the body before it
	// returns and keeps nothing of d.
	Append(ctx context.Context, d schema.Delivery) error
}

// ReceiverConfig tunes a [Receiver]. The zero ReceiverConfig is ready to use.
type ReceiverConfig struct {
	// BodyLimit is the most bytes of a body; above it the answer is 413.
	//
	// Defaults to 1 MiB. Ontop's bodies have a few KiB.
	BodyLimit int `yaml:"body_limit"`

	// HeaderLimit is the most bytes of a request's line and header; above it
	// the answer is 431. Every connection holds as much memory.
	//
	// Defaults to 8 KiB.
	HeaderLimit int `yaml:"header_limit"`

	// ReadTimeout bounds the reading of one request, from its first byte.
	//
	// Defaults to 10 seconds.
	ReadTimeout time.Duration `yaml:"read_timeout"`

	// WriteTimeout bounds the writing of one answer.
	//
	// Defaults to 10 seconds.
	WriteTimeout time.Duration `yaml:"write_timeout"`

	// IdleTimeout is how long a connection is kept for the next request.
	//
	// Defaults to 60 seconds.
	IdleTimeout time.Duration `yaml:"idle_timeout"`

	// Connections is the most connections at a time; others are answered 503
	// and closed.
	//
	// Defaults to 4096.
	Connections int `yaml:"connections"`

	// ShutdownTimeout bounds how long requests in flight are waited for.
	//
	// Defaults to 10 seconds.
	ShutdownTimeout time.Duration `yaml:"shutdown_timeout"`
}

func (c ReceiverConfig) withDefaults() ReceiverConfig {
	c.BodyLimit = cmp.Or(c.BodyLimit, 1<<20)
	c.HeaderLimit = cmp.Or(c.HeaderLimit, 8<<10)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 10*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 10*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, time.Minute)
	c.Connections = cmp.Or(c.Connections, 4096)
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 10*time.Second)
	return c
}

// Validate reports every bad setting at once, each by its key.
func (c ReceiverConfig) Validate() error {
	err := notNegative("public", []setting{
		{"body_limit", int64(c.BodyLimit)},
		{"header_limit", int64(c.HeaderLimit)},
		{"read_timeout", int64(c.ReadTimeout)},
		{"write_timeout", int64(c.WriteTimeout)},
		{"idle_timeout", int64(c.IdleTimeout)},
		{"connections", int64(c.Connections)},
		{"shutdown_timeout", int64(c.ShutdownTimeout)},
	})
	if c.BodyLimit > maxBody {
		err = errors.Join(err, fmt.Errorf("public.body_limit: must be at most %d, is %d", maxBody, c.BodyLimit))
	}
	return err
}

// Company is one sender's side of the receiver.
type Company struct {
	// ID appears in the path.
	ID schema.CompanyID

	// Verifier proves where its deliveries come from. It must be set.
	Verifier Verifier

	// RatePerSecond bounds its verified deliveries; above it the answer is 429.
	//
	// Defaults to 5,000. One company cannot use up another's.
	RatePerSecond int
}

// source is a company with its token bucket.
type source struct {
	Company
	bucket *rate.Limiter
}

// Receiver answers webhooks. A delivery is answered 202 once it is durable; any
// other answer makes its sender try again. It is safe for concurrent use.
type Receiver struct {
	cfg     ReceiverConfig
	env     Env
	journal Appender
	sources atomic.Pointer[map[schema.CompanyID]*source]
	app     *fiber.App
}

// NewReceiver returns a Receiver that appends verified deliveries of companies
// to journal.
func NewReceiver(companies []Company, journal Appender, cfg ReceiverConfig, env Env) (*Receiver, error) {
	env, err := env.withDefaults()
	if err := errors.Join(err, cfg.Validate()); err != nil {
		return nil, err
	}
	r := &Receiver{cfg: cfg.withDefaults(), env: env, journal: journal}
	if err := r.Reload(companies); err != nil {
		return nil, err
	}
	r.app = r.newApp()
	return r, nil
}

// Reload replaces the companies while requests go on; each request sees either
// the old or the new. On an error nothing changes.
func (r *Receiver) Reload(companies []Company) error {
	old := r.sources.Load()
	sources := make(map[schema.CompanyID]*source, len(companies))
	var errs []error
	for _, c := range companies {
		c.RatePerSecond = cmp.Or(c.RatePerSecond, 5000)
		switch {
		case c.ID == "":
			errs = append(errs, errors.New("companies: an id is missing"))
		case sources[c.ID] != nil:
			errs = append(errs, fmt.Errorf("companies.%s: is there twice", c.ID))
		case c.Verifier == nil:
			errs = append(errs, fmt.Errorf("companies.%s: has no verifier", c.ID))
		case c.RatePerSecond < 0:
			errs = append(errs, fmt.Errorf("companies.%s.rate_per_second: must not be negative, is %d", c.ID, c.RatePerSecond))
		}
		s := &source{Company: c, bucket: rate.NewLimiter(rate.Limit(c.RatePerSecond), c.RatePerSecond)}
		if old != nil {
			if known := (*old)[c.ID]; known != nil && known.RatePerSecond == c.RatePerSecond {
				s.bucket = known.bucket
			}
		}
		sources[c.ID] = s
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	r.sources.Store(&sources)
	return nil
}

// Serve answers requests on ln until ctx ends. Then it accepts no more, answers
// what it accepted, and returns nil, or an error if that took longer than
// ShutdownTimeout. It closes ln. A Receiver serves once.
func (r *Receiver) Serve(ctx context.Context, ln net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- r.app.Listener(lingeringListener{ln}) }()
	select {
	case err := <-served:
		if err == nil {
			err = errors.New("listener was closed")
		}
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	err := r.app.ShutdownWithTimeout(r.cfg.ShutdownTimeout)
	_ = ln.Close() // when it had not begun to serve yet, nobody else closes it
	if err = errors.Join(err, <-served); err != nil {
		return fmt.Errorf("answer requests in flight: %w", err)
	}
	return nil
}

func (r *Receiver) newApp() *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:                      "tieout",
		BodyLimit:                    r.cfg.BodyLimit,
		CaseSensitive:                true,
		Concurrency:                  r.cfg.Connections,
		DisablePreParseMultipartForm: true,
		DisableStartupMessage:        true,
		ErrorHandler:                 r.refuse,
		IdleTimeout:                  r.cfg.IdleTimeout,
		ReadBufferSize:               r.cfg.HeaderLimit,
		ReadTimeout:                  r.cfg.ReadTimeout,
		StrictRouting:                true,
		WriteTimeout:                 r.cfg.WriteTimeout,
	})
	app.Server().Logger = protocolLog{r.env.Log}
	app.Server().NoDefaultServerHeader = true
	const path = "/webhooks/ontop/:company"
	app.Post(path, r.receive)
	app.All(path, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderAllow, fiber.MethodPost)
		return fiber.ErrMethodNotAllowed
	})
	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return app
}

// receive answers 202 only once the delivery is durable.
func (r *Receiver) receive(c *fiber.Ctx) error {
	r.env.Metrics.inFlight.Inc()
	defer r.env.Metrics.inFlight.Dec()

	from, ok := (*r.sources.Load())[schema.CompanyID(c.Params("company"))]
	if !ok {
		return fiber.ErrNotFound
	}
	request := c.Request()
	if !isJSON(request.Header.ContentType()) || len(request.Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return fiber.ErrUnsupportedMediaType
	}
	// The body as it came: Fiber's own accessor would decompress it, and what
	// was signed is what was sent. It is valid until this handler returns.
	body := request.Body()
	now := r.env.Now()
	id, err := from.Verifier.Verify(requestHeader{&request.Header}, body, now)
	if err != nil {
		r.unverified(c.UserContext(), from.ID, err)
		return fiber.ErrUnauthorized
	}
	if !from.bucket.AllowN(now, 1) {
		return fiber.ErrTooManyRequests
	}
	err = r.journal.Append(c.UserContext(), schema.Delivery{
		Company: from.ID, ID: id, ReceivedAt: now.UTC().Truncate(time.Microsecond),
		Channel: schema.ChannelWebhook, Body: body,
	})
	if err != nil {
		r.env.Log.DebugContext(c.UserContext(), "delivery was not taken", slog.String("company", string(from.ID)), slog.Any("error", err))
		if errors.Is(err, ErrFull) {
			c.Set(fiber.HeaderRetryAfter, retryWhenFull)
		}
		return fiber.ErrServiceUnavailable
	}
	r.env.Metrics.received.Add(float64(len(body)))
	return r.answer(c, fiber.StatusAccepted)
}

// unverified counts a request that could not be verified, and logs why.
func (r *Receiver) unverified(ctx context.Context, company schema.CompanyID, err error) {
	cause := RejectedMalformed
	errors.As(err, &cause)
	if counter, ok := r.env.Metrics.unverified[cause]; ok {
		counter.Inc()
	}
	r.env.Log.DebugContext(ctx, "delivery was not verified",
		slog.String("company", string(company)), slog.String("cause", string(cause)))
}
