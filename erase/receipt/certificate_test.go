package receipt

import (
	"bytes"
	"encoding/hex"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
)

var update = flag.Bool("update", false, "write the golden files and vectors anew")

func opened(t testing.TB) *Opened {
	t.Helper()
	_, v := testSigner(t, 1)
	o, err := OpenWith(testEnvelope(t), OpenOptions{Verifiers: []Verifier{v}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// golden compares with testdata/<name>, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is not what is written now; look at the difference, then run with -update", path)
	}
}

func TestCertificateGolden(t *testing.T) {
	o := opened(t)
	at := o.Statement.Predicate.Commits.Last
	amended, err := Apply(o,
		amendment(t, o, Fact{Kind: BackupExpired, Backup: "nightly", At: at.AddDate(0, 0, 14)}),
		amendment(t, o, Fact{Kind: BackupExpired, Backup: "offsite weekly", At: at.AddDate(0, 0, 180)}),
		amendment(t, o, Fact{Kind: RecipientTold, Recipient: "mail provider", At: at.AddDate(0, 0, 1)}),
		amendment(t, o, Fact{Kind: ReplayedAfterRestore, At: at.AddDate(0, 0, 5),
			Replay: &Replay{RunID: "r2", Backup: at.AddDate(0, 0, -1), Receipt: testDigest}}),
		amendment(t, o, Fact{Kind: ResidueUpdate, At: at.AddDate(0, 0, 30), Residue: &Residue{Level: LevelVersions, Stores: []Store{
			{Name: "data files", Level: LevelFiles, Evidence: "the tables were rewritten, then searched for 12 planted values"},
			{Name: "WAL", Level: LevelVersions, Remains: []Leftover{{What: "segments before the rewrite", Until: "2026-05-01"}}}}}}),
		amendment(t, o, Fact{Kind: Revoked, Reason: "the wrong customer was erased", At: at.AddDate(0, 0, 200)}),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]*State{"certificate": nil, "certificate-amended": amended} {
		c := NewCertificate(o, state)
		var html, text bytes.Buffer
		if err := c.HTML(&html); err != nil {
			t.Fatal(err)
		}
		if err := c.Text(&text); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".html", html.Bytes())
		golden(t, name+".txt", text.Bytes())
	}
}

func TestCertificateNeedsNoOtherFile(t *testing.T) {
	var b bytes.Buffer
	if err := NewCertificate(opened(t), nil).HTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, reference := range []string{"src=", "href=", "url(", "@import", "<script"} {
		if strings.Contains(b.String(), reference) {
			t.Errorf("page contains %s", reference)
		}
	}
}

func TestCertificateSaysWhatIsNotGood(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Predicate)
		want   string
	}{
		{"rows left over", func(p *Predicate) { p.Actions[0].Rows = Rows{Matched: 3, Affected: 1, Left: 2} }, "2 entries should have been erased"},
		{"a failed check", func(p *Predicate) { p.Checks[0].Result = Failed }, "found something wrong: roots rescanned"},
		{"a late answer", func(p *Predicate) { p.Request.Late = true }, "which was late"},
		{"people who weren't found", func(p *Predicate) { p.Subjects = &Subjects{Given: 3, Done: 2, Absent: 1} }, "1 person asked for could not be found"},
		{"two people of three", func(p *Predicate) { p.Subjects = &Subjects{Given: 3, Done: 2, Absent: 1} }, "it erased the personal data of 2 people in"},
		{"nothing was done", func(p *Predicate) {
			p.Subjects = &Subjects{Given: 1, Absent: 1}
			for i := range p.Actions {
				p.Actions[i].Rows = Rows{Matched: 1, AlreadyGone: 1} // a person who is not in the database
			}
		}, "it erased nothing in"},
		{"a run that was closed", func(p *Predicate) { p.Incomplete = &Incomplete{Reason: "the schema has changed"} }, "it erased some personal data in"},
		{"not everything", func(p *Predicate) { p.Actions[0].Rows = Rows{Matched: 3, Affected: 1, Left: 2} }, "though not all of it, in"},
		{"one table's name in two schemas", func(p *Predicate) {
			other := p.Actions[0]
			p.Actions[0].Schema, other.Schema = "sales", "archive"
			p.Actions = append(p.Actions, other)
		}, "(archive)"},
		{"a hold without end", func(p *Predicate) { p.Retained[0].Until, p.Retained[0].Last = "", "" }, "no date is set"},
		{"backups without a date", func(p *Predicate) { p.Final = "" }, "no date was given"},
		{"residue that wasn't assessed", func(p *Predicate) { p.Residue = Residue{Level: NotAssessed} }, "was not looked into"},
		{"what a hold had kept", func(p *Predicate) { p.Ended = []Retained{{Table: "invoice", Rows: 2, Reason: "VAT records"}} }, "Invoice (2) had been kept until now, for this reason, which has ended: VAT records."},
		{"an erasure that is completed", func(p *Predicate) { p.Follows = []Followed{{ReceiptID: "r-1", Complete: true}} }, "<dt>Completes</dt><dd>the erasure of receipt number r-1</dd>"},
		{"hostile names", func(p *Predicate) { p.Actions[0].Table = "<script>alert(1)</script>" }, "&lt;script&gt;"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := testPredicate()
			tt.change(&p)
			var b bytes.Buffer
			o := &Opened{Statement: NewStatement(p), Digest: testDigest}
			if err := NewCertificate(o, nil).HTML(&b); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), tt.want) {
				t.Errorf("page doesn't say %q", tt.want)
			}
		})
	}
}

