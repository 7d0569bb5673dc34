package ingest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// conversation sends bytes and returns every answer until the server closes the
// connection, which each test sees to.
func conversation(t *testing.T, addr, text string) []reply {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	var all []reply
	for r := bufio.NewReader(conn); ; {
		if _, err := r.Peek(1); err != nil {
			require.ErrorIs(t, err, io.EOF, "the server ends the connection itself, and gently")
			return all
		}
		all = append(all, answer(t, r))
	}
}

// codes are the answers' codes.
func codes(all []reply) []int {
	out := make([]int, 0, len(all))
	for _, one := range all {
		out = append(out, one.code)
	}
	return out
}

// What a stranger can write where a request should be. Behind each comes a request
// for nothing, which tells whether the two of us still agree on where one ends: a
// request that is refused for its form is the last of its connection.
func TestReceiver_HostileWire(t *testing.T) {
	t.Parallel()
	const body = `{"a":1}`
	const chunked = "Transfer-Encoding: chunked"
	const next = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	journal := &memory{}
	b := serve(t, journal)
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	post := func(version, rest string, lines ...string) string {
		return wire(b, version, "m", body, lines...) + "\r\n" + rest
	}
	with := func(lines ...string) string { return post("HTTP/1.1", body, append(lines, length(body))...) }
	swapped := func(old, with string) string {
		return strings.Replace(post("HTTP/1.1", body, length(body)), old, with, 1)
	}
	many := strings.Split(strings.Repeat("A: b\n", 1000)+"A: b", "\n")

	cases := []struct {
		name string
		text string
		want []int // the last answer is that to the request behind, if there is one
	}{
		{"LengthNegative", post("HTTP/1.1", body, "Content-Length: -7"), []int{400}},
		{"LengthWithPlus", post("HTTP/1.1", body, "Content-Length: +7"), []int{400}},
		{"LengthInHex", post("HTTP/1.1", body, "Content-Length: 0x7"), []int{400}},
		{"LengthEmpty", post("HTTP/1.1", body, "Content-Length: "), []int{400}},
		{"LengthAsList", post("HTTP/1.1", body, "Content-Length: 7, 7"), []int{400}},
		{"LengthBeyondAnyNumber", post("HTTP/1.1", body, "Content-Length: 99999999999999999999999"), []int{400}},
		{"LengthOfAllMemory", post("HTTP/1.1", body, "Content-Length: 9223372036854775807"), []int{413}},
		{"LengthTwiceAndDifferent", post("HTTP/1.1", body, "Content-Length: 3", length(body)), []int{400}},
		{"LengthTwiceAndDifferentTheOtherWayRound", post("HTTP/1.1", body, length(body), "Content-Length: 3"), []int{400}},
		{"LengthTwiceAndTheSame", post("HTTP/1.1", body, length(body), length(body)), []int{400}},
		{"LengthTooShort", post("HTTP/1.1", body, "Content-Length: 2"), []int{401, 400}},
		{"LengthMissing", post("HTTP/1.1", ""), []int{401, 404}},
		{"LengthBesideChunks", post("HTTP/1.1", chunks, length(body), chunked), []int{400}},
		{"ChunksBesideALength", post("HTTP/1.1", chunks, chunked, "Content-Length: 3"), []int{400}},
		{"ChunksTwice", post("HTTP/1.1", chunks, chunked, chunked), []int{400}},
		{"ChunksInHTTP10", post("HTTP/1.0", chunks, chunked), []int{400}},
		{"ChunksBehindATab", post("HTTP/1.1", chunks, "Transfer-Encoding:\tchunked"), []int{202, 404}},
		{"ChunksInUpperCase", post("HTTP/1.1", chunks, "TRANSFER-ENCODING: CHUNKED"), []int{202, 404}},
		{"EncodingUnknown", post("HTTP/1.1", chunks, "Transfer-Encoding: xchunked"), []int{400}},
		{"EncodingIdentity", with("Transfer-Encoding: identity"), []int{400}},
		{"EncodingCompressed", post("HTTP/1.1", chunks, "Transfer-Encoding: gzip, chunked"), []int{400}},
		{"EncodingBehindAVerticalTab", with("Transfer-Encoding: \vchunked"), []int{400}},
		{"EncodingWithASpaceInItsName", with("Transfer-Encoding : chunked"), []int{400}},
		{"ChunkOfNegativeLength", post("HTTP/1.1", "-7\r\n"+body+"\r\n0\r\n\r\n", chunked), []int{400}},
		{"ChunkBeyondAnyNumber", post("HTTP/1.1", "ffffffffffffffff\r\n"+body+"\r\n0\r\n\r\n", chunked), []int{400}},
		{"ChunkOfAllMemory", post("HTTP/1.1", "7fffffffffffffff\r\n"+body+"\r\n0\r\n\r\n", chunked), []int{400}},
		{"ChunkLongerThanItSays", post("HTTP/1.1", "3\r\n"+body+"\r\n0\r\n\r\n", chunked), []int{400}},
		{"ChunkWithoutAnEnd", post("HTTP/1.1", "7\r\n"+body+"0\r\n\r\n", chunked), []int{400}},
		{"ChunkWithExtension", post("HTTP/1.1", "7;a=b\r\n"+body+"\r\n0\r\n\r\n", chunked), []int{202, 404}},
		// A proxy that ends lines at a newline alone sees another request there.
		{"ChunkExtensionWithANewline", post("HTTP/1.1", "7\r\n"+body+"\r\n0;a\nGET /other HTTP/1.1\r\n\r\n", chunked), []int{400}},
		{"ChunkSizeWithANewline", post("HTTP/1.1", "7\n"+body+"\r\n0\r\n\r\n", chunked), []int{400}},
		{"ChunkSizeInCsHexadecimal", post("HTTP/1.1", "0x7\r\n"+body+"\r\n0\r\n\r\n", chunked), []int{400}},
		{"ChunksWithTrailer", post("HTTP/1.1", "7\r\n"+body+"\r\n0\r\nX-Sum: 1\r\n\r\n", chunked, "Trailer: X-Sum"), []int{202, 404}},
		{"SignatureAgainInTheTrailer", post("HTTP/1.1", "7\r\n"+body+"\r\n0\r\nWebhook-Id: m\r\n\r\n", chunked, "Trailer: Webhook-Id"), []int{401, 404}},
		{"ChunksOfNothing", post("HTTP/1.1", "0\r\n\r\n", chunked), []int{401, 404}},

		{"FieldFolded", with("X-A: b\r\n c"), []int{400}},
		{"FieldFoldedWithATab", with("X-A: b\r\n\tc: d"), []int{400}},
		{"FieldWithoutAName", with(": b"), []int{400}},
		{"FieldWithoutAColon", with("XA"), []int{400}},
		{"FieldWithASpaceInItsName", with("X A: b"), []int{400}},
		{"FieldWithNUL", with("X-A: b\x00c"), []int{400}},
		{"FieldWithNULInItsName", with("X-\x00A: b"), []int{400}},
		{"FieldWithALonelyReturn", with("X-A: b\rWebhook-Id: other"), []int{400}},
		{"FieldsByTheThousand", with(many...), []int{202, 404}},
		{"FieldsWithoutAnEnd", post("HTTP/1.1", body, strings.Repeat("A: b\r\n", 3000)+length(body)), []int{431}},
		{"FieldOfNineKilobytes", with("X-A: " + strings.Repeat("a", 9<<10)), []int{431}},
		{"PathOfNineKilobytes", "POST /" + strings.Repeat("a", 9<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{431}},
		{"LinesEndInNewlinesOnly", strings.ReplaceAll(post("HTTP/1.1", "", length(body)), "\r\n", "\n") + body, []int{202, 404}},
		{"EmptyLinesBefore", "\r\n\r\n" + with(), []int{202, 404}},
		{"TypeTwice", with("Content-Type: text/plain"), []int{415, 404}},
		{"IDTwice", with("Webhook-Id: m"), []int{401, 404}},
		{"SignatureTwice", with("Webhook-Signature: v1,AAAA"), []int{401, 404}},

		{"ExpectsSomethingElse", with("Expect: 200-maybe"), []int{202, 404}},
		{"ExpectsToSendTooMuch", post("HTTP/1.1", "", "Content-Length: 99999999", "Expect: 100-continue"), []int{413}},
		{"WantsAnotherProtocol", with("Connection: Upgrade", "Upgrade: h2c"), []int{202, 404}},
		{"HTTP2WithoutAgreement", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400}},
		{"HTTP3", post("HTTP/3.0", body, length(body)), []int{400}},
		{"HTTP09", "POST /webhooks/ontop/acme\r\n\r\n", []int{400}},
		{"NoHTTP", post("XTTP/1.1", body, length(body)), []int{400}},
		{"ProtocolOfOurOwn", post("malformed", body, length(body)), []int{400}},
		{"MethodMissing", " /webhooks/ontop/acme HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		{"MethodUnknown", swapped("POST", "PURCHASE"), []int{405}},
		{"MethodInLowerCase", swapped("POST", "post"), []int{405}},
		{"MethodOfAKilobyte", swapped("POST", strings.Repeat("A", 1<<10)), []int{405}},
		{"MethodTrace", "TRACE /webhooks/ontop/acme HTTP/1.1\r\nHost: x\r\n\r\n", []int{405, 404}},
		{"MethodConnect", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", []int{404, 404}},
		{"OptionsOfEverything", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", []int{404, 404}},
		{"PathWithNUL", swapped("acme", "acme%00"), []int{404, 404}},
		{"PathEncoded", swapped("acme", "%61cme"), []int{404, 404}},
		{"PathWithEmptySegments", swapped("/webhooks/", "//webhooks//"), []int{404, 404}},
	}
	seen := make(map[string]bool)
	accepted := 0
	for _, c := range cases {
		require.False(t, seen[c.name], c.name)
		seen[c.name] = true
		if c.want[0] == 202 {
			accepted++
		}
	}
	require.GreaterOrEqual(t, len(seen), 60)
	t.Run("All", func(t *testing.T) {
		t.Parallel()
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				all := conversation(t, b.addr, c.text+next)
				require.Equal(t, c.want, codes(all))
				for _, one := range all {
					require.Equal(t, "application/json", one.header.Get("Content-Type"))
					require.True(t, json.Valid([]byte(one.text)), one.text)
					require.Empty(t, one.header.Get("Server"))
					if one.code == 405 {
						require.Equal(t, "POST", one.header.Get("Allow"))
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		for _, d := range journal.deliveries() {
			require.JSONEq(t, body, string(d.Body))
		}
		// They are the same delivery, and only the first is stored.
		require.Len(t, journal.deliveries(), 1)
		require.Equal(t, accepted-1, b.counter(t, "tieout_ingest_replayed_total"))
		require.Equal(t, 0, b.counter(t, "tieout_ingest_requests_in_flight"))
	})
}

func TestReceiver_Body(t *testing.T) {
	t.Parallel()

	t.Run("LongerThanSentIsNotTaken", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		for _, sent := range []int{0, 1, 9 << 10} {
			conn := begin(t, b, 20<<10, sent)
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			require.Equal(t, 400, answer(t, bufio.NewReader(conn)).code)
		}
		require.Empty(t, journal.deliveries())
	})

	t.Run("IsAskedForOnlyWhenItIsWanted", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		large := conversation(t, b.addr, wire(b, "HTTP/1.1", "m", "", "Content-Length: 2000000", "Expect: 100-continue")+"\r\n")
		require.Equal(t, []int{413}, codes(large))
	})

	// What a body means is no business of the receiver's: whatever is signed is stored
	// as it came, and the transform says what is wrong with it.
	t.Run("OfAnyMeaningIsStoredAsItCame", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		bodies := []string{
			strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat(`{"a":`, 10_000), "{\xff\xfe\x00}", "\xef\xbb\xbf{}",
			`{"event_type":"KYC","event_type":"PAYMENT","data":1,"data":2}`, `{"total_amount":` + strings.Repeat("9", 400) + `}`,
			`{"issue_date":"0000-01-01","due_date":"9999-12-31"}`, `{"event_type":"KYC","data":{"client_id":"another company's"}}`,
			"{\r\n\t\"a\" : 1 }\r\n\r\nGET / HTTP/1.1\r\n\r\n", "0\r\n\r\n", " ", "null",
		}
		for n, body := range bodies {
			res := b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, fmt.Sprint(n), body), strings.NewReader(body))
			require.Equal(t, http.StatusAccepted, res.code, body)
			require.Equal(t, body, string(journal.deliveries()[n].Body))
		}
		require.Len(t, journal.deliveries(), len(bodies))
	})

	t.Run("OfEverySizeIsTakenAsItCame", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		var text strings.Builder
		sizes := []int{1, 4095, 4096, 8191, 8192, 8193, 16 << 10, 64 << 10, 64<<10 + 1, 1<<20 - 1, 1 << 20}
		for n, size := range sizes {
			body := strings.Repeat(string(rune('a'+n)), size)
			text.WriteString(wire(b, "HTTP/1.1", fmt.Sprintf("length-%d", n), body, length(body)) + "\r\n" + body)
			half := size / 2
			text.WriteString(wire(b, "HTTP/1.1", fmt.Sprintf("chunks-%d", n), body, "Transfer-Encoding: chunked") + "\r\n")
			for _, part := range []string{body[:half], body[half:]} {
				if part != "" {
					fmt.Fprintf(&text, "%x\r\n%s\r\n", len(part), part)
				}
			}
			text.WriteString("0\r\n\r\n")
		}
		text.WriteString("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		all := conversation(t, b.addr, text.String())
		require.Len(t, all, 2*len(sizes)+1)
		for _, one := range all[:2*len(sizes)] {
			require.Equal(t, http.StatusAccepted, one.code)
		}
		for n, d := range journal.deliveries() {
			require.Equal(t, strings.Repeat(string(rune('a'+n/2)), sizes[n/2]), string(d.Body))
		}
	})
}
