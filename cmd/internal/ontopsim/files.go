package ontopsim

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"path"
	"strings"

	"github.com/tieout/tieout/schema"
)

// BrokenFile is what is wrong with a file that an invoice names.
type BrokenFile string

// The kinds of broken file.
const (
	FileGone     BrokenFile = "gone"  // 404
	FileIsPage   BrokenFile = "page"  // a page to sign in on, with status 200
	FileTooLarge BrokenFile = "large" // more than anybody attaches
)

// BrokenFiles returns all kinds.
func BrokenFiles() []BrokenFile { return []BrokenFile{FileGone, FileIsPage, FileTooLarge} }

// File is a file that an invoice names.
type File struct {
	Invoice schema.InvoiceID
	URL     string
	Item    string     // the line that it proves; empty for the invoice's own PDF
	Broken  BrokenFile // empty where it is as it should be
}

// Files serves the files of made-up invoices: small PDF documents and PNG pictures,
// each with a content of its own, and whatever is wrong with the broken ones.
type Files struct{}

// ServeHTTP implements http.Handler.
func (Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	folder, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch BrokenFile(folder) {
	case FileGone:
		http.NotFound(w, r)
		return
	case FileIsPage:
		w.Header().Set("Content-Type", "application/pdf")
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Your session has ended.</form></body></html>")
		return
	case FileTooLarge:
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Length", "209715200")
		send(w, []byte("%PDF-1.4\n"))
		return
	}
	name := path.Base(r.URL.Path)
	if strings.HasSuffix(name, ".png") {
		w.Header().Set("Content-Type", "image/png")
		send(w, picture(name))
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	send(w, document(name))
}

// send writes what is sent. Whoever asked may have gone.
func send(w http.ResponseWriter, content []byte) { _, _ = w.Write(content) }

// document is a PDF of one page with one line of text.
func document(text string) []byte {
	stream := fmt.Sprintf("BT /F1 18 Tf 72 720 Td (%s) Tj ET", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(text))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var page bytes.Buffer
	page.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = page.Len()
		fmt.Fprintf(&page, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := page.Len()
	fmt.Fprintf(&page, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&page, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&page, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return page.Bytes()
}

// picture is a little PNG whose dots come from text.
func picture(text string) []byte {
	const side = 16
	dots := image.NewGray(image.Rect(0, 0, side, side))
	for i := range side * side {
		dots.SetGray(i%side, i/side, color.Gray{Y: text[i%len(text)]})
	}
	var encoded bytes.Buffer
	// Encoding a picture of this kind into memory cannot fail.
	_ = png.Encode(&encoded, dots)
	return encoded.Bytes()
}
