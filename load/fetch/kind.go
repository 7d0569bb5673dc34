package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

const pdf = "application/pdf"

// kind is a kind of file that QuickBooks takes.
type kind struct {
	mime    string // as QuickBooks is told
	endings []string
	// told means that the bytes could be many things, of which this is one only
	// where the name says so.
	told bool
}

var (
	errHTML = errors.New("a page of HTML")
	errKind = errors.New("its bytes are")
)

// kinds returns QuickBooks' kinds by what the bytes are. The first ending is the
// usual one. A drawing of Illustrator is a PDF or PostScript inside.
func kinds() map[string][]kind {
	one := func(mime string, endings ...string) []kind { return []kind{{mime: mime, endings: endings}} }
	const (
		word  = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		ods   = "application/vnd.oasis.opendocument.spreadsheet"
		excel = "application/vnd.ms-excel"
		old   = "application/msword"
	)
	return map[string][]kind{
		pdf:                      one(pdf, ".pdf", ".ai"),
		"image/png":              one("image/png", ".png"),
		"image/jpeg":             one("image/jpeg", ".jpg", ".jpeg"),
		"image/gif":              one("image/gif", ".gif"),
		"image/tiff":             one("image/tiff", ".tif", ".tiff"),
		"text/rtf":               one("text/rtf", ".rtf"),
		word:                     one(word, ".docx"),
		sheet:                    one(sheet, ".xlsx"),
		ods:                      one(ods, ".ods"),
		excel:                    one(excel, ".xls"),
		old:                      one(old, ".doc"),
		"text/xml":               {{mime: "text/xml", endings: []string{".xml"}, told: true}},
		"text/plain":             {{mime: "text/plain", endings: []string{".txt"}, told: true}, {mime: "text/csv", endings: []string{".csv"}, told: true}},
		"application/postscript": {{mime: "application/postscript", endings: []string{".eps", ".ai"}, told: true}},
		"application/x-ole-storage": {
			{mime: old, endings: []string{".doc"}, told: true}, {mime: excel, endings: []string{".xls"}, told: true},
		},
	}
}

// sniff tells what bytes are. A name decides only among what they can be. Text is
// believed to be a file only where the name promises one, because errors are text,
// too.
func sniff(content []byte, name string) (kind, error) {
	all, suffix := kinds(), ending(name)
	found := mimetype.Detect(content)
	for m := found; m != nil; m = m.Parent() {
		if m.Is("text/html") || m.Is("application/xhtml+xml") {
			return kind{}, errHTML
		}
	}
	for m := found; m != nil; m = m.Parent() {
		if m.Is("image/svg+xml") || m.Is("application/json") {
			break
		}
		bare, _, _ := strings.Cut(m.String(), ";")
		for _, k := range all[bare] {
			if !k.told || slices.Contains(k.endings, suffix) {
				return k, nil
			}
		}
	}
	bare, _, _ := strings.Cut(found.String(), ";")
	return kind{}, fmt.Errorf("%w %s", errKind, bare)
}

// complete reports whether a PDF has its end. A host that counts its bytes wrongly
// cuts it off without anybody noticing.
func complete(content []byte) bool {
	return bytes.Contains(content[max(0, len(content)-8<<10):], []byte("%%EOF"))
}

// ending returns what a name ends with, in small letters, if that is one of the
// endings of QuickBooks' kinds.
func ending(name string) string {
	suffix := strings.ToLower(path.Ext(name))
	for _, group := range kinds() {
		for _, k := range group {
			if slices.Contains(k.endings, suffix) {
				return suffix
			}
		}
	}
	return ""
}
