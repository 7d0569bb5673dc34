package quickbooks

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Token is the right to work in one company. It prints and encodes without its
// secrets; [Token.Plain] is the way to store it.
type Token struct {
	RealmID      string // the company, as Intuit numbers it
	AccessToken  Secret // goes with every call; lives about an hour
	RefreshToken Secret // gets the next access token; replaced about daily

	AccessExpires      time.Time
	RefreshExpires     time.Time // 100 days after it was last used
	RefreshHardExpires time.Time // five years after connecting; zero when not told
}

// plainToken is the stored form. Its names are part of what stores hold.
type plainToken struct {
	RealmID            string    `json:"realm_id"`
	AccessToken        string    `json:"access_token,omitempty"`
	RefreshToken       string    `json:"refresh_token,omitempty"`
	AccessExpires      time.Time `json:"access_expires,omitzero"`
	RefreshExpires     time.Time `json:"refresh_expires,omitzero"`
	RefreshHardExpires time.Time `json:"refresh_hard_expires,omitzero"`
}

// Plain encodes the token with its secrets in the clear, to be sealed and
// stored, and nothing else.
func (t Token) Plain() ([]byte, error) {
	return json.Marshal(plainToken{
		RealmID: t.RealmID, AccessToken: t.AccessToken.Reveal(), RefreshToken: t.RefreshToken.Reveal(),
		AccessExpires: t.AccessExpires, RefreshExpires: t.RefreshExpires, RefreshHardExpires: t.RefreshHardExpires,
	})
}

// ParseToken reads what [Token.Plain] wrote. Its errors never quote the input.
func ParseToken(plain []byte) (Token, error) {
	var p plainToken
	if json.Unmarshal(plain, &p) != nil {
		return Token{}, errors.New("parse stored token: not as it was written")
	}
	if p.RealmID == "" {
		return Token{}, errors.New("parse stored token: it names no company")
	}
	return Token{
		RealmID: p.RealmID, AccessToken: Secret(p.AccessToken), RefreshToken: Secret(p.RefreshToken),
		AccessExpires: p.AccessExpires, RefreshExpires: p.RefreshExpires, RefreshHardExpires: p.RefreshHardExpires,
	}, nil
}

// Connected reports whether the token can still bring another. A stored token
// without that is how a disconnected company looks.
func (t Token) Connected() bool { return t.RefreshToken != "" }

// Ends returns when the connection ends unless it is used before: the earlier of
// both ends, or the zero time when neither is known.
func (t Token) Ends() time.Time {
	switch {
	case t.RefreshHardExpires.IsZero():
		return t.RefreshExpires
	case t.RefreshExpires.IsZero() || t.RefreshHardExpires.Before(t.RefreshExpires):
		return t.RefreshHardExpires
	default:
		return t.RefreshExpires
	}
}

// ReconnectWarning returns how many days ahead a person is to be told that the
// connection ends: 30, 7 or 1, whichever was passed last, and false before the
// first. It is 0 once the connection has ended.
func (t Token) ReconnectWarning(now time.Time) (days int, due bool) {
	ends := t.Ends()
	if ends.IsZero() {
		return 0, false
	}
	left := ends.Sub(now)
	for _, days := range []int{0, 1, 7, 30} {
		if left <= time.Duration(days)*24*time.Hour {
			return days, true
		}
	}
	return 0, false
}

// earlyBy is how long before its end an access token is renewed, so that one
// never runs out on its way: longer than a request may take.
const earlyBy = 3 * time.Minute

// usable reports whether the access token can go with a call now.
func (t Token) usable(now time.Time) bool {
	return t.AccessToken != "" && now.Add(earlyBy).Before(t.AccessExpires)
}

// same reports whether both are one issue of tokens. Refresh tokens alone do not
// tell: Intuit goes on answering the same one for a day.
func (t Token) same(other Token) bool {
	return t.Connected() && t.RefreshToken == other.RefreshToken && t.AccessToken == other.AccessToken
}

// GoString keeps %#v, which walks fields, to the same words as %v.
func (t Token) GoString() string { return fmt.Sprintf("quickbooks.Token(realm %s)", t.RealmID) }

// String names the company and nothing that is secret.
func (t Token) String() string { return t.GoString() }
