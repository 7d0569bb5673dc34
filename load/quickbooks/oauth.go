package quickbooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

// ErrState means that an answer from the connecting page does not belong to a
// question of ours, and must not be used.
var ErrState = errors.New("the answer is not to a connection that was started here")

// OAuth is an app registered with Intuit: it gets, renews and ends the right to
// work in a company. It is safe for concurrent use, and remembers nothing; see
// [Session] for that. With [Config.PKCE] the OAuth that began a connection must
// also exchange its code.
type OAuth struct {
	cfg     Config
	http    *http.Client
	now     func() time.Time
	metrics *Metrics

	proofKey Secret // of PKCE, new for each OAuth
}

// NewOAuth returns the app that cfg describes. It takes the transport of client
// and neither its timeout nor its redirects; a nil client is the default one. A
// nil metrics counts nothing.
func NewOAuth(cfg Config, client *http.Client, now func() time.Time, metrics *Metrics) (*OAuth, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if client != nil {
		own.Transport = client.Transport
	}
	return &OAuth{cfg: cfg.withDefaults(), http: own, now: now, metrics: metrics, proofKey: Secret(rand.Text())}, nil
}

// Callback is what the connecting page sends the person back with.
type Callback struct {
	Code    Secret // good for one exchange
	RealmID string // the company that the person chose

	// State is the one that began the connection. With [Config.PKCE] the exchange
	// needs it.
	State Secret

	// Verifier is the secret of PKCE that began the connection, where the caller
	// made one itself, or empty.
	Verifier Secret
}

// ParseCallback reads the address that the person was sent back to, or pasted.
// It compares its state with the one that we started with, and returns a
// [*Fault] when the person refused. Its errors never quote the address.
func ParseCallback(address, state string) (Callback, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Callback{}, errors.New("read callback: not an address")
	}
	q := u.Query()
	if state == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
		return Callback{}, fmt.Errorf("read callback: %w", ErrState)
	}
	if word := q.Get("error"); word != "" {
		return Callback{}, newFault("", []Complaint{{Code: word, Detail: q.Get("error_description")}}, 0, "")
	}
	if q.Get("code") == "" || q.Get("realmId") == "" {
		return Callback{}, errors.New("read callback: it lacks the code or the company")
	}
	return Callback{Code: Secret(q.Get("code")), RealmID: q.Get("realmId"), State: Secret(state)}, nil
}

// AuthorizeURL is the page where a person lets us into a company. The state must
// be unguessable, used once and bound to that person. A verifier adds PKCE with a
// secret of the caller's, whatever [Config.PKCE] says; without one that setting
// decides.
func (o *OAuth) AuthorizeURL(state string, verifier Secret) string {
	var opts []oauth2.AuthCodeOption
	if verifier = o.verifier(Secret(state), verifier); verifier != "" {
		opts = append(opts, oauth2.S256ChallengeOption(verifier.Reveal()))
	}
	return o.config().AuthCodeURL(state, opts...)
}

// Exchange turns the callback's code into the first token of a company.
func (o *OAuth) Exchange(ctx context.Context, cb Callback) (Token, error) {
	var opts []oauth2.AuthCodeOption
	if verifier := o.verifier(cb.State, cb.Verifier); verifier != "" {
		opts = append(opts, oauth2.VerifierOption(verifier.Reveal()))
	}
	return o.token(ctx, opExchange, Token{RealmID: cb.RealmID}, func(ctx context.Context) (*oauth2.Token, error) {
		return o.config().Exchange(ctx, cb.Code.Reveal(), opts...)
	})
}

