package quickbookstest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// webhookEvent is one change, as it is told to a subscriber.
type webhookEvent struct {
	id        string
	realm     string
	entity    string
	operation string // created, updated, deleted or merged
	entityID  string
	at        time.Time
}

// maxEvents bounds what is kept for a subscriber that does not take it.
const maxEvents = 100_000

// tell remembers a change for the subscriber, if there is one. A payment that
// changes a bill's balance is told as the bill's update (assumed).
func (r *realm) tell(rec *record, operation string) {
	s := r.server
	if s.cfg.VerifierToken == "" || len(s.events) >= maxEvents {
		return
	}
	s.eventIDs++
	s.events = append(s.events, webhookEvent{
		id: fmt.Sprintf("evt-%016x", s.eventIDs), realm: r.ID, entity: rec.kind.name, operation: operation,
		entityID: rec.id, at: s.now(),
	})
}

// Sign is the intuit-signature of a webhook body under a verifier token.
func Sign(verifierToken string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(verifierToken))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Events is how many changes no subscriber was told of yet.
func (s *Server) Events() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// Deliver posts all changes not yet told to url: one array of CloudEvents that
// may mix companies, signed with Config.VerifierToken. Anything but a 200 keeps
// them for the next call, which is the caller's to make: QuickBooks tries again
// after 10, 20 and 30 s, 5 and 20 min, 2, 4 and 6 h, then every 6 h. It returns
// how many changes were told.
func (s *Server) Deliver(ctx context.Context, client *http.Client, url string) (int, error) {
	s.mu.Lock()
	s.runLate()
	due := slices.Clip(s.events)
	s.mu.Unlock()
	if len(due) == 0 {
		return 0, nil
	}
	body := mustJSON(cloudEvents(due))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("deliver webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("intuit-signature", Sign(s.cfg.VerifierToken, body))
	resp, err := client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("deliver webhook: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		return 0, fmt.Errorf("deliver webhook: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("deliver webhook: %w: %s", errNotTaken, resp.Status)
	}
	s.taken(due)
	return len(due), nil
}

// taken forgets the changes that were told.
func (s *Server) taken(told []webhookEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := told[len(told)-1].id
	for i, e := range s.events {
		if e.id == last {
			s.events = s.events[i+1:]
			return
		}
	}
}

func cloudEvents(events []webhookEvent) []object {
	all := make([]object, 0, len(events))
	for _, e := range events {
		all = append(all, object{
			"specversion": "1.0", "id": e.id, "source": "intuit.simulated", "datacontenttype": "application/json",
			"type":           "qbo." + strings.ToLower(e.entity) + "." + e.operation + ".v1",
			"time":           e.at.UTC().Format("2006-01-02T15:04:05.000000000Z"),
			"intuitentityid": e.entityID, "intuitaccountid": e.realm, "data": object{},
		})
	}
	return all
}