// A controller's or a table's name may contain anything; the text is for terminals.
func TestCertificateTextHoldsNoControlCharacter(t *testing.T) {
	c := NewCertificate(opened(t), nil)
	c.Erased = append(c.Erased, CertificateLine{Table: "a\x1b[31m\nb\u202e", Done: []string{"1 deleted\a"}})
	c.Facts = append(c.Facts, CertificateTerm{Name: "Case", Text: "7\r\nReceipt number: 8\x1b[2J"})
	var b bytes.Buffer
	if err := c.Text(&b); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%q", b.String()[i:min(i+8, b.Len())])
	}
	if strings.Contains(b.String(), "\nReceipt number: 8") {
		t.Error("a case's reference made a line of its own")
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"web_session": "web session", "InvoiceLine": "invoice line", "customer": "customer", "CustomerID": "customer ID", "": "",
	} {
		if got := words(name); got != want {
			t.Errorf("words(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestUntilInWords(t *testing.T) {
	for until, want := range map[string]string{
		"2032-02-11": "11 February 2032", "invoice_date + 6y": "6 years after the entry's invoice date",
		"paidAt + 1y 6mo": "1 year and 6 months after the entry's paid at", "when it suits": "when it suits",
	} {
		if got := untilWords(until); got != want {
			t.Errorf("untilWords(%q) = %q, want %q", until, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := numberText(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}

// amendment is a signed and opened amendment of the receipt.
func amendment(t testing.TB, o *Opened, f Fact) *OpenedAmendment {
	t.Helper()
	if f.AmendmentID == "" {
		f.AmendmentID = string(f.Kind) + f.Backup + f.Recipient + f.At.Format(time.DateOnly)
	}
	s, v := testSigner(t, 1)
	env, err := SignAmendment(t.Context(), NewAmendment(o.Digest, f), s)
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenAmendment(env, OpenOptions{Verifiers: []Verifier{v}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The page's colours, light and dark: text needs a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3).
func TestCertificateCanBeRead(t *testing.T) {
	themes := regexp.MustCompile(`:root \{[^}]*--bg:[^}]*\}`).FindAllString(certificateHTML, -1)
	if len(themes) != 3 {
		t.Fatalf("%d themes, want light, dark and print", len(themes))
	}
	for i, name := range []string{"light", "dark", "print"} {
		colour := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]+)`).FindAllStringSubmatch(themes[i], -1) {
			colour[m[1]] = luminance(t, m[2])
		}
		for _, pair := range [][2]string{{"ink", "page"}, {"soft", "page"}, {"accent", "page"}, {"warn", "warn-bg"}} {
			a, b := colour[pair[0]], colour[pair[1]]
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.1f", name, pair[0], pair[1], ratio)
			}
		}
	}
}

// luminance is a colour's relative luminance, as WCAG 2.2 defines it.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	digits := colour[1:]
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	rgb, err := hex.DecodeString(digits)
	if err != nil || len(rgb) != 3 {
		t.Fatalf("%s is no colour", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb[i]) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// A screen reader needs the language, headings in their order, and a header for each column and
// row, also where tables are shown as blocks.
func TestCertificateCanBeHeard(t *testing.T) {
	var b bytes.Buffer
	if err := NewCertificate(opened(t), nil).HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if !strings.Contains(page, `<html lang="en">`) || strings.Count(page, "<h1>") != 1 || strings.Contains(page, "<h3") {
		t.Error("the page has no language, or its headings are out of order")
	}
	for _, cell := range regexp.MustCompile(`<t[hdr][ >][^>]*>?`).FindAllString(page, -1) {
		if !strings.Contains(cell, "role=") || strings.HasPrefix(cell, "<th") && !strings.Contains(cell, "scope=") {
			t.Errorf("%s has no role or no scope", cell)
		}
	}
	if strings.Count(page, "<table") != strings.Count(page, "aria-labelledby=") {
		t.Error("a table has no name")
	}
}
