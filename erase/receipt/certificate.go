package receipt

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
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
			Funcs(texttemplate.FuncMap{"wrap": wrap, "underline": underline}).Parse(certificateText))
)

// Certificate is a receipt in words for the person whose data it was. It isn't
// signed itself and says so: the receipt is what counts.
type Certificate struct {
	Title     string     `json:"title"`
	Lead      string     `json:"lead"`
	Warnings  []string   `json:"warnings,omitempty"` // what went wrong or changed since: shown first
	Facts     []Term     `json:"facts"`              // who, where, when
	Erased    []Line     `json:"erased,omitempty"`
	Kept      []KeptLine `json:"kept,omitempty"`
	Copies    []Term     `json:"copies,omitempty"`
	Backups   string     `json:"backups"` // when the last backup is gone, in a sentence
	Residue   []string   `json:"residue"`
	Checks    []string   `json:"checks"` // the steps by which to check the receipt
	Limits    string     `json:"limits"`
	Complaint string     `json:"complaint"`
}

// Term is a name and what is to be said about it.
type Term struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Line is an operation on a table.
type Line struct {
	Table string `json:"table"`
	What  string `json:"what"`
	Rows  string `json:"rows"`
}

// KeptLine is rows that were kept.
type KeptLine struct {
	What  string `json:"what"`
	Rows  string `json:"rows"`
	Why   string `json:"why"`
	Basis string `json:"basis,omitempty"`
	Until string `json:"until"`
}

// NewCertificate puts a receipt into words. State is the receipt with its
// amendments; nil means that there are none.
func NewCertificate(r *Opened, s *State) *Certificate {
	if s == nil {
		// Folding no amendments can't fail.
		s, _ = Fold(r)
	}
	p := &r.Statement.Predicate
	c := &Certificate{
		Facts:     facts(p),
		Residue:   residueWords(s.Residue),
		Limits:    p.DoesNotProve,
		Complaint: complaint(p),
		Checks: []string{
			"Ask for the receipt file. Its SHA-256 is " + r.Digest + ".",
			"Ask for the public key that it was signed with, from a place that you trust. Its ID is " +
				strings.Join(r.Verified, " or ") + ".",
			"Run: expunge verify receipt.json --pub key.pub.pem. It must answer that the receipt holds. " +
				"The receipt is a DSSE envelope with an in-toto statement, so other programs can check it too.",
		},
	}
	c.Title, c.Lead = headline(p)
	c.Warnings = warnings(p, s)
	if len(c.Warnings) > 0 {
		c.Title = "Erasure with open points"
	}
	if s.Revoked != nil {
		c.Title = "Withdrawn certificate of erasure"
	}
	c.Erased = erasedLines(p)
	for _, k := range p.Retained {
		c.Kept = append(c.Kept, keptLine(k))
	}
	c.Backups, c.Copies = copies(p, s)
	return c
}

// HTML writes the certificate as one page that needs no other file.
func (c *Certificate) HTML(w io.Writer) error { return htmlCertificate.Execute(w, c) }

// Text writes the certificate as plain text of at most 78 columns, but for
// words that are longer.
func (c *Certificate) Text(w io.Writer) error { return textCertificate.Execute(w, c) }

func headline(p *Predicate) (title, lead string) {
	who := p.Controller
	if who == "" {
		who = "The operator"
	}
	where := "its database"
	if p.System.Name != "" {
		where += " “" + p.System.Name + "”"
	}
	whose := "personal data"
	switch {
	case p.Scope == "everything":
		whose = "the personal data of everybody"
	case p.Scope == "expired":
		whose = "personal data whose time to be kept was over"
	case p.Subjects != nil && p.Subjects.Given == 1:
		whose = "the personal data of one person"
	case p.Subjects != nil:
		whose = "the personal data of " + count(p.Subjects.Given, "person", "people")
	}
	when := ""
	if !p.Commits.Last.IsZero() {
		when = "on " + day(p.Commits.Last) + " "
	}
	return "Certificate of erasure", fmt.Sprintf("%s states that %sit erased %s in %s, as described below.", who, when, whose, where)
}

func warnings(p *Predicate, s *State) []string {
	var list []string
	if s.Revoked != nil {
		list = append(list, fmt.Sprintf("This receipt was withdrawn on %s and must not be relied on: %s.",
			day(s.Revoked.At), strings.TrimSuffix(s.Revoked.Reason, ".")))
	}
	var left, arrived int64
	for _, a := range p.Actions {
		left, arrived = left+a.Rows.Left, arrived+a.Rows.Arrived
	}
	if left > 0 {
		list = append(list, count(left, "entry", "entries")+" should have been erased and could not be.")
	}
	if arrived > 0 {
		list = append(list, "Appeared while the erasure was going on, and not erased: "+count(arrived, "entry", "entries")+".")
	}
	for _, k := range p.Checks {
		if k.Result == Failed {
			list = append(list, "A check after the erasure found something wrong: "+words(k.ID)+".")
		}
	}
	if p.Subjects != nil && p.Subjects.Absent > 0 {
		list = append(list, count(p.Subjects.Absent, "person", "people")+" asked for could not be found in the database.")
	}
	return list
}

