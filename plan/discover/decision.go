package discover

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/plan/policy"
)

// findOwned proposes rows to delete with their owner. Their table has addresses, contact
// or bank data, but its rows are no people. Only rows of subjects refer to it.
func (d *database) findOwned() {
	if d.subject == nil {
		return
	}
	mine := func(t *table) bool { return t == d.subject || len(t.reachedBy) > 0 }
	refs := d.references()
	for _, t := range d.tables {
		says := t.has(street, city, postcode, coordinate, phone, emailAddress, iban, bankAccount)
		if mine(t) || t.person || !says {
			continue
		}
		var owners []reference
		for _, r := range refs {
			switch {
			case r.to != t:
			case !mine(r.from):
				owners = nil
			case r.from == d.subject || len(owners) == 0 || owners[0].from != d.subject:
				if len(owners) > 0 && r.from == d.subject && owners[0].from != d.subject {
					owners = nil
				}
				owners = append(owners, r)
			}
		}
		if slices.ContainsFunc(refs, func(r reference) bool { return r.to == t && r.from != t && !mine(r.from) }) {
			continue
		}
		for _, r := range owners {
			d.owned = append(d.owned, Proposal{
				About: AboutOwns, Table: r.from.name, Confidence: likely, InPolicy: true,
				Text:   policy.Owns{Table: r.from.name, Columns: r.columns, RefTable: t.name, RefColumns: unlessKey(t, r.refColumns)}.String(),
				Reason: "only rows of subjects refer to " + t.name,
			})
			t.ownedBy = append(t.ownedBy, r)
		}
	}
}

// unlessKey returns a reference's columns, or nil if they are the primary key.
func unlessKey(t *table, columns []string) []string {
	if slices.Equal(t.PrimaryKey, columns) {
		return nil
	}
	return columns
}

// decision says what happens to the rows of a table; its proposals explain it in the file.
type decision struct {
	erase     policy.Erase
	via       []policy.Via
	unlinked  string
	proposals []Proposal
}

// decide decides what happens to a table's rows. It returns false without a subject, and
// for a table with neither a subject's rows nor personal columns.
func (d *database) decide(t *table) (decision, bool) {
	switch {
	case d.subject == nil:
	case t == d.subject:
		return d.decideSubject(), true
	case len(t.reachedBy) > 0:
		return d.decideReached(t), true
	case len(t.ownedBy) > 0:
		return t.eraseRows(policy.EraseDelete, "its rows are deleted with their last owner, see owns"), true
	case slices.ContainsFunc(t.columns, func(c *column) bool { return c.verdict.personal() }):
		text := "no reference or link connects its rows to the subject"
		return decision{unlinked: text, proposals: []Proposal{{About: AboutUnlinked, Table: t.name, Confidence: guessed, InPolicy: true,
			Text: "unlinked: " + text, Reason: d.whyUnlinked(t)}}}, true
	}
	return decision{}, false
}

func (t *table) eraseRows(e policy.Erase, reason string) decision {
	return decision{erase: e, proposals: []Proposal{{About: AboutErase, Table: t.name, Text: "erase: " + string(e), Confidence: guessed, InPolicy: true, Reason: reason}}}
}

func (t *table) decideVia(via []policy.Via, confidence float64, reason string) decision {
	return decision{via: via, proposals: []Proposal{{About: AboutVia, Table: t.name, Text: "via: " + viaText(via), Confidence: confidence, InPolicy: true, Reason: reason}}}
}

// decideSubject decides about the subject's own row, and about its references to other
// rows of the subject table.
func (d *database) decideSubject() decision {
	t := d.subject
	out := t.eraseRows(policy.EraseDelete, "the subject's own row; overwrite or keep are possible")
	if via := viaOf(t.reachedBy, letGo); len(via) > 0 {
		also := t.decideVia(via, likely, "these refer to another subject's row, which only detach and keep leave alone")
		out.via, out.proposals = also.via, append(out.proposals, also.proposals...)
	}
	return out
}

// decideReached decides about rows with a path of references to the subject.
func (d *database) decideReached(t *table) decision {
	var people, others []reference
	for _, r := range t.reachedBy {
		if r.to == d.subject {
			people = append(people, r)
		} else {
			others = append(others, r)
		}
	}
	owners := d.owners(t, people)
	t.sortReferences(people, owners)
	switch {
	case len(people) == 0, len(people) == 1 && len(owners) == 1:
		return d.eraseWith(t, append(people, others...)[0])
	case len(owners) > 1:
		out := t.decideVia(viaOf(t.reachedBy, func(r reference) policy.Erase {
			if r.to == d.subject && !slices.ContainsFunc(owners, func(o reference) bool { return o.text() == r.text() }) {
				return letGo(r)
			}
			return policy.EraseDelete
		}), 0, "decide whose row it is: several references look alike; the others can be detached or kept")
		out.proposals[0].InPolicy = false
		return out
	}
	via := viaOf(people, func(r reference) policy.Erase {
		if len(owners) == 1 && r.text() == owners[0].text() {
			return policy.EraseDelete
		}
		return letGo(r)
	})
	if len(owners) == 0 {
		out := t.decideVia(via, guessed, "its references say who dealt with a row, not whose it is")
		if len(others) > 0 {
			out.erase = policy.EraseDelete
		}
		return out
	}
	out := t.decideVia(via, guessed, "several people meet in one row: it is deleted with the one by "+owners[0].text())
	if len(others) > 0 {
		out.erase = policy.EraseDelete
	}
	return out
}

