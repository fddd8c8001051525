package discover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/plan/policy"
)

// draft assembles the Draft from the results.
func (d *database) draft(o Options) *Draft {
	out := &Draft{Policy: policy.Draft(d.schema)}
	p := out.Policy
	p.Database = o.Database
	if s := d.subject; s != nil {
		p.Subject = policy.Subject{Table: s.name, Identifiers: d.identifiers()}
		if len(s.PrimaryKey) == 0 {
			p.Subject.Key = s.Key()
		}
		out.Proposals = append(out.Proposals, d.why)
	}
	for i, t := range d.tables {
		rule := &p.Tables[i]
		for j, c := range t.columns {
			f := c.finding()
			rule.Columns[j].PII, rule.Columns[j].Overwrite = f.Category, f.Strategy
			out.Findings = append(out.Findings, f)
		}
		if dec, ok := d.decide(t); ok {
			out.Proposals = append(out.Proposals, dec.proposals...)
			if t.open = !dec.proposals[0].InPolicy; !t.open {
				rule.Erase, rule.Via, rule.Unlinked = dec.erase, dec.via, dec.unlinked
			}
		}
	}
	for _, l := range d.links {
		made := policy.Link{Table: l.from.name, Columns: l.columns, RefTable: l.to.name, RefColumns: l.refColumns, Where: l.where}
		p.Links = append(p.Links, made)
		out.Proposals = append(out.Proposals, Proposal{About: AboutLink, Table: l.from.name, Text: made.String(), Confidence: l.confidence, Reason: l.reason, InPolicy: true})
	}
	for i, t := range d.tables {
		if rule := &p.Tables[i]; t.holdsNothing(rule) {
			rule.PII, rule.Columns = policy.PIINone, nil
		}
		for _, r := range t.ownedBy {
			p.Owns = append(p.Owns, policy.Owns{Table: r.from.name, Columns: r.columns, RefTable: t.name, RefColumns: unlessKey(t, r.refColumns)})
		}
	}
	out.Proposals = append(out.Proposals, d.owned...)
	return out
}

// holdsNothing reports whether one `pii: none` covers the table: all its columns are none. A table
// with a decision about rows also needs good evidence for each column.
func (t *table) holdsNothing(rule *policy.Table) bool {
	return !t.open && !slices.ContainsFunc(t.columns, func(c *column) bool {
		v := &c.verdict
		return v.category != policy.PIINone || rule.DecidesRows() && v.confidence < likely
	})
}

// head is the comment at the beginning of a draft's file.
const head = `A draft, made from the catalogue and a sample of rows. No value of a row is in
it. Behind a column: how sure the proposal is (0 to 1), and why; ` + "`draft --json`" + ` says it of
those in lists, too. Go through it:

 1. Replace each ` + "`undecided`" + `:

%s
 2. Where several references could say whose a row is, the table has them behind #:
    choose, and remove the #.
 3. Look at what is called none, at what happens to a subject's rows (erase, via),
    and at links and owns: only you know what the application writes there. A table
    is unlinked where no reference or link connects its rows to the subject.

Until then the policy is refused.`

// YAML writes the policy as a file, with the findings and proposals as comments.
func (d *Draft) YAML() ([]byte, error) {
	var categories strings.Builder
	for _, c := range policy.Categories() {
		fmt.Fprintf(&categories, "      pii: %-12s %s\n", c.Name, c.For)
	}
	notes := policy.Notes{policy.Place{}: policy.SchemaComment + "\n" + fmt.Sprintf(head, categories.String())}
	for _, f := range d.Findings {
		if f.Category == policy.PIINone && f.Confidence >= likely {
			continue // listed, without a line of its own
		}
		note := f.Reason
		if f.Category != policy.PIIUndecided {
			note = fmt.Sprintf("%.2f %s", f.Confidence, f.Reason)
		}
		notes[policy.Place{Section: "tables", Table: f.Table, Column: f.Column}] = note
	}
	links, owns := 0, 0
	for _, p := range d.Proposals {
		note := fmt.Sprintf("%.2f %s", p.Confidence, p.Reason)
		switch p.About {
		case AboutSubject:
			notes[policy.Place{Section: "subject"}] = note
		case AboutLink:
			notes[policy.Place{Section: "links", Index: links}] = note
			links++
		case AboutOwns:
			notes[policy.Place{Section: "owns", Index: owns}] = note
			owns++
		default:
			if !p.InPolicy {
				note = p.Text + "\n  undecided: " + p.Reason
			}
			place := policy.Place{Section: "tables", Table: p.Table}
			if before := notes[place]; before != "" {
				note = before + "\n" + note
			}
			notes[place] = note
		}
	}
	return d.Policy.Annotated(notes)
}
