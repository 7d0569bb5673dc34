package ingest

import "bytes"

// maxTraceparent bounds what is read of a traceparent of a version to come.
const maxTraceparent = 256

// trace is whom a request belongs to, by the sender's traceparent header, as W3C
// Trace Context writes it. The zero trace is none.
type trace struct{ id, span string }

// parseTrace reads a traceparent: version, trace id, parent id and flags in
// lower-case hexadecimal, joined by dashes. What is not one is no trace, and no
// reason to refuse a delivery. A version to come may have more behind the flags.
func parseTrace(header []byte) trace {
	const size = 55 // of version 00
	if len(header) < size || len(header) > maxTraceparent {
		return trace{}
	}
	version, id, span, flags := header[:2], header[3:35], header[36:52], header[53:55]
	if header[2] != '-' || header[35] != '-' || header[52] != '-' || string(version) == "ff" {
		return trace{}
	}
	if len(header) > size && (string(version) == "00" || header[size] != '-') {
		return trace{}
	}
	for _, part := range [][]byte{version, id, span, flags} {
		if !isLowerHex(part) {
			return trace{}
		}
	}
	if isZeros(id) || isZeros(span) {
		return trace{}
	}
	return trace{string(id), string(span)}
}

func isLowerHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isZeros(text []byte) bool { return len(bytes.Trim(text, "0")) == 0 }
