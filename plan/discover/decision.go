package discover

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/plan/policy"
)

// findOwned proposes rows that go with their owner: those of a table that the
// subject's rows refer to, that says where or how to reach someone without being
// about people, and that nothing else refers to.
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

// unlessKey is a reference's columns where they aren't the primary key.
func unlessKey(t *table, columns []string) []string {
	if slices.Equal(t.PrimaryKey, columns) {
		return nil
	}
	return columns
}

// decisions are what is proposed for the rows of a table; nothing where no
// subject's rows are there.
func (d *database) decisions(t *table) []Proposal {
	if d.subject == nil {
		return nil
	}
	erase := func(e policy.Erase, reason string) Proposal {
		return Proposal{About: AboutErase, Table: t.name, Text: "erase: " + string(e), Confidence: guessed, Reason: reason}
	}
	switch {
	case t == d.subject:
		out := []Proposal{erase(policy.EraseDelete, "the subject's own row; overwrite or keep are possible")}
		if via := viaText(t.reachedBy, letGo); via != "" {
			out = append(out, Proposal{About: AboutVia, Table: t.name, Text: "via: " + via, Confidence: likely,
				Reason: "these may lead to another subject's row, which only detach and keep leave alone"})
		}
		return out
	case len(t.reachedBy) > 0:
		var toSubject []reference
		for _, r := range t.reachedBy {
			if r.to == d.subject {
				toSubject = append(toSubject, r)
			}
		}
		if len(toSubject) > 1 {
			return []Proposal{{About: AboutVia, Table: t.name, Text: "via: " + viaText(toSubject, func(r reference) string {
				if r.text() == toSubject[0].text() {
					return string(policy.EraseDelete)
				}
				return letGo(r)
			}), Confidence: guessed, Reason: "several subjects meet in one row: delete, overwrite, keep or detach for each of them"}}
		}
		r := t.reachedBy[0]
		if len(toSubject) > 0 {
			r = toSubject[0]
		}
		reason := fmt.Sprintf("it refers to %s by %s; delete, overwrite or keep", r.to.name, r.text())
		if isAccounts(t) {
			return []Proposal{erase(policy.EraseOverwrite, reason+"; the accounts may need the row, see hold")}
		}
		return []Proposal{erase(policy.EraseDelete, reason)}
	case len(t.ownedBy) > 0:
		return []Proposal{erase(policy.EraseDelete, "its rows go with their last owner, see owns")}
	case slices.ContainsFunc(t.columns, func(c *column) bool { return c.verdict.personal() }):
		return []Proposal{{About: AboutUnlinked, Table: t.name, Confidence: guessed,
			Text: "unlinked: no reference or link leads to its rows from the subject", Reason: d.whyUnlinked(t)}}
	}
	return nil
}

// whyUnlinked says what to make sure of before a table with personal columns is
// left out.
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

// letGo is what leaves the rows at the reference's start alone.
func letGo(r reference) string {
	for _, name := range r.columns {
		if c := r.from.column(name); c == nil || !c.Nullable || slices.Contains(r.from.Key(), name) {
			return string(policy.EraseKeep)
		}
	}
	return string(policy.EraseDetach)
}

func viaText(refs []reference, erase func(reference) string) string {
	var parts []string
	for _, r := range refs {
		if part := viaKey(r.columns) + ": " + erase(r); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// viaKey writes a reference's columns as the keys of `via:` are read: names apart
// by commas, unusual ones in double quotes, and all of it as a text of YAML.
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

// yamlWords are words that YAML takes for something else than a text.
var yamlWords = wordSet("null true false yes no on off y n")

var wordName = regexp.MustCompile(`^\pL[\pL\pN_]*$`)

// isAccounts reports whether the table is called after what the law wants kept.
func isAccounts(t *table) bool {
	w := splitName(t.Name.Table)
	return len(w) > 0 && slices.ContainsFunc(singularForms(w[len(w)-1]), func(s string) bool { return accountWords[s] })
}

var accountWords = wordSet(`invoice payment receipt payslip payroll transaction ledger rechnung zahlung beleg buchung lohnabrechnung gehaltsabrechnung facture paiement bulletin factura pago nomina
	fattura pagamento factuur betaling fatura faktura platnosc`)
