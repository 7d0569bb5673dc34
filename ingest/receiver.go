package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/tieout/tieout/schema"
)

// Appender makes deliveries durable.
type Appender interface {
	// Append returns nil once d is on disk. After an error d is to be offered
	// again; it may be on disk all the same. Append copies the bytes of d before it
	// returns and keeps nothing of d.
	Append(ctx context.Context, d schema.Delivery) error
}

// Receiver answers webhooks. A delivery is answered 202 once it is durable; any
// other answer makes its sender try again. It is safe for concurrent use.
type Receiver struct {
	cfg     ReceiverConfig
	env     Env
	journal Appender
	replays *replays
	places  *shares // requests
	buffers *shares // bytes of bodies
	sources atomic.Pointer[map[schema.CompanyID]*source]
	app     *fiber.App

	refusals *refusals
}

// NewReceiver returns a Receiver that appends verified deliveries of companies
// to journal.
func NewReceiver(companies []Company, journal Appender, cfg ReceiverConfig, env Env) (*Receiver, error) {
	env, err := env.withDefaults()
	if err := errors.Join(err, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &Receiver{
		cfg: cfg, env: env, journal: journal,
		replays: newReplays(cfg.ReplayWindow), places: newShares(cfg.InFlight), buffers: newShares(cfg.BufferLimit),
		refusals: newRefusals(),
	}
	if err := r.Reload(companies); err != nil {
		return nil, err
	}
	r.app = r.newApp()
	return r, nil
}

// Serve answers requests on ln until ctx ends. Then it accepts no more, answers
// what it accepted, and returns nil, or an error if that took longer than
// ShutdownTimeout. It closes ln. A Receiver serves once.
func (r *Receiver) Serve(ctx context.Context, ln net.Listener) error {
	door := &door{
		Listener: ln, limit: int64(r.cfg.Connections), share: int64(r.cfg.ConnectionsPerAddress),
		plain: r.cfg.TLS == nil, proxies: r.cfg.Proxies, metrics: r.env.Metrics,
	}
	defer door.turnedAway.Wait()
	var at net.Listener = door
	if r.cfg.TLS != nil {
		at = tls.NewListener(door, r.cfg.TLS)
	}
	served := make(chan error, 1)
	go func() { served <- r.app.Listener(at) }()
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
		Concurrency:                  r.cfg.Connections + spareWorkers,
		DisablePreParseMultipartForm: true,
		DisableStartupMessage:        true,
		ErrorHandler:                 r.refuse,
		IdleTimeout:                  r.cfg.IdleTimeout,
		ReadBufferSize:               r.cfg.HeaderLimit,
		ReadTimeout:                  r.cfg.ReadTimeout,
		StreamRequestBody:            true,
		StrictRouting:                true,
		WriteTimeout:                 r.cfg.WriteTimeout,
	})
	app.Server().Logger = protocolLog{r.env.Log}
	app.Server().NoDefaultServerHeader = true
	app.Server().SecureErrorLogMessage = true // what cannot be read may hold a secret all the same
	app.Server().HeaderReceived = r.headed
	const path = "/webhooks/ontop/:company"
	if r.env.Tracer != nil {
		app.Post(path, r.receiveTraced)
	} else {
		app.Post(path, r.receive)
	}
	app.All(path, func(c *fiber.Ctx) error {
		leave(c)
		return fiber.ErrMethodNotAllowed
	})
	app.Use(func(c *fiber.Ctx) error {
		leave(c)
		return fiber.ErrNotFound
	})
	app.Server().Handler = r.handler(app)
	return app
}

