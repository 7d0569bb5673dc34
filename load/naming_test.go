package load

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// The note of a bill is foreign text by the time it is read: people write into
// it. Whatever it says, reading it must not fail, and our mark is found in it.
func FuzzReadMark(f *testing.F) {
	for _, seed := range []string{
		"", "[tieout ", "[tieout ]", "[tieout d_1]", "[tieout d_1 x]", "a\n[tieout d_1 x] b", "[tieout [tieout d_1 x]", "]]", "[tieout d_1\nx]",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, afterwards string) {
		readMark(before)
		if strings.Contains(afterwards, markPrefix) {
			return // somebody else's mark behind ours wins, and is not ours
		}
		want := mark{draft: "d_abcDEF012", subject: "inv0mark1234"}

		got, found := readMark(before + want.String() + afterwards)

		require.True(t, found)
		require.Equal(t, want, got)
	})
}

func TestNote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := schema.Draft{Company: "acme", Invoice: schema.InvoiceID(rapid.String().Draw(rt, "invoice")), Memo: rapid.String().Draw(rt, "memo")}
		d.Memo = strings.Repeat(d.Memo, rapid.IntRange(1, 400).Draw(rt, "times"))
		d = d.Seal()

		m := markOf(d.Company, d.ID, string(d.Invoice))

		text := note(d.Memo, m)

		got, found := readMark(text)
		if !found || got != m {
			rt.Fatalf("mark %v was written, %v is read", m, got)
		}
		if utf8.RuneCountInString(text) > noteLimit {
			rt.Fatalf("%d characters do not fit", utf8.RuneCountInString(text))
		}
	})
}

// Names depend on what they name, and on nothing else.
func TestNames(t *testing.T) {
	t.Parallel()
	august := schema.NewDate(2026, 8, 1).Period()
	names := map[string]bool{}
	for _, company := range []schema.CompanyID{"acme", "globex"} {
		for _, realm := range []schema.RealmID{"1", "2"} {
			for _, month := range []schema.Period{august, august.Next()} {
				name := requestOf(company, realm, schema.PostBill, month)
				require.Equal(t, name, requestOf(company, realm, schema.PostBill, month))
				require.LessOrEqual(t, len(name), 36)
				names[name] = true
			}
			names[vendorRequest(company, realm)] = true
		}
	}
	require.Len(t, names, 12, "companies, realms, months and kinds never share a request id")

	items := map[string]bool{}
	for n := range 10_000 {
		item := itemOf(schema.DraftID("d_" + schema.SumOf("draft", string(rune(n))).Short(24)))
		require.Len(t, item, 10)
		items[item] = true
	}
	require.Len(t, items, 10_000)
}

// An approval that is repeated means another attempt; a record that is read
// again does not.
func TestVendorDraft(t *testing.T) {
	t.Parallel()
	p := schema.Payee{Company: "acme", Key: "worker:9:USD", Name: "Grace Hopper", Email: "grace@example.com"}
	p.RecordedAt = schema.NewDate(2026, 8, 31).Time()
	first := vendorDraft(p)

	require.Equal(t, first, vendorDraft(p))
	for name, change := range map[string]func(*schema.Payee){
		"Approval": func(p *schema.Payee) { p.RecordedAt = p.RecordedAt.AddDate(0, 0, 1) },
		"Name":     func(p *schema.Payee) { p.Name = "Grace M. Hopper" },
		"Email":    func(p *schema.Payee) { p.Email = "" },
		"Business": func(p *schema.Payee) { p.Business = true },
		"Currency": func(p *schema.Payee) { p.Key = "worker:9:EUR" },
	} {
		changed := p
		change(&changed)
		require.NotEqual(t, first, vendorDraft(changed), name)
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		n    int
		want string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"éèê", 2, "éè"}, {"abc", 0, ""}} {
		require.Equal(t, c.want, clip(c.text, c.n))
	}
}
