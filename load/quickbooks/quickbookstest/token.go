package quickbookstest

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client authenticates the app, by HTTP Basic or in the body.
func (c *call) client(form url.Values) (App, bool) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if basic, ok := strings.CutPrefix(c.header.Get("Authorization"), "Basic "); ok {
		raw, err := base64.StdEncoding.DecodeString(basic)
		if err != nil {
			return App{}, false
		}
		id, secret, _ = strings.Cut(string(raw), ":")
		// The standard escapes both; a client that does not sends them plain.
		if plain, err := url.QueryUnescape(id); err == nil && c.server.apps[id].ClientID == "" {
			id = plain
		}
	}
	app, known := c.server.apps[id]
	plain, err := url.QueryUnescape(secret)
	return app, known && (secret == app.ClientSecret || (err == nil && plain == app.ClientSecret))
}

func refusedGrant(reason, description string) answer {
	status := http.StatusBadRequest
	if reason == "invalid_client" {
		status = http.StatusUnauthorized
	}
	body := object{"error": reason}
	if description != "" {
		body["error_description"] = description
	}
	return jsonAnswer(status, body)
}

// form reads the body of a token call.
func (c *call) form() (url.Values, answer, bool) {
	kind, _, _ := strings.Cut(c.header.Get("Content-Type"), ";")
	form, err := url.ParseQuery(string(c.body))
	if c.method != http.MethodPost || kind != "application/x-www-form-urlencoded" || err != nil {
		return nil, refusedGrant("invalid_request", "A form body is needed"), false
	}
	if _, ok := c.client(form); !ok {
		return nil, refusedGrant("invalid_client", ""), false
	}
	return form, answer{}, true
}

// exchange answers the token endpoint.
func (c *call) exchange() answer {
	form, refused, ok := c.form()
	if !ok {
		return refused
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return c.exchangeCode(form)
	case "refresh_token":
		return c.refresh(form)
	default:
		return refusedGrant("unsupported_grant_type", "")
	}
}

func (c *call) exchangeCode(form url.Values) answer {
	app, _ := c.client(form)
	code := c.server.grants.codes[form.Get("code")]
	if code == nil || code.used || code.client != app.ClientID || code.redirect != form.Get("redirect_uri") ||
		!c.server.now().Before(code.until) || !code.verified(form.Get("code_verifier")) {
		return refusedGrant("invalid_grant", "Invalid authorization code")
	}
	code.used = true
	return c.issued(c.server.connect(code.realm, app.ClientID))
}

// refreshable finds the grant behind the refresh token that was sent.
func (c *call) refreshable(form url.Values) *grant {
	app, _ := c.client(form)
	t := c.server.grants.refresh[form.Get("refresh_token")]
	if t == nil || t.dead || t.grant.revoked || t.grant.ClientID != app.ClientID {
		return nil
	}
	if now := c.server.now(); !now.Before(t.until) || !now.Before(t.grant.HardUntil) {
		return nil
	}
	return t.grant
}

// refresh exchanges a refresh token. Its value changes when it is old enough.
func (c *call) refresh(form url.Values) answer {
	g := c.refreshable(form)
	if g == nil {
		return refusedGrant("invalid_grant", "Token invalid")
	}
	if g.refreshing {
		g.raced = true
		return refusedGrant("invalid_grant", "Token invalid")
	}
	c.server.renew(g)
	return c.issued(g)
}

// renew issues a new access token, and a new refresh token when the old one's
// time has come. The old one dies at once or later, as OAuth says.
func (s *Server) renew(g *grant) {
	s.stats.Refreshed++
	if s.now().Sub(g.RefreshIssued) >= s.cfg.OAuth.RotateEvery {
		old := s.grants.refresh[g.RefreshToken]
		old.until = s.now().Add(s.cfg.OAuth.OldRefreshLife)
		s.issueRefresh(g)
	}
	s.extend(g)
	s.issueAccess(g)
}

// slowExchange is an exchange that is in flight for a while. A second one that
// comes meanwhile gets invalid_grant; the first may lose its tokens for it.
func (c *call) slowExchange() answer {
	s := c.server
	s.mu.Lock()
	form, _, ok := c.form()
	var g *grant
	if ok && form.Get("grant_type") == "refresh_token" {
		g = c.refreshable(form)
	}
	if g == nil || g.refreshing {
		defer s.mu.Unlock()
		return c.exchange()
	}
	g.refreshing, g.raced = true, false
	s.mu.Unlock()

	c.wait(s.cfg.OAuth.RefreshTakes)

	s.mu.Lock()
	defer s.mu.Unlock()
	g.refreshing = false
	a := c.refresh(form)
	if g.raced && s.cfg.OAuth.RaceRevokes {
		g.revoked = true
	}
	return a
}

// issued is the body of a successful exchange. The hard end is told only to
// those who ask.
func (c *call) issued(g *grant) answer {
	left := func(until time.Time) int64 { // in whole seconds, rounded up: the clock may have moved a little
		return int64((until.Sub(c.server.now()) + time.Second - 1) / time.Second)
	}
	body := object{
		"token_type": "bearer", "access_token": g.AccessToken, "refresh_token": g.RefreshToken,
		"expires_in": left(g.AccessUntil), "x_refresh_token_expires_in": left(g.RefreshUntil),
	}
	if c.header.Get("x-include-refresh-token-hard-expires-in") == "true" {
		body["x_refresh_token_hard_expires_in"] = left(g.HardUntil)
	}
	return jsonAnswer(http.StatusOK, body)
}

// revoke ends a connection by either of its tokens. The token comes as JSON or
// as a form.
func (c *call) revoke() answer {
	if _, ok := c.client(url.Values{}); !ok {
		return refusedGrant("invalid_client", "")
	}
	value := ""
	if body, err := decode(c.body); err == nil {
		value = textAt(body, "token")
	} else if form, err := url.ParseQuery(string(c.body)); err == nil {
		value = form.Get("token")
	}
	for _, tokens := range []map[string]*token{c.server.grants.access, c.server.grants.refresh} {
		if t := tokens[value]; t != nil && !t.grant.revoked {
			t.grant.revoked = true
			return answer{status: http.StatusOK}
		}
	}
	return answer{status: http.StatusBadRequest} // without a word, as clients reported
}
