package quickbookstest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// Trouble is one misbehaviour, met by one request. Make one with the functions
// below, and queue it with [Server.Next]. In JSON it has the same names.
type Trouble struct {
	// Kind is what goes wrong.
	Kind TroubleKind `json:"kind"`
	// On limits it to requests of a kind: authorize, token, revoke, batch, query,
	// read, cdc, upload, write, delete. "api" is any inside a company, "" any at
	// all. A trouble waits in the queue until a request of its kind comes.
	On string `json:"on,omitempty"`
	// Times is how many requests meet it. Defaults to 1.
	Times int `json:"times,omitempty"`
	// Delay is how long [Delay], [DelayAfter] and [CommitLate] take.
	Delay time.Duration `json:"delay,omitempty"`
	// Status is the HTTP status of [ServerError].
	Status int `json:"status,omitempty"`
	// Code is the fault of [ItemFault]; for a token call, OAuth's word for it.
	Code string `json:"code,omitempty"`
	// Detail replaces the fault's own.
	Detail string `json:"detail,omitempty"`
	// Item is the bId that [ItemFault] strikes; empty means the first carried out.
	Item string `json:"item,omitempty"`
}

// UnmarshalJSON takes the delay in words ("2m") as well as in nanoseconds, and
// refuses a kind that there is not.
func (t *Trouble) UnmarshalJSON(raw []byte) error {
	type plain Trouble
	both := struct {
		*plain
		Delay json.RawMessage `json:"delay"`
	}{plain: (*plain)(t)}
	if err := json.Unmarshal(raw, &both); err != nil {
		return fmt.Errorf("read trouble: %w", err)
	}
	if t.Kind != "" && !slices.Contains(troubleKinds(), t.Kind) {
		return fmt.Errorf("read trouble: kind %q: %w", t.Kind, ErrUnknown)
	}
	if len(both.Delay) == 0 {
		return nil
	}
	var words string
	if json.Unmarshal(both.Delay, &words) != nil {
		return json.Unmarshal(both.Delay, &t.Delay)
	}
	d, err := time.ParseDuration(words)
	if err != nil {
		return fmt.Errorf("read trouble: delay: %w", err)
	}
	t.Delay = d
	return nil
}

// TroubleKind is a way to misbehave.
type TroubleKind string

// The ways to misbehave.
const (
	LoseBefore    TroubleKind = "lose_before"     // the connection closes, nothing is done
	LoseAfter     TroubleKind = "lose_after"      // it is done, then the connection closes
	CommitLate    TroubleKind = "commit_late"     // the connection closes; it is done Delay later
	Delay         TroubleKind = "delay"           // Delay passes, then it is done and answered
	DelayAfter    TroubleKind = "delay_after"     // it is done, Delay passes, then it is answered
	Truncate      TroubleKind = "truncate"        // it is done; half of the answer comes
	Throttle      TroubleKind = "throttle"        // 429, nothing is done
	ServerError   TroubleKind = "server_error"    // Status (503 if none), nothing is done
	ErrorAfter    TroubleKind = "error_after"     // it is done; Status (503 if none) is answered
	Unauthorized  TroubleKind = "unauthorized"    // the access token is dead from now on: 401
	ItemFault     TroubleKind = "item_fault"      // one item, or a single write, gets the fault Code
	FaultOn200    TroubleKind = "fault_on_200"    // nothing is done; a fault Code comes with status 200
	HTMLPage      TroubleKind = "html_page"       // a gateway's HTML error page with Status (502 if none)
	serverTimeout             = 120 * time.Second // the documented time after which the service gives up
)

// Refuse is a connection that closes before anything is done. A socket that is
// not open at all is the caller's to arrange.
func Refuse() Trouble { return Trouble{Kind: LoseBefore} }

// Lose is an answer that is lost after everything was done.
func Lose() Trouble { return Trouble{Kind: LoseAfter} }

// Late is a request whose connection closes at once and which is carried out
// only d later, when nobody expects it.
func Late(d time.Duration) Trouble { return Trouble{Kind: CommitLate, Delay: d} }

