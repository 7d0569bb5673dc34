package ingest_test

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

// Whatever header anybody makes up: where we take it, another server that takes it
// too finds the same end of the body. Where two servers find different ends, one of
// them sees a request in the other's body.
func FuzzFraming(f *testing.F) {
	const start = "POST /webhooks/ontop/acme HTTP/1.1\r\nHost: x\r\n"
	for _, lines := range []string{
		"Content-Length: 7", "Content-Length: 3\r\nContent-Length: 7", "Transfer-Encoding: chunked", "Transfer-Encoding:\tchunked",
		"Content-Length: 7\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity\r\nContent-Length: 7", "Transfer-Encoding: xchunked",
		"Content-Length: +7", "Content-Length: 7, 7", "X: a\r\n b\r\nContent-Length: 7", "X: a\r\n Content-Length: 7", "X: a\rContent-Length: 7",
		"content-length:7", "Content-Length : 7", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "X: \x00", ": x",
		"Connection: content-length\r\nContent-Length: 7", "Content-Length: \xa07",
	} {
		f.Add(start + lines + "\r\n\r\n")
	}
	f.Add("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
	f.Add("POST / HTTP/1.1\nHost: x\nContent-Length: 7\n\n")
	f.Fuzz(func(t *testing.T, head string) {
		length, chunked, ok := ingest.Framing([]byte(head))
		other, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "0\r\n\r\n")))
		if !ok || err != nil {
			return
		}
		require.Equal(t, len(other.TransferEncoding) > 0, chunked, "chunked")
		if !chunked {
			require.EqualValues(t, other.ContentLength, length)
		}
	})
}

// What the look at a header costs of each request; its signature costs some 3,000 ns.
func BenchmarkFraming(b *testing.B) {
	text := sample(b)
	head := text[bytes.IndexByte(text, '\n')+1 : bytes.Index(text, []byte("\r\n\r\n"))+4]
	for b.Loop() {
		if !ingest.Framed(head, true) {
			b.Fatal("a good header is refused")
		}
	}
}