func facts(p *Predicate) []Term {
	var list []Term
	add := func(name, text string) {
		if text != "" {
			list = append(list, Term{name, text})
		}
	}
	add("Responsible", p.Controller)
	add("Carried out by", p.Processor)
	if q := p.Request; q != nil {
		add("Case", q.Case)
		add("Reason in law", q.Ground)
		add("Asked for on", day(q.ReceivedAt))
		due := day(q.DueAt)
		if q.Extension != nil {
			due += ", after an extension: " + q.Extension.Reason
		}
		add("Due on", due)
	}
	done := day(p.Commits.Last)
	if p.Request != nil && p.Request.Late {
		done += ", which was late"
	}
	add("Erased on", done)
	add("Receipt number", p.ReceiptID)
	return list
}

func erasedLines(p *Predicate) []Line {
	var list []Line
	for _, a := range p.Actions {
		if a.Operation == Keep || a.Rows.Affected+a.Rows.AlreadyGone == 0 {
			continue
		}
		l := Line{Table: title(a.Table), Rows: number(a.Rows.Affected)}
		switch a.Operation {
		case Delete:
			l.What = "Deleted"
		case Overwrite:
			l.What = "Replaced in the entry, which stays: " + columns(a.Columns)
		case Detach:
			l.What = "Connection to the person removed; the entry stays"
		}
		if n := a.Rows.AlreadyGone; n > 0 {
			l.What += fmt.Sprintf(" (%s more had gone already)", number(n))
		}
		if n := a.Rows.Unchecked; n > 0 {
			l.What += fmt.Sprintf(" (%s not checked afterwards)", number(n))
		}
		if n := a.Unchanged; n > 0 {
			l.What += fmt.Sprintf(" (%s came out as before)", count(n, "value", "values"))
		}
		list = append(list, l)
	}
	return list
}

func columns(list []Column) string {
	var names []string
	for _, c := range list {
		names = append(names, words(c.Name))
	}
	if len(names) == 0 {
		return "personal data"
	}
	return strings.Join(names, ", ")
}

func keptLine(r Retained) KeptLine {
	k := KeptLine{What: title(r.Table), Rows: number(r.Rows), Why: r.Reason, Basis: r.Basis}
	if len(r.Columns) > 0 {
		var names []string
		for _, c := range r.Columns {
			names = append(names, words(c))
		}
		k.What += ": " + strings.Join(names, ", ")
	}
	switch {
	case r.Until == "":
		k.Until = "No end is set"
	case r.Last != "":
		k.Until = dayText(r.Last) + " at the latest"
	default:
		k.Until = dayText(r.Until)
	}
	return k
}

func copies(p *Predicate, s *State) (backups string, list []Term) {
	switch {
	case len(s.Backups) == 0:
		backups = "No backups were declared."
	case s.BackupsGone():
		last := slices.MaxFunc(s.Backups, func(a, b BackupState) int { return a.Expired.Compare(b.Expired) })
		backups = "All backups that held the data are gone, the last one since " + day(last.Expired) + "."
	case p.Final != "":
		backups = "Backups may still hold the data. The last one is gone after " + dayText(p.Final) + "."
	default:
		backups = "Backups may still hold the data, and no date was given for when they are gone."
	}
	for _, b := range s.Backups {
		text := "no date given"
		switch {
		case !b.Expired.IsZero():
			text = "gone since " + day(b.Expired)
		case b.Until != "":
			text = "holds the data until " + dayText(b.Until) + " at the latest"
		}
		list = append(list, Term{"Backup “" + b.Name + "”", text})
	}
	for _, r := range s.Recipients {
		text := "had received the data; not stated yet that it was told of the erasure"
		if !r.Told.IsZero() {
			text = "had received the data and was told of the erasure on " + day(r.Told)
		}
		if r.Category != "" {
			text = r.Category + ", " + text
		}
		list = append(list, Term{r.Name, text})
	}
	if c := p.Copies; c != nil {
		for _, r := range c.Replicas {
			list = append(list, Term{"Copy “" + r.Name + "”", "follows the database; it was not looked at"})
		}
		for _, name := range c.Publications {
			list = append(list, Term{"Feed “" + name + "”", "passes changes on to other systems"})
		}
	}
	for _, r := range s.Replays {
		list = append(list, Term{"Restored backup", "the database was restored from a backup of " + day(r.Backup) +
			", and the data was erased again"})
	}
	return backups, list
}

func residueWords(r Residue) []string {
	if r.Level == NotAssessed {
		return []string{"Whether traces are left in the database's files, below what programs can read, was not assessed."}
	}
	list := []string{"Traces in the database's files were looked into. Level reached: " + r.Level + "."}
	for _, s := range r.Stores {
		for _, m := range s.Remains {
			text := "Still there, in " + s.Name + ": " + m.What
			if m.Until != "" {
				text += ", until " + dayText(m.Until)
			}
			list = append(list, text+".")
		}
	}
	return list
}

func complaint(p *Predicate) string {
	who := p.Controller
	if who == "" {
		who = "whoever gave you this certificate"
	}
	return "If you think that something is missing or wrong, write to " + who + " and name the receipt number. " +
		"You can also complain to your data protection authority (GDPR, Article 77)."
}
