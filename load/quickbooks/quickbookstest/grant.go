package quickbookstest

import (
	"fmt"
	"strings"
	"time"
)

// Grant is what a company gave an app: tokens, and until when they live.
type Grant struct {
	Realm         string    `json:"realm"`
	ClientID      string    `json:"client_id"`
	AccessToken   string    `json:"access_token"`
	RefreshToken  string    `json:"refresh_token"`
	AccessUntil   time.Time `json:"access_until"`
	RefreshUntil  time.Time `json:"refresh_until"`
	HardUntil     time.Time `json:"hard_until"`
	RefreshIssued time.Time `json:"-"`
}

// grant is a connection and the tokens issued under it.
type grant struct {
	Grant
	revoked    bool
	refreshing bool // an exchange is in flight
	raced      bool // another exchange met it
}

// token is one issued value.
type token struct {
	grant *grant
	until time.Time
	dead  bool
}

// code is an authorization code, good once.
type code struct {
	realm, client, redirect, challenge string
	until                              time.Time
	used                               bool
}

type grants struct {
	access  map[string]*token
	refresh map[string]*token
	codes   map[string]*code
	all     []*grant
}

func newGrants() *grants {
	return &grants{access: make(map[string]*token), refresh: make(map[string]*token), codes: make(map[string]*code)}
}

// Grant connects an app to a company without the ceremony, and returns its
// tokens. Empty arguments mean the first company and the first app.
func (s *Server) Grant(realmID, clientID string) Grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	if realmID == "" {
		realmID = s.realmIDs()[0]
	}
	if clientID == "" {
		clientID = s.cfg.Apps[0].ClientID
	}
	return s.connect(realmID, clientID).Grant
}

func (s *Server) connect(realmID, clientID string) *grant {
	g := &grant{Grant: Grant{Realm: realmID, ClientID: clientID, HardUntil: s.now().Add(s.cfg.OAuth.HardLife)}}
	s.grants.all = append(s.grants.all, g)
	s.issueRefresh(g)
	s.issueAccess(g)
	return g
}

func (s *Server) issueAccess(g *grant) {
	g.AccessToken = s.secret("eyJhbGciOiJkaXIi.", 8)
	g.AccessUntil = s.now().Add(s.cfg.OAuth.AccessLife)
	s.grants.access[g.AccessToken] = &token{grant: g, until: g.AccessUntil}
}

func (s *Server) issueRefresh(g *grant) {
	g.RefreshToken = s.secret("RT1-", 4)
	g.RefreshIssued = s.now()
	s.grants.refresh[g.RefreshToken] = &token{grant: g}
	s.extend(g)
}

// extend rolls the refresh token's life on, to the hard end at most.
func (s *Server) extend(g *grant) {
	g.RefreshUntil = s.now().Add(s.cfg.OAuth.RefreshLife)
	if g.RefreshUntil.After(g.HardUntil) {
		g.RefreshUntil = g.HardUntil
	}
	s.grants.refresh[g.RefreshToken].until = g.RefreshUntil
}

// secret draws a token of n times 16 hexadecimal digits.
func (s *Server) secret(prefix string, n int) string {
	var b strings.Builder
	b.WriteString(prefix)
	for range n {
		fmt.Fprintf(&b, "%016x", s.rand.Uint64())
	}
	return b.String()
}

// Disconnect ends every connection to a company, as its admin would from inside
// QuickBooks.
func (s *Server) Disconnect(realmID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants.all {
		if g.Realm == realmID {
			g.revoked = true
		}
	}
}

// ExpireAccess ends the access tokens of a company now, before their time.
// Refresh tokens live on.
func (s *Server) ExpireAccess(realmID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.grants.access {
		if t.grant.Realm == realmID {
			t.until = s.now()
		}
	}
}

// authenticate finds the company and the app behind the access token.
func (c *call) authenticate() *Fault {
	value, ok := strings.CutPrefix(c.header.Get("Authorization"), "Bearer ")
	if !ok || value == "" {
		return refuse("3202", "Token is missing in the request", "")
	}
	t := c.server.grants.access[value]
	switch {
	case t == nil:
		return refuse("3200", "Token is unknown", "")
	case t.dead || t.grant.revoked:
		return refuse("3200", "Token revoked: "+cut(value, 12), "")
	case !c.server.now().Before(t.until):
		return refuse("3200", "Token expired: "+cut(value, 12), "")
	}
	r := c.server.realms[c.rest[0]]
	if r == nil || t.grant.Realm != r.ID {
		return refuse("3100", "The application is not authorised for this company", "")
	}
	c.realm, c.app = r, t.grant.ClientID
	return nil
}
