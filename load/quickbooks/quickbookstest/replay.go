package quickbookstest

import (
	"crypto/sha256"
	"time"
)

// reply is what was answered to a request id.
type reply struct {
	out  outcome
	body [sha256.Size]byte
	at   time.Time
}

// maxRequestID is the documented length, of a request id alone or joined with
// a bId.
const maxRequestID = 50

// requestIDFault checks the form of a single call's request id. Assumed:
// printable ASCII.
func requestIDFault(id string) *Fault {
	if len(id) > maxRequestID {
		return refuse("2130", "The request id is longer than 50 characters", "requestid")
	}
	for _, b := range []byte(id) {
		if b <= ' ' || b > '~' {
			return refuse("2130", "The request id has characters that are not allowed", "requestid")
		}
	}
	return nil
}

// once carries an operation out unless its request id is known, in which case
// the first answer comes back. No id is never known.
func (r *realm) once(id string, op operation, do func() outcome) outcome {
	rules := r.server.cfg.Replay
	if id == "" || rules.Off {
		return do()
	}
	body := sha256.Sum256(mustJSON([]any{op.entity, op.name, op.in}))
	if known := r.reply(id); known != nil {
		switch {
		case known.body != body && rules.Changed == ChangedFaults:
			return failed(refuse("600", "Duplicate Request Id : the id was used for other content", "requestid"))
		case known.body != body && rules.Changed == ChangedExecutes:
		case rules.Answers6000:
			return failed(refuse("6000", "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again.", ""))
		default:
			r.server.stats.Replayed++
			return known.out
		}
	}
	out := do()
	if out.fault == nil || rules.Faults {
		r.replies[id] = &reply{out: out, body: body, at: r.server.now()}
	}
	return out
}

// reply is what is known about id, or nil if it was forgotten.
func (r *realm) reply(id string) *reply {
	known := r.replies[id]
	after := r.server.cfg.Replay.ForgetAfter
	if known != nil && after > 0 && r.server.now().Sub(known.at) >= after {
		delete(r.replies, id)
		return nil
	}
	return known
}