// Slow is an answer that takes d.
func Slow(d time.Duration) Trouble { return Trouble{Kind: Delay, Delay: d} }

// Throttled is a 429.
func Throttled() Trouble { return Trouble{Kind: Throttle} }

// Status is an answer of the status with nothing done.
func Status(status int) Trouble { return Trouble{Kind: ServerError, Status: status} }

// Code is the fault code for the item with the bId, or for the first if it is "".
func Code(item, code string) Trouble { return Trouble{Kind: ItemFault, Item: item, Code: code} }

// Next queues troubles. Each request meets the first that is for its kind.
func (s *Server) Next(troubles ...Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range troubles {
		t.Times = max(1, t.Times)
		s.queue = append(s.queue, t)
	}
}

// Pending is how many queued troubles no request has met yet.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// Odds are the chances, from 0 to 1, that a request meets a trouble of a kind.
// A trouble takes its other settings from Template.
type Odds map[TroubleKind]float64

type chaos struct {
	rand     *rand.Rand
	odds     Odds
	template Trouble
}

// Chaos makes every request of template's kind meet troubles at random, drawn
// from seed. No odds end it.
func (s *Server) Chaos(seed uint64, odds Odds, template Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chaos = nil
	if len(odds) > 0 {
		s.chaos = &chaos{rand: rand.New(rand.NewPCG(seed, 2)), odds: odds, template: template}
	}
}

// draw takes the trouble that the call meets, if any.
func (s *Server) draw(c *call) Trouble {
	for i, t := range s.queue {
		if !t.concerns(c) {
			continue
		}
		if s.queue[i].Times--; s.queue[i].Times == 0 {
			s.queue = append(s.queue[:i:i], s.queue[i+1:]...)
		}
		s.stats.Troubled++
		return t
	}
	if s.chaos == nil || !s.chaos.template.concerns(c) {
		return Trouble{}
	}
	t := s.chaos.draw()
	if t.Kind != "" {
		s.stats.Troubled++
	}
	return t
}

// draw uses one number a request, so that the same requests meet the same
// troubles.
func (ch *chaos) draw() Trouble {
	x := ch.rand.Float64()
	for _, kind := range troubleKinds() {
		if x -= ch.odds[kind]; x < 0 {
			t := ch.template
			t.Kind = kind
			return t
		}
	}
	return Trouble{}
}

func troubleKinds() []TroubleKind {
	all := TroubleKinds()
	kinds := make([]TroubleKind, len(all))
	for i, help := range all {
		kinds[i] = help.Kind
	}
	return kinds
}

// TroubleHelp says what a kind of trouble does.
type TroubleHelp struct {
	Kind TroubleKind
	Does string
}

// TroubleKinds lists every way to misbehave, for help texts.
func TroubleKinds() []TroubleHelp {
	return []TroubleHelp{
		{LoseBefore, "the connection closes, nothing is done"},
		{LoseAfter, "it is done, then the connection closes"},
		{CommitLate, "the connection closes; it is done after the delay, when nobody expects it"},
		{Delay, "the delay passes, then it is done and answered"},
		{DelayAfter, "it is done, the delay passes, then it is answered"},
		{Truncate, "it is done; half of the answer comes"},
		{Throttle, "429, nothing is done"},
		{ServerError, "a 5xx status, nothing is done"},
		{ErrorAfter, "it is done; a 5xx status is answered"},
		{Unauthorized, "the access token is dead from now on: 401"},
		{ItemFault, "one item of a batch, or a single write, gets a fault; the others are done"},
		{FaultOn200, "nothing is done; a fault comes with status 200"},
		{HTMLPage, "a gateway's HTML error page"},
	}
}

func (t Trouble) concerns(c *call) bool {
	switch t.On {
	case "":
		return true
	case "api":
		return len(c.rest) > 0
	default:
		return t.On == c.kind
	}
}

func (t Trouble) status(otherwise int) int {
	if t.Status != 0 {
		return t.Status
	}
	return otherwise
}

func statusPage(status int) answer {
	return answer{status: status, contentType: "text/plain", body: []byte(http.StatusText(status))}
}
