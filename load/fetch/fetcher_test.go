package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/fetch"
)

func TestFetcher_Fetch(t *testing.T) {
	t.Parallel()

	t.Run("GetsAFile", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF, "Content-Type", "application/octet-stream"))

		file, err := b.fetch("https://example.com/invoices/INV-5001.pdf?X-Amz-Signature=s3cret#page=1")

		require.NoError(t, err)
		sum := sha256.Sum256([]byte(aPDF))
		require.Equal(t, fetch.File{Content: []byte(aPDF), Type: "application/pdf", Name: "INV-5001.pdf", Sum: hex.EncodeToString(sum[:])}, file)
		require.Equal(t, []string{publicIP + ":443"}, b.net.connections())
	})

	t.Run("SendsNothingOfOurs", func(t *testing.T) {
		t.Parallel()
		var got http.Header
		var asked string
		b := setup(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/first" {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
				http.Redirect(w, r, "https://files.example.com/INV%2D1.pdf?sig=a%2Fb", http.StatusFound)
				return
			}
			got, asked = r.Header, r.Host+r.RequestURI
			w.Write([]byte(aPDF))
		})

		_, err := b.fetch("https://example.com/first?token=s3cret")

		require.NoError(t, err)
		require.Equal(t, http.Header{
			"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "User-Agent": {"tieout"}, "Connection": {"close"},
		}, got)
		require.Equal(t, "files.example.com/INV%2D1.pdf?sig=a%2Fb", asked, "as it was signed, and without a port")
	})

	t.Run("NamesAFileAsItsHeaderSaysWhereThePathDoesNot", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF, "Content-Disposition", `attachment; filename="../../Rechnung März.pdf"; filename*=UTF-8''..%2FRechnung%20M%C3%A4rz.pdf`))

		file, err := b.fetch("https://example.com/download?id=1")

		require.NoError(t, err)
		require.Equal(t, "Rechnung März.pdf", file.Name)
	})

	t.Run("NamesAFileAsTheCallerDoesWhereNobodyElseDoes", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF))

		file, err := b.fetch("https://example.com/")

		require.NoError(t, err)
		require.Equal(t, "fallback.pdf", file.Name)
	})

	t.Run("EndsWithItsContext", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		b := setup(t, func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})

		_, err := fetch.New(b.cfg).Fetch(ctx, "https://example.com/a.pdf", "")

		require.Equal(t, context.Canceled, err, "being told to stop is no problem of the file")
	})
}

func TestFetcher_Statuses(t *testing.T) {
	t.Parallel()
	cases := map[int]fetch.Reason{
		201: fetch.Refused, 204: fetch.Refused, 206: fetch.Refused, 304: fetch.Refused, 400: fetch.Refused, 418: fetch.Refused,
		401: fetch.Forbidden, 403: fetch.Forbidden, 404: fetch.Gone, 410: fetch.Gone,
		408: fetch.Busy, 425: fetch.Busy, 429: fetch.Busy, 500: fetch.Busy, 502: fetch.Busy, 503: fetch.Busy, 504: fetch.Busy,
	}
	for status, reason := range cases {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			b := setup(t, answers(status, "", "Retry-After", "120"))

			p := b.problem("https://example.com/INV-1.pdf?sig=s3cret")

			require.Equal(t, reason, p.Reason)
			require.Equal(t, status, p.Status)
			require.Equal(t, reason == fetch.Busy, p.Temporary())
			require.Equal(t, reason == fetch.Busy, p.RetryAfter == 2*time.Minute)
			require.Contains(t, p.Meaning, `"INV-1.pdf"`)
			require.Contains(t, p.Meaning, "example.com")
		})
	}
}

func TestFetcher_RetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                              0,
		"soon":                          0,
		"-5":                            0,
		"30":                            30 * time.Second,
		"999999999":                     24 * time.Hour,
		"99999999999999999999":          0,
		"Mon, 31 Aug 2026 12:05:00 GMT": 5 * time.Minute,
		"Mon, 31 Aug 2026 11:00:00 GMT": 0,
		"Mon, 31 Aug 2099 11:00:00 GMT": 24 * time.Hour,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			b := setup(t, answers(http.StatusTooManyRequests, "", "Retry-After", header))
			b.cfg.Now = func() time.Time { return now }

			require.Equal(t, want, b.problem("https://example.com/a.pdf").RetryAfter)
		})
	}
}

