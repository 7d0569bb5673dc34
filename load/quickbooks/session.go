package quickbooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// ErrNoToken is what a [TokenStore] answers for a company that it never knew.
var ErrNoToken = errors.New("no token is stored")

// TokenStore keeps the newest token of each company, sealed.
type TokenStore interface {
	// Load returns the token saved last for the company, by any process, or
	// [ErrNoToken].
	Load(ctx context.Context, realm string) (Token, error)

	// Save makes the token durable before it returns, and the one that the next
	// Load of any process returns. A token that is not connected says that the
	// company was disconnected.
	Save(ctx context.Context, t Token) error
}

// Locker keeps processes and machines that share a [TokenStore] out of each
// other's way.
type Locker interface {
	// Lock waits until nobody else holds the name, or until ctx ends. The lock
	// may be taken away from a process that died; unlock never fails and may be
	// called once.
	Lock(ctx context.Context, name string) (unlock func(), err error)
}

// Session is the connection to one company: it has a usable access token
// whenever the company lets us. It is safe for concurrent use, and for use by
// several processes at once that share store and lock.
type Session struct {
	oauth  *OAuth
	store  TokenStore
	locker Locker
	realm  string
	log    *slog.Logger

	// turn lets one goroutine of this process renew at a time.
	turn chan struct{}

	mu   sync.Mutex // guards held and own
	held Token
	own  Secret // the access token that this session got last from Intuit itself

	// The fields below belong to whoever has the turn.

	unsaved  Token  // got from Intuit, not yet stored, so not yet used
	replaced Secret // the refresh token that unsaved replaces
	dead     Token  // the stored token that Intuit refused for good
}

// NewSession returns the connection to a company. It asks nobody anything yet.
func NewSession(oauth *OAuth, store TokenStore, locker Locker, realm string, log *slog.Logger) *Session {
	return &Session{
		oauth: oauth, store: store, locker: locker, realm: realm,
		log: log, turn: make(chan struct{}, 1),
	}
}

// Realm returns the company, as Intuit numbers it.
func (s *Session) Realm() string { return s.realm }

// Token returns a token whose access part is good for some minutes, renewing it
// first if need be. The error is [ErrReauthorise] when only a person can help.
func (s *Session) Token(ctx context.Context) (Token, error) {
	if t := s.current(); t.usable(s.oauth.now()) {
		return t, nil
	}
	return s.Renew(ctx, Token{})
}

// Renew returns a token other than spent, which QuickBooks refused. If anybody
// renewed it meanwhile, here or elsewhere, that one is returned and Intuit is not
// asked again.
func (s *Session) Renew(ctx context.Context, spent Token) (Token, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	if t := s.current(); t.usable(s.oauth.now()) && t.AccessToken != spent.AccessToken {
		return t, nil
	}
	return s.renew(ctx, spent)
}

// Adopt stores the first token of a connection that a person just made. It
// refuses one of another company, so that nobody posts to the wrong books.
func (s *Session) Adopt(ctx context.Context, t Token) error {
	if t.RealmID != s.realm {
		return fmt.Errorf("connect company %s: the person chose company %s", s.realm, t.RealmID)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.save(ctx, t); err != nil {
		return err
	}
	s.hold(t)
	return nil
}

// Disconnect ends the connection at Intuit and forgets the tokens. It forgets
// them even if Intuit cannot be reached, and then returns that error.
func (s *Session) Disconnect(ctx context.Context) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	t, err := s.load(ctx)
	if err != nil && !errors.Is(err, ErrReauthorise) {
		return err
	}
	var revokeErr error
	if t.Connected() {
		revokeErr = s.oauth.Revoke(ctx, t)
	}
	gone := Token{RealmID: s.realm}
	if err := s.save(ctx, gone); err != nil {
		return errors.Join(err, revokeErr)
	}
	s.hold(gone)
	s.unsaved = Token{}
	return revokeErr
}

// lock takes the turn in this process, then the lock across processes.
func (s *Session) lock(ctx context.Context) (func(), error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	unlock, err := s.locker.Lock(ctx, "quickbooks-token-"+s.realm)
	if err != nil {
		<-s.turn
		return nil, fmt.Errorf("lock token of company %s: %w", s.realm, err)
	}
	return func() { unlock(); <-s.turn }, nil
}

// got reports whether a token is the last that this session got from Intuit itself,
// rather than from the store.
func (s *Session) got(t Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own != "" && s.own == t.AccessToken
}

