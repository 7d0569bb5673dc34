package quickbookstest

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLife is how long an authorization code lives. Assumed.
const codeLife = 10 * time.Minute

// authorize is the page on which a person consents. A program that does not ask
// for HTML, and everybody unless OAuth says otherwise, has consented at once, for
// the company named by the sim_realm parameter or the first.
func (c *call) authorize() answer {
	p := c.params
	for _, name := range []string{"client_id", "scope", "redirect_uri", "response_type", "state"} {
		if p.Get(name) == "" {
			return page(http.StatusBadRequest, "Missing parameter "+name)
		}
	}
	app, known := c.server.apps[p.Get("client_id")]
	back, err := url.Parse(p.Get("redirect_uri"))
	switch {
	case !known:
		return page(http.StatusBadRequest, "Unknown client_id")
	case err != nil || (len(app.RedirectURIs) > 0 && !slices.Contains(app.RedirectURIs, p.Get("redirect_uri"))):
		return page(http.StatusBadRequest, "redirect_uri is not registered")
	case p.Get("code_challenge") != "" && p.Get("code_challenge_method") != "S256": // assumed: plain is not taken
		return page(http.StatusBadRequest, "code_challenge_method must be S256")
	case p.Get("response_type") != "code":
		return page(http.StatusBadRequest, "response_type must be code")
	case !slices.Contains(strings.Fields(p.Get("scope")), "com.intuit.quickbooks.accounting"):
		return page(http.StatusBadRequest, "scope must hold com.intuit.quickbooks.accounting")
	}
	if accounting := "com.intuit.quickbooks.accounting"; len(app.Scopes) > 0 && !slices.Contains(app.Scopes, accounting) {
		return c.sentBack(back, url.Values{"error": {"invalid_scope"}}) // assumed: the standard's way, rather than a page
	}
	return c.consent(back)
}

// sentBack ends the page: the person's browser goes back to the app.
func (c *call) sentBack(back *url.URL, with url.Values) answer {
	values := back.Query()
	maps.Copy(values, with)
	values.Set("state", c.params.Get("state"))
	back.RawQuery = values.Encode()
	return answer{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}
}

func (c *call) consent(back *url.URL) answer {
	realmID := c.params.Get("sim_realm")
	switch {
	case realmID == "deny" || c.params.Get("sim_answer") == "cancel":
		return c.sentBack(back, url.Values{"error": {"access_denied"}})
	case realmID == "" && c.asks():
		return c.consentPage(back)
	case realmID == "":
		realmID = c.server.realmIDs()[0]
	case c.server.realms[realmID] == nil:
		return page(http.StatusBadRequest, "No such company")
	}
	value := c.server.secret("AB1", 3)
	c.server.grants.codes[value] = &code{
		realm: realmID, client: c.params.Get("client_id"), redirect: c.params.Get("redirect_uri"),
		challenge: c.params.Get("code_challenge"), until: c.server.now().Add(codeLife),
	}
	return c.sentBack(back, url.Values{"code": {value}, "realmId": {realmID}})
}

// asks reports whether a person is to be asked.
func (c *call) asks() bool {
	oauth := c.server.cfg.OAuth
	return oauth.AskConsent || oauth.AskBrowsers && strings.Contains(c.header.Get("Accept"), "text/html")
}

// discovery is the OpenID document, with this server's own addresses.
func (c *call) discovery() answer {
	base := "http://" + c.host
	if c.secure {
		base = "https://" + c.host
	}
	return jsonAnswer(http.StatusOK, object{
		"issuer":                                "https://oauth.platform.intuit.com/op/v1",
		"authorization_endpoint":                base + "/connect/oauth2",
		"token_endpoint":                        base + "/oauth2/v1/tokens/bearer",
		"revocation_endpoint":                   base + "/v2/oauth2/tokens/revoke",
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"com.intuit.quickbooks.accounting"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
	})
}

func jsonAnswer(status int, body any) answer {
	return answer{status: status, contentType: "application/json;charset=UTF-8", body: mustJSON(body)}
}

// verified checks a PKCE verifier against the challenge. Whether Intuit takes
// PKCE is not documented: it is checked when a challenge was sent (S256 only).
func (c *code) verified(verifier string) bool {
	if c.challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == c.challenge
}