func TestFetcher_Bodies(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body    string
		headers []string
		name    string
		reason  fetch.Reason // empty means that it is fetched
		kind    string
	}{
		"PDF":             {body: aPDF, name: "a.pdf", kind: "application/pdf"},
		"PDFCalledHTML":   {body: aPDF, headers: []string{"Content-Type", "text/html"}, name: "a", kind: "application/pdf"},
		"HTMLCalledPDF":   {body: "<!DOCTYPE html><html><title>Sign in</title>", headers: []string{"Content-Type", "application/pdf"}, name: "a.pdf", reason: fetch.HTMLPage},
		"HTMLWithSpace":   {body: "\n\n  <html><body>oops", name: "a.pdf", reason: fetch.HTMLPage},
		"XHTML":           {body: `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">`, name: "a.xml", reason: fetch.HTMLPage},
		"Empty":           {body: "", name: "a.pdf", reason: fetch.Empty},
		"CutPDF":          {body: aPDF[:40], name: "a.pdf", reason: fetch.BrokenOff},
		"ErrorInWords":    {body: "Access denied", name: "a.pdf", reason: fetch.WrongKind},
		"ErrorInJSON":     {body: `{"error":"expired"}`, name: "a.pdf", reason: fetch.WrongKind},
		"ErrorInXML":      {body: `<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`, name: "a.pdf", reason: fetch.WrongKind},
		"XML":             {body: `<?xml version="1.0"?><Invoice/>`, name: "a.xml", kind: "text/xml"},
		"CSV":             {body: "a,b\n1,2\n3,4\n", name: "a.CSV", kind: "text/csv"},
		"Text":            {body: "Hello there", name: "a.txt", kind: "text/plain"},
		"RTF":             {body: `{\rtf1\ansi hello}`, name: "a.rtf", kind: "text/rtf"},
		"PNG":             {body: "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", name: "a.pdf", kind: "image/png"},
		"JPEG":            {body: "\xff\xd8\xff\xe0\x00\x10JFIF\x00", name: "receipt", kind: "image/jpeg"},
		"GIF":             {body: "GIF89a\x01\x00\x01\x00", name: "a.gif", kind: "image/gif"},
		"TIFF":            {body: "II*\x00\x08\x00\x00\x00", name: "a.tiff", kind: "image/tiff"},
		"SVG":             {body: `<svg xmlns="http://www.w3.org/2000/svg"></svg>`, name: "a.svg", reason: fetch.WrongKind},
		"Zip":             {body: "PK\x03\x04\x14\x00\x00\x00", name: "a.zip", reason: fetch.WrongKind},
		"Program":         {body: "\x7fELF\x02\x01\x01\x00", name: "a.pdf", reason: fetch.WrongKind},
		"UnknownEncoding": {body: aPDF, headers: []string{"Content-Encoding", "br"}, name: "a.pdf", reason: fetch.Refused},
		"NotReallyPacked": {body: aPDF, headers: []string{"Content-Encoding", "gzip"}, name: "a.pdf", reason: fetch.BrokenOff},
		"Packed":          {body: packed(aPDF), headers: []string{"Content-Encoding", "gzip"}, name: "a.pdf", kind: "application/pdf"},
		"PackedAndCut":    {body: packed(aPDF)[:30], headers: []string{"Content-Encoding", "gzip"}, name: "a.pdf", reason: fetch.BrokenOff},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, answers(200, c.body, c.headers...))
			if c.reason != "" {
				require.Equal(t, c.reason, b.problem("https://example.com/"+c.name).Reason)
				return
			}

			file, err := b.fetch("https://example.com/" + c.name)

			require.NoError(t, err)
			require.Equal(t, c.kind, file.Type)
		})
	}
}

func packed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// What the address of a file holds behind its path may be as good as a password.
func TestFetcher_TellsNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	troubles := map[string]http.HandlerFunc{
		"Gone":          answers(404, ""),
		"HTML":          answers(200, "<html>"),
		"BadLocation":   answers(302, "", "Location", "http://%zz?sig="+secret),
		"OddLocation":   answers(302, "", "Location", "gopher://example.com/?sig="+secret),
		"UserInfo":      answers(302, "", "Location", "https://me:"+secret+"@example.com/"),
		"PlainLocation": answers(302, "", "Location", "http://example.com/x?sig="+secret),
		"Loop":          answers(302, "", "Location", "/again?sig="+secret),
		"Broken": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Write([]byte("HTTP/9 nonsense\r\n\r\n"))
				conn.Close()
			}
		},
	}
	for name, handler := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := setup(t, handler).problem("https://example.com/files/INV-1.pdf?X-Amz-Signature=" + secret)
			requireNoSecret(t, p, secret)
		})
	}
	for name, address := range map[string]string{
		"Password": "https://me:" + secret + "@example.com/INV-1.pdf",
		"Nonsense": "https://exa mple.com/INV-1.pdf?" + secret,
		"Nowhere":  "https://nowhere.example.net/INV-1.pdf?" + secret,
		"Plain":    "http://example.com/INV-1.pdf?" + secret,
		"Relative": "INV-1.pdf?" + secret,
		"Control":  "https://example.com/\x00?" + secret,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireNoSecret(t, setup(t, answers(200, aPDF)).problem(address), secret)
		})
	}
}

func requireNoSecret(t *testing.T, p *fetch.Problem, secret string) {
	t.Helper()
	for _, text := range []string{p.Error(), p.Meaning, p.Next, p.File, p.Host} {
		require.NotContains(t, text, secret)
	}
	for err := error(p); err != nil; {
		require.NotContains(t, err.Error(), secret)
		unwrapper, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}
		err = unwrapper.Unwrap()
	}
}

func TestFetcher_Certificates(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(200, aPDF))
	b.net.is("other.org", publicIP)

	p := b.problem("https://other.org/a.pdf")

	require.Equal(t, fetch.Unreachable, p.Reason)
	require.Contains(t, p.Meaning, "does not prove")
}