// sortReferences sorts references by the order of their columns, the owners first. The
// catalogue sorts them by the names of constraints.
func (t *table) sortReferences(refs, owners []reference) {
	place := func(r reference) int {
		at := slices.IndexFunc(t.columns, func(c *column) bool { return c.Name == r.columns[0] })
		if !slices.ContainsFunc(owners, func(o reference) bool { return o.text() == r.text() }) {
			at += len(t.columns)
		}
		return at
	}
	slices.SortStableFunc(refs, func(a, b reference) int { return place(a) - place(b) })
}

func (d *database) eraseWith(t *table, r reference) decision {
	reason := fmt.Sprintf("it refers to %s by %s; delete, overwrite or keep", r.to.name, r.text())
	if isAccounts(t) && t.canOverwrite() {
		return t.eraseRows(policy.EraseOverwrite, reason+"; the accounts may need the row, see hold")
	}
	if d.isMention(t, r) && t.canOverwrite() {
		return t.eraseRows(policy.EraseOverwrite, reason+"; it says more of something else than of the person")
	}
	return t.eraseRows(policy.EraseDelete, reason)
}

// isMention reports whether rows refer to a person by an e-mail address or the like, but
// describe something else: most of their columns aren't personal.
func (d *database) isMention(t *table, r reference) bool {
	c := t.column(r.columns[0])
	return r.to == d.subject && c != nil && c.verdict.personal() && t.personalShare() < 0.3
}

// canOverwrite reports whether a column has a proposed strategy other than keep.
func (t *table) canOverwrite() bool {
	return slices.ContainsFunc(t.columns, func(c *column) bool { return c.verdict.final != nil && c.verdict.final.Name != "keep" })
}

// whyUnlinked says what to check before a table with personal columns stays
// unlinked.
func (d *database) whyUnlinked(t *table) string {
	for _, name := range d.identifiers() {
		named := d.subject.column(name)
		for _, c := range t.columns {
			if m := c.verdict.meaning; m != nil && m == named.verdict.meaning && c.Kind == named.Kind {
				link := policy.Link{Table: t.name, Columns: []string{c.Name}, RefTable: d.subject.name, RefColumns: []string{name}}
				return "if subjects are among its people, add this to links instead, and erase: " + link.String()
			}
		}
	}
	return "if a subject's data is in it, add a link instead, and erase"
}

// letGo returns the decision for a reference to a deleted row: detach if its columns can be
// NULL and aren't part of the key, else keep.
func letGo(r reference) policy.Erase {
	for _, name := range r.columns {
		if c := r.from.column(name); c == nil || !c.Nullable || slices.Contains(r.from.Key(), name) {
			return policy.EraseKeep
		}
	}
	return policy.EraseDetach
}

// viaOf returns one decision for each set of columns among the references.
func viaOf(refs []reference, erase func(reference) policy.Erase) []policy.Via {
	var out []policy.Via
	for _, r := range refs {
		if !slices.ContainsFunc(out, func(v policy.Via) bool { return slices.Equal(v.Columns, r.columns) }) {
			out = append(out, policy.Via{Columns: r.columns, Erase: erase(r)})
		}
	}
	return out
}

// viaText formats the decisions in the syntax of the policy.
func viaText(via []policy.Via) string {
	parts := make([]string, len(via))
	for i, v := range via {
		parts[i] = viaKey(v.Columns) + ": " + string(v.Erase)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// viaKey formats a reference's columns as a key of `via:`. Commas separate the names,
// double quotes enclose unusual ones, and the whole is a YAML string.
func viaKey(columns []string) string {
	names := make([]string, len(columns))
	plainly := len(columns) == 1
	for i, name := range columns {
		names[i] = name
		if !wordName.MatchString(name) && (len(columns) > 1 || strings.ContainsAny(name, `,"`)) {
			names[i] = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
		plainly = plainly && wordName.MatchString(name)
	}
	key := strings.Join(names, ", ")
	if plainly && !yamlWords[strings.ToLower(key)] {
		return key
	}
	return strconv.Quote(key)
}

// yamlWords are words with another type than string in YAML.
var yamlWords = wordSet("null true false yes no on off y n")

var wordName = regexp.MustCompile(`^\pL[\pL\pN_]*$`)

// isAccounts reports whether the table is named after records with a legal retention period.
func isAccounts(t *table) bool {
	w := splitName(t.Name.Table)
	return len(w) > 0 && slices.ContainsFunc(singularForms(w[len(w)-1]), func(s string) bool { return accountWords[s] })
}

var accountWords = wordSet(`invoice payment receipt payslip payroll transaction ledger rechnung zahlung beleg buchung lohnabrechnung gehaltsabrechnung facture paiement bulletin factura pago nomina
	fattura pagamento factuur betaling fatura faktura platnosc`)
