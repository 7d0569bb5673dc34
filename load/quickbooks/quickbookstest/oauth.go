package quickbookstest

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLife is how long an authorization code lives. Assumed.
const codeLife = 10 * time.Minute

// authorize is the page on which a person consents. It consents at once for the
// company named by the sim_realm parameter, or the first, unless OAuth.AskConsent
// is set.
func (c *call) authorize() answer {
	p := c.params
	for _, name := range []string{"client_id", "scope", "redirect_uri", "response_type", "state"} {
		if p.Get(name) == "" {
			return page(http.StatusBadRequest, "Missing parameter "+name, nil)
		}
	}
	app, known := c.server.apps[p.Get("client_id")]
	back, err := url.Parse(p.Get("redirect_uri"))
	switch {
	case !known:
		return page(http.StatusBadRequest, "Unknown client_id", nil)
	case err != nil || (len(app.RedirectURIs) > 0 && !slices.Contains(app.RedirectURIs, p.Get("redirect_uri"))):
		return page(http.StatusBadRequest, "redirect_uri is not registered", nil)
	case p.Get("response_type") != "code":
		return page(http.StatusBadRequest, "response_type must be code", nil)
	case !slices.Contains(strings.Fields(p.Get("scope")), "com.intuit.quickbooks.accounting"):
		return page(http.StatusBadRequest, "scope must hold com.intuit.quickbooks.accounting", nil)
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
	if realmID == "" && c.server.cfg.OAuth.AskConsent {
		return page(http.StatusOK, "Which company may be read and written?", c.choices())
	}
	if realmID == "" {
		realmID = c.server.realmIDs()[0]
	}
	if realmID == "deny" {
		return c.sentBack(back, url.Values{"error": {"access_denied"}})
	}
	if c.server.realms[realmID] == nil {
		return page(http.StatusBadRequest, "No such company", nil)
	}
	value := c.server.secret("AB1", 3)
	c.server.grants.codes[value] = &code{
		realm: realmID, client: c.params.Get("client_id"), redirect: c.params.Get("redirect_uri"),
		challenge: c.params.Get("code_challenge"), until: c.server.now().Add(codeLife),
	}
	return c.sentBack(back, url.Values{"code": {value}, "realmId": {realmID}})
}

type consentChoice struct{ Name, URL string }

func (c *call) choices() []consentChoice {
	var choices []consentChoice
	for _, id := range append(c.server.realmIDs(), "deny") {
		name := "Deny"
		if r := c.server.realms[id]; r != nil {
			name = r.Name + " (" + id + ")"
		}
		values := url.Values{}
		maps.Copy(values, c.params)
		values.Set("sim_realm", id)
		choices = append(choices, consentChoice{name, c.path + "?" + values.Encode()})
	}
	return choices
}

func page(status int, title string, choices []consentChoice) answer {
	const source = `<!doctype html><title>Simulated QuickBooks</title><h1>{{.Title}}</h1><ul>{{range .Choices}}<li><a href="{{.URL}}">{{.Name}}</a></li>{{end}}</ul>`
	var b strings.Builder
	err := template.Must(template.New("page").Parse(source)).Execute(&b, struct {
		Title   string
		Choices []consentChoice
	}{title, choices})
	if err != nil {
		panic(err) // a constant template into memory
	}
	return answer{status: status, contentType: "text/html; charset=utf-8", body: []byte(b.String())}
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