// receive answers one request. Whatever is refused is refused as early as can be:
// before its body is read, when the header says enough.
func (r *Receiver) receive(c *fiber.Ctx) error {
	r.env.Metrics.inFlight.Inc()
	defer r.env.Metrics.inFlight.Dec()

	// Before the body is read: what stands behind its chunks joins the header.
	at := origin(c.Context().RemoteAddr(), &c.Request().Header, r.cfg.Proxies)
	from, err := r.admit(c, at)
	if err != nil {
		leave(c)
		return err
	}
	var b body
	defer b.release(r, from)
	err = b.read(c, r, from)
	countBody(c, len(b.bytes))
	if err != nil {
		if !b.whole {
			c.Response().SetConnectionClose()
			linger(c)
		}
		return err
	}
	// Only now, so that whoever is slow to send holds no place of those who are not.
	if !r.places.take(&from.holds.places, 1) {
		return errPlaces
	}
	defer r.places.give(&from.holds.places, 1)
	return r.take(c, from, at, b.bytes)
}

// admit returns the company that a request from at is for, if there is a place for it.
func (r *Receiver) admit(c *fiber.Ctx, at netip.Addr) (*source, error) {
	from, ok := (*r.sources.Load())[schema.CompanyID(c.Params("company"))]
	if !ok {
		return nil, fiber.ErrNotFound
	}
	if t := spanOf(c); t != nil {
		t.outcome.Company = from.ID
	}
	header := &c.Request().Header
	if !isJSON(header.ContentType()) || len(header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return nil, fiber.ErrUnsupportedMediaType
	}
	if len(from.Origins) > 0 && !contains(from.Origins, at) {
		r.unverified(c.UserContext(), from.ID, RejectedOrigin)
		return nil, fiber.ErrUnauthorized
	}
	if !r.places.room(&from.holds.places) {
		return nil, errPlaces
	}
	return from, nil
}

// take answers 202 only once the delivery is durable. The body is as it came: what
// was signed is what was sent. It is valid until this returns.
func (r *Receiver) take(c *fiber.Ctx, from *source, at netip.Addr, body []byte) error {
	now := r.env.Now()
	proof, err := from.Verifier.Verify(requestHeader{&c.Request().Header}, body, now)
	if err != nil {
		r.unverified(c.UserContext(), from.ID, err)
		return fiber.ErrUnauthorized
	}
	if t := spanOf(c); t != nil {
		t.outcome.Delivery, t.outcome.Bytes = proof.ID, len(body)
	}
	if !from.bucket.AllowN(now, 1) {
		r.refused(c.UserContext(), from.ID, rejectedRate, now)
		return fiber.ErrTooManyRequests
	}
	seen := r.replays.sighting(from.ID, proof.ID, body)
	same, conflict := r.replays.known(seen, now)
	if same {
		r.env.Metrics.replayed.Inc()
		return r.answer(c, fiber.StatusAccepted)
	}
	if conflict {
		r.env.Metrics.conflicts.Inc()
	}
	space := idleBuffers.Get().(*[]byte)
	defer idleBuffers.Put(space)
	*space = appendArrival((*space)[:0], at, proof, &c.Request().Header)
	err = r.journal.Append(c.UserContext(), schema.Delivery{
		Company: from.ID, ID: proof.ID, ReceivedAt: now.UTC().Truncate(time.Microsecond),
		Channel: schema.ChannelWebhook, Body: body, Arrival: *space,
	})
	if err != nil {
		r.env.Log.DebugContext(c.UserContext(), "delivery was not taken", slog.String("company", string(from.ID)), slog.Any("error", err))
		if errors.Is(err, ErrFull) {
			c.Set(fiber.HeaderRetryAfter, retryWhenFull)
		}
		return fiber.ErrServiceUnavailable
	}
	r.replays.remember(seen, now)
	r.env.Metrics.received.Add(float64(len(body)))
	return r.answer(c, fiber.StatusAccepted)
}

// unverified counts a request that could not be verified, and tells why.
func (r *Receiver) unverified(ctx context.Context, company schema.CompanyID, err error) {
	cause := RejectedMalformed
	errors.As(err, &cause)
	r.env.Metrics.unverified.WithLabelValues(string(cause), string(company)).Inc()
	r.env.Log.DebugContext(ctx, "delivery was not verified",
		slog.String("company", string(company)), slog.String("cause", string(cause)))
	r.refused(ctx, company, cause, r.env.Now())
}
