package fetch_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/fetch"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"INV-1.pdf":                       "INV-1.pdf",
		"INV-1.PDF":                       "INV-1.PDF",
		"Rechnung März 2026.pdf":          "Rechnung März 2026.pdf",
		"INV-1":                           "INV-1.pdf",
		"INV-1.php":                       "INV-1.php.pdf",
		"../../etc/passwd":                "passwd.pdf",
		`..\..\boot.ini`:                  "boot.ini.pdf",
		"a/b/c.pdf":                       "c.pdf",
		"":                                "file.pdf",
		"...":                             "file.pdf",
		".pdf":                            "pdf.pdf",
		".htaccess":                       "htaccess.pdf",
		"in\x00vo\nice\x1b[31m.pdf":       "invoice[31m.pdf",
		"fdp.\u202egnp.exe":               "fdp.gnp.exe.pdf",
		"a<b>c:d\"e|f?g*h.pdf":            "a_b_c_d_e_f_g_h.pdf",
		"bad\xff\xfeutf8.pdf":             "badutf8.pdf",
		" spaces\u00a0and\u2003more .pdf": "spaces and more.pdf",
		strings.Repeat("é", 500) + ".pdf": strings.Repeat("é", 98) + ".pdf",
	} {
		require.Equal(t, want, fetch.Clean(given, ".pdf"), "%q", given)
	}
	require.Equal(t, "photo.jpeg", fetch.Clean("photo.jpeg", ".jpg", ".jpeg"))
	require.Equal(t, "photo.png.jpg", fetch.Clean("photo.png", ".jpg", ".jpeg"))
	require.Equal(t, "anything.else", fetch.Clean("anything.else"))
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"INV-1.pdf", "../../x", ".pdf", "a.pdf.exe", "\u202e.fdp", strings.Repeat("ü", 300), "a. .pdf", "....pdf", " .pdf", "x.\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		name := fetch.Clean(given, ".pdf", ".ai")

		require.True(t, utf8.ValidString(name))
		require.LessOrEqual(t, len(name), 200)
		require.Equal(t, name, filepath.Base(name), "no folder")
		require.NotContains(t, name, `\`)
		require.Contains(t, []string{".pdf", ".ai"}, strings.ToLower(filepath.Ext(name)))
		require.NotEqual(t, '.', rune(name[0]), "not hidden")
		require.Equal(t, strings.TrimSpace(name), name)
		require.NotContains(t, strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
				return '!'
			}
			return ' '
		}, name), "!")
		require.Equal(t, name, fetch.Clean(name, ".pdf", ".ai"), "cleaning twice changes nothing")
	})
}
