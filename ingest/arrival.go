package ingest

import (
	"bytes"
	"net/netip"

	"github.com/valyala/fasthttp"

	"github.com/tieout/tieout/schema"
)

// keptBack stands for a value that may be a secret.
const keptBack = "<secret>"

// longestWord is the longest run of letters and digits that is kept in the value of a
// header field which is not known: keys, tokens and signatures are longer.
const longestWord = 20

// harmless reports whether the value of a field is kept whatever it looks like. The
// names are as the HTTP server writes them.
func harmless(name []byte) bool {
	switch string(name) {
	case "Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Date", "Expect", "Forwarded", "Host",
		"Traceparent", "Transfer-Encoding", "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
		"X-Real-Ip", "X-Request-Id", "Webhook-Id", "Webhook-Timestamp", "Svix-Id", "Svix-Timestamp":
		return true
	}
	return false
}

// secretive reports whether a field's name says that its value is a secret.
func secretive(name []byte) bool {
	for _, part := range []string{"auth", "cookie", "credential", "key", "pass", "pwd", "secret", "session", "sign", "token"} {
		if containsFold(name, part) {
			return true
		}
	}
	return false
}

// containsFold reports whether text contains part, which is in lower case.
func containsFold(text []byte, part string) bool {
	for i := range len(text) - len(part) + 1 {
		if equalFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

func equalFold(text []byte, lower string) bool {
	for i := range text {
		if text[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// wordy reports whether a value has a run of characters as keys and tokens do.
func wordy(value []byte) bool {
	run := 0
	for _, c := range value {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '+', c == '/', c == '=', c == '_', c == '-':
			if run++; run > longestWord {
				return true
			}
		default:
			run = 0
		}
	}
	return false
}

// appendArrival appends how a verified request came in. Values that may be secrets are
// left out; so are fields for which there is no room, which are counted.
func appendArrival(b []byte, from netip.Addr, proof Proof, header *fasthttp.RequestHeader) []byte {
	a := schema.Arrival{Scheme: string(proof.Scheme), Key: proof.Key, SignedAt: proof.SignedAt}
	if from.IsValid() {
		a.From = from.String()
	}
	start := len(b)
	b = schema.AppendArrival(b, a)
	head := len(b) - start
	const spare = 16 // for the count of what is left out
	for name, value := range header.AllInOrder() {
		if !harmless(name) && (secretive(name) || wordy(value)) {
			value = []byte(keptBack)
		}
		if len(b)-start+len(name)+len(value)+len(": \n") > schema.MaxArrival-spare {
			a.Omitted++
			continue
		}
		b = schema.AppendHeaderField(b, name, value)
	}
	if a.Omitted == 0 {
		return b
	}
	fields := bytes.Clone(b[start+head:])
	return append(schema.AppendArrival(b[:start], a), fields...)
}