// verifier is the secret of PKCE for one connection, or empty. Ours is computed
// from the state, which is new each time, and a key that never leaves this
// process: nothing has to be kept until the person comes back, and neither what
// the browser saw nor the app's secret is enough to compute it.
func (o *OAuth) verifier(state, own Secret) Secret {
	if own != "" || !o.cfg.PKCE || state == "" {
		return own
	}
	mac := hmac.New(sha256.New, []byte(o.proofKey.Reveal()))
	mac.Write([]byte(state.Reveal()))
	return Secret(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// Refresh turns a refresh token into the next token. The old one must be taken
// for dead. Only a [Session] should call it, because Intuit ends connections
// whose refresh token is exchanged twice.
func (o *OAuth) Refresh(ctx context.Context, t Token) (Token, error) {
	return o.token(ctx, opRefresh, t, func(ctx context.Context) (*oauth2.Token, error) {
		return o.config().TokenSource(ctx, &oauth2.Token{RefreshToken: t.RefreshToken.Reveal()}).Token()
	})
}

// Revoke ends the connection at Intuit. One that Intuit does not know, or that the
// company's administrator ended before, is no error.
func (o *OAuth) Revoke(ctx context.Context, t Token) error {
	body, err := json.Marshal(map[string]string{"token": t.RefreshToken.Reveal()})
	if err != nil {
		return fmt.Errorf("encode revocation: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.cfg.RevokeURL, bytes.NewReader(body))
	if err != nil {
		return errors.New("revoke: the address is not usable")
	}
	req.SetBasicAuth(url.QueryEscape(o.cfg.ClientID), url.QueryEscape(o.cfg.ClientSecret.Reveal()))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	began := o.now()
	err = o.revoked(o.http.Do(req))
	o.metrics.answered(opRevoke, outcomeOf(err), o.now().Sub(began))
	return err
}

func (o *OAuth) revoked(resp *http.Response, err error) error {
	if err != nil {
		return &NoAnswer{Operation: opRevoke, Write: true, NeverSent: neverLeft(err), Err: withoutURL(err)}
	}
	defer resp.Body.Close()
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, maxTokenBytes))
	tid := tidOf(resp.Header)
	fault := parseFault(body, resp.StatusCode, tid)
	switch {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusBadRequest && (fault == nil || fault.Code != codeInvalidClient):
		// How Intuit answers a token that is spent, expired or revoked by the
		// company's own administrator: 400, mostly without a word.
		return nil
	case resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode < http.StatusBadRequest:
		return &NoAnswer{
			Operation: opRevoke, Write: true, HTTPStatus: resp.StatusCode, TID: tid, Fault: fault,
			Err: errors.Join(errInside, readErr),
		}
	case fault == nil:
		return newFault("", nil, resp.StatusCode, tid)
	default:
		return fault
	}
}

const (
	// tokenTimeout bounds a token request. It is short because others wait for
	// the same token meanwhile.
	tokenTimeout = 30 * time.Second

	maxTokenBytes = 1 << 20
)

func (o *OAuth) config() *oauth2.Config {
	return &oauth2.Config{
		ClientID:     o.cfg.ClientID,
		ClientSecret: o.cfg.ClientSecret.Reveal(),
		RedirectURL:  o.cfg.RedirectURL,
		Scopes:       []string{Scope},
		Endpoint: oauth2.Endpoint{
			AuthURL: o.cfg.AuthorizeURL, TokenURL: o.cfg.TokenURL, AuthStyle: oauth2.AuthStyleInHeader,
		},
	}
}

// token asks the token endpoint and dates what it answers from before the
// question, so that no token is believed to live longer than it does.
func (o *OAuth) token(ctx context.Context, op string, old Token, ask func(context.Context) (*oauth2.Token, error)) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	transport := &tokenTransport{base: o.http.Transport}
	client := &http.Client{Transport: transport, CheckRedirect: o.http.CheckRedirect}
	began := o.now()
	answered, err := ask(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err != nil {
		err = tokenError(op, transport.tid, err)
	} else if answered.RefreshToken == "" || answered.ExpiresIn <= 0 {
		err = &NoAnswer{Operation: op, HTTPStatus: http.StatusOK, TID: transport.tid, Err: errIncomplete}
	}
	o.metrics.answered(op, outcomeOf(err), o.now().Sub(began))
	if err != nil {
		return Token{}, err
	}
	next := old
	next.AccessToken = Secret(answered.AccessToken)
	next.RefreshToken = Secret(answered.RefreshToken)
	next.AccessExpires = began.Add(time.Duration(answered.ExpiresIn) * time.Second)
	if life, ok := seconds(answered, "x_refresh_token_expires_in"); ok {
		next.RefreshExpires = began.Add(life)
	}
	if life, ok := seconds(answered, "x_refresh_token_hard_expires_in"); ok {
		next.RefreshHardExpires = began.Add(life)
	}
	return next, nil
}

// seconds reads one of Intuit's own fields, which are numbers or text.
func seconds(t *oauth2.Token, field string) (time.Duration, bool) {
	raw, err := json.Marshal(t.Extra(field))
	if err != nil {
		return 0, false
	}
	var n json.Number
	if json.Unmarshal(bytes.Trim(raw, `"`), &n) != nil {
		return 0, false
	}
	whole, err := n.Int64()
	return time.Duration(whole) * time.Second, err == nil && whole > 0
}

// tokenError sorts what went wrong. The library's own texts quote the answer,
// which may hold a token, so none of them goes further.
func tokenError(op, tid string, err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if _, network := errors.AsType[*url.Error](err); !network {
			return &NoAnswer{Operation: op, TID: tid, Err: errUnreadable}
		}
		return &NoAnswer{Operation: op, TID: tid, NeverSent: neverLeft(err), Err: withoutURL(err)}
	}
	status := refused.Response.StatusCode
	fault := parseFault(refused.Body, status, tid)
	if fault == nil && status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		fault = newFault("", nil, status, tid)
	}
	if fault == nil || status >= http.StatusInternalServerError {
		return &NoAnswer{Operation: op, HTTPStatus: status, TID: tid, Fault: fault, Err: errInside}
	}
	return fault
}

// tokenTransport adds what the library cannot: the header that makes Intuit tell
// the hard end of a connection. It keeps the support number of the answer.
type tokenTransport struct {
	base http.RoundTripper
	tid  string
}

// RoundTrip sends one token request.
func (t *tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("x-include-refresh-token-hard-expires-in", "true")
	req.Header.Set("Accept", "application/json")
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if resp != nil {
		t.tid = tidOf(resp.Header)
	}
	return resp, err
}

// outcomeOf is the metric label of how a request ended.
func outcomeOf(err error) string {
	if err == nil {
		return outcomeSuccess
	}
	fault, ok := errors.AsType[*Fault](err)
	switch {
	case !ok:
		return outcomeNoAnswer
	case fault.Throttled():
		return outcomeThrottled
	case fault.unauthorised():
		return outcomeUnauthorised
	default:
		return outcomeFault
	}
}