func (s *Session) current() Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *Session) hold(t Token) {
	s.mu.Lock()
	s.held = t
	s.mu.Unlock()
	s.oauth.metrics.expires(t)
}

// renew runs under both locks. What another process stored wins over asking.
func (s *Session) renew(ctx context.Context, spent Token) (Token, error) {
	stored, err := s.load(ctx)
	if err != nil {
		return Token{}, err
	}
	if s.unsaved.Connected() && stored.RefreshToken == s.replaced {
		if stored, err = s.keep(ctx, s.unsaved); err != nil {
			return Token{}, err
		}
	}
	s.unsaved = Token{}
	if s.fits(stored, spent) {
		s.hold(stored)
		return stored, nil
	}
	fresh, err := s.exchange(ctx, stored)
	if !isInvalidGrant(err) {
		if err != nil {
			return Token{}, err
		}
		return s.keep(ctx, fresh)
	}
	return s.lastResort(ctx, stored, spent, err)
}

// lastResort looks into the store once more after Intuit refused a refresh
// token: a process that lost its lock may have been quicker.
func (s *Session) lastResort(ctx context.Context, refused, spent Token, cause error) (Token, error) {
	again, err := s.load(ctx)
	if err != nil {
		return Token{}, err
	}
	if s.fits(again, spent) {
		s.hold(again)
		return again, nil
	}
	if again.RefreshToken != refused.RefreshToken {
		fresh, err := s.exchange(ctx, again)
		if err == nil {
			return s.keep(ctx, fresh)
		}
		if !isInvalidGrant(err) {
			return Token{}, err
		}
	}
	s.dead = again
	s.log.ErrorContext(ctx, "quickbooks ended the connection", slog.String("realm", s.realm))
	return Token{}, fmt.Errorf("renew token of company %s: %w: %w", s.realm, ErrReauthorise, cause)
}

func (s *Session) fits(t, spent Token) bool {
	return t.usable(s.oauth.now()) && t.AccessToken != spent.AccessToken
}

// exchange asks Intuit. It does not stop when the caller does: an answer that
// nobody stores costs the connection.
func (s *Session) exchange(ctx context.Context, t Token) (Token, error) {
	if t.same(s.dead) {
		return Token{}, fmt.Errorf("renew token of company %s: %w", s.realm, ErrReauthorise)
	}
	fresh, err := s.oauth.Refresh(context.WithoutCancel(ctx), t)
	if err != nil {
		return Token{}, err
	}
	s.unsaved, s.replaced = fresh, t.RefreshToken
	return fresh, nil
}

// keep stores a token, and only then lets anyone use it. If the store fails, the
// token waits here for the next call.
func (s *Session) keep(ctx context.Context, t Token) (Token, error) {
	if err := s.save(ctx, t); err != nil {
		return Token{}, err
	}
	s.unsaved = Token{}
	s.hold(t)
	s.mu.Lock()
	s.own = t.AccessToken
	s.mu.Unlock()
	s.log.InfoContext(ctx, "quickbooks token renewed",
		slog.String("realm", s.realm), slog.Time("access_expires", t.AccessExpires))
	return t, nil
}

// saveTimeout bounds how long a shutdown waits for a token to be stored.
const saveTimeout = 15 * time.Second

func (s *Session) save(ctx context.Context, t Token) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		return struct{}{}, s.store.Save(ctx, t)
	}, backoff.WithMaxTries(4))
	if err != nil {
		return fmt.Errorf("store token of company %s: %w", s.realm, err)
	}
	return nil
}

// load reads the store. A token of another company is refused: rows may have
// been swapped.
func (s *Session) load(ctx context.Context) (Token, error) {
	t, err := s.store.Load(ctx, s.realm)
	switch {
	case errors.Is(err, ErrNoToken), err == nil && !t.Connected():
		return Token{}, fmt.Errorf("company %s is not connected: %w", s.realm, ErrReauthorise)
	case err != nil:
		return Token{}, fmt.Errorf("load token of company %s: %w", s.realm, err)
	case t.RealmID != s.realm:
		return Token{}, fmt.Errorf("load token of company %s: the store answered another company's", s.realm)
	default:
		return t, nil
	}
}

func isInvalidGrant(err error) bool {
	fault, ok := errors.AsType[*Fault](err)
	return ok && fault.Code == codeInvalidGrant
}
