package receipt

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	texttemplate "text/template"
)

//go:embed certificate.html.tmpl
var certificateHTML string

//go:embed certificate.txt.tmpl
var certificateText string

var (
	htmlCertificate = template.Must(template.New("certificate").Parse(certificateHTML))
	textCertificate = texttemplate.Must(texttemplate.New("certificate").
			Funcs(texttemplate.FuncMap{"wrap": wrapLine, "underline": underline}).Parse(certificateText))
)

// Certificate is a receipt in words for the person whose data it was. It isn't signed itself and
// says so: only the receipt counts.
type Certificate struct {
	Title     string            `json:"title"`
	Lead      string            `json:"lead"`
	Warnings  []string          `json:"warnings,omitempty"` // what failed or changed since: shown first
	Facts     []CertificateTerm `json:"facts"`              // who, where, when
	Erased    []CertificateLine `json:"erased,omitempty"`
	Ended     []string          `json:"ended,omitempty"` // what had been kept until now
	Kept      []CertificateKept `json:"kept,omitempty"`
	Copies    []CertificateTerm `json:"copies,omitempty"`
	Backups   string            `json:"backups"` // when the last backup expires, in a sentence
	Residue   string            `json:"residue"`
	Traces    []CertificateTerm `json:"traces,omitempty"` // the stores examined, one by one
	Checks    []string          `json:"checks"`           // the steps to check the receipt
	Limits    string            `json:"limits"`
	Complaint string            `json:"complaint"`
}

// CertificateTerm is a name and a text about it.
type CertificateTerm struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// CertificateLine is the actions in one table.
type CertificateLine struct {
	Table string   `json:"table"`
	Done  []string `json:"done"`
}

// CertificateKept is rows that were kept.
type CertificateKept struct {
	What  string `json:"what"`
	Rows  string `json:"rows"`
	Why   string `json:"why"`
	Basis string `json:"basis,omitempty"`
	Until string `json:"until"`
}

// NewCertificate puts a receipt into words. State is the receipt with its amendments; nil means
// none.
func NewCertificate(r *Opened, s *State) *Certificate {
	if s == nil {
		// Folding no amendments can't fail.
		s, _ = Apply(r)
	}
	p := &r.Statement.Predicate
	c := &Certificate{
		Facts:     certificateFacts(p),
		Limits:    p.DoesNotProve,
		Checks:    checkSentences(r, s),
		Complaint: complaintSentence(p),
	}
	c.Title, c.Lead = certificateHeadline(p)
	c.Warnings = certificateWarnings(p, s)
	if len(c.Warnings) > 0 {
		c.Title = "Erasure with open points"
	}
	if s.Revoked != nil {
		c.Title = "Withdrawn certificate of erasure"
	}
	c.Erased = erasedLines(p)
	for _, k := range p.Ended {
		c.Ended = append(c.Ended, endedWords(k))
	}
	for _, k := range p.Retained {
		c.Kept = append(c.Kept, keptLine(k))
	}
	c.Backups, c.Copies = copyTerms(p, s)
	c.Residue, c.Traces = residueTerms(s.Residue)
	return c
}

// HTML writes the certificate as one page that needs no other file.
func (c *Certificate) HTML(w io.Writer) error { return htmlCertificate.Execute(w, c) }

// Text writes the certificate as plain text of at most 78 columns, except for longer words.
func (c *Certificate) Text(w io.Writer) error { return textCertificate.Execute(w, c) }

func certificateHeadline(p *Predicate) (title, lead string) {
	who := p.Controller
	if who == "" {
		who = "The operator"
	}
	where := "its database"
	if p.System.Name != "" {
		where += " “" + p.System.Name + "”"
	}
	when := ""
	if !p.Commits.Last.IsZero() {
		when = "on " + formatDay(p.Commits.Last) + " "
	}
	title, what := "Certificate of erasure", "erased "+whoseData(p)
	switch {
	case p.erased() == 0:
		title, what = "Certificate: nothing was erased", "erased nothing"
	case p.Incomplete != nil:
		what = "erased some personal data"
	case p.Left() > 0:
		what += ", though not all of it,"
	}
	return title, fmt.Sprintf("%s states that %sit %s in %s, as described below.", who, when, what, where)
}

// whoseData says whose personal data a completed run erased.
func whoseData(p *Predicate) string {
	switch {
	case p.Scope == "everything":
		return "the personal data in every table that its rules name"
	case p.Scope == "expired":
		return "personal data whose time to be kept was over"
	case p.Subjects != nil && p.Subjects.Done == 1:
		return "the personal data of one person"
	case p.Subjects != nil && p.Subjects.Done > 1:
		return "the personal data of " + count(p.Subjects.Done, "person", "people")
	}
	return "personal data"
}

// erased is the number of rows that the run itself deleted, overwrote or detached.
func (p *Predicate) erased() (rows int64) {
	for _, a := range p.Actions {
		if a.Operation != Keep {
			rows += a.Rows.Affected
		}
	}
	return rows
}

func certificateWarnings(p *Predicate, s *State) []string {
	var list []string
	if s.Revoked != nil {
		list = append(list, fmt.Sprintf("This receipt was withdrawn on %s and must not be relied on: %s.",
			formatDay(s.Revoked.At), strings.TrimSuffix(s.Revoked.Reason, ".")))
	}
	if p.Incomplete != nil {
		list = append(list, "The erasure was stopped before it was complete: "+strings.TrimSuffix(p.Incomplete.Reason, ".")+".")
	}
	if p.Subjects != nil && p.Subjects.NotReached > 0 {
		list = append(list, "Not reached before it was stopped: "+count(p.Subjects.NotReached, "person", "people")+".")
	}
	var arrived int64
	for _, a := range p.Actions {
		arrived += a.Rows.Arrived
	}
	if left := p.Left(); left > 0 {
		list = append(list, count(left, "entry", "entries")+" should have been erased and could not be.")
	}
	if arrived > 0 {
		list = append(list, "Appeared while the erasure was going on, and not erased: "+count(arrived, "entry", "entries")+".")
	}
	for _, id := range p.FailedChecks() {
		list = append(list, "A check after the erasure found something wrong: "+words(id)+".")
	}
	if p.Subjects != nil && p.Subjects.Absent > 0 {
		list = append(list, count(p.Subjects.Absent, "person", "people")+" asked for could not be found in the database.")
	}
	return list
}

func certificateFacts(p *Predicate) []CertificateTerm {
	var list []CertificateTerm
	add := func(name, text string) {
		if text != "" {
			list = append(list, CertificateTerm{name, text})
		}
	}
	add("Responsible", p.Controller)
	add("Carried out by", p.Processor)
	if q := p.Request; q != nil {
		add("Case", q.Case)
		add("Reason in law", q.Ground)
		add("Asked for on", formatDay(q.ReceivedAt))
		due := formatDay(q.DueAt)
		if q.Extension != nil {
			due += ", after an extension: " + q.Extension.Reason
		}
		add("Due on", due)
	}
	done := formatDay(p.Commits.Last)
	if done != "" && p.Request != nil && p.Request.Late {
		done += ", which was late"
	}
	add("Carried out on", done)
	add("Receipt number", p.ReceiptID)
	for _, f := range p.Follows {
		what := "Continues"
		if f.Complete {
			what = "Completes"
		}
		add(what, "the erasure of receipt number "+f.ReceiptID)
	}
	return list
}
