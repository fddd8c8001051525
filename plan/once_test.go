package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

func TestALinkIsLookedThroughOnceWhereTheLastScanCanCount(t *testing.T) {
	const (
		schema = "customer: id, email text\ninvoice: id, customer_id -> customer\nnote: id, about -> customer, kind text, body text"
		column = "{columns: {email: {pii: contact, overwrite: random}}, erase: delete}"
		policy = "tables:\n  customer: " + column + "\n  invoice: {erase: delete, columns: {id: none}}\n  note: {erase: delete, columns: {body: {pii: free-text, overwrite: random}, kind: none}}\n"
		link   = "links: [note(about) -> customer(id) where kind = 'customer']"
	)
	note := func(change func(t *dialect.Table)) func(*dialect.Schema) { return with("note", change) }
	unindexed := note(func(t *dialect.Table) { t.Indexes, t.ForeignKeys = t.Indexes[:1], nil })
	kind := func(table, column string, k dialect.Kind, collation string) func(*dialect.Schema) {
		return with(table, func(t *dialect.Table) { c := t.Column(column); c.Kind, c.Collation = k, collation })
	}
	for _, c := range []struct {
		name        string
		change      []func(*dialect.Schema)
		policy      string
		once, scans bool
	}{
		{name: "a link", change: []func(*dialect.Schema){unindexed}, once: true},
		{name: "to a number that is stored as text", change: []func(*dialect.Schema){unindexed, kind("note", "about", dialect.Text, "c")}, once: true},
		{name: "an index serves it", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.ForeignKeys = nil })}},
		{name: "a foreign key", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.Indexes = t.Indexes[:1] })}, policy: policy, scans: true},
		{name: "texts of one collation", change: []func(*dialect.Schema){unindexed, kind("note", "about", dialect.Text, "c"), kind("customer", "id", dialect.Text, "c")}, once: true},
		{name: "texts of two collations", change: []func(*dialect.Schema){unindexed, kind("note", "about", dialect.Text, "c"), kind("customer", "id", dialect.Text, "d")}, scans: true},
		{name: "rows that are overwritten", change: []func(*dialect.Schema){unindexed}, policy: strings.Replace(policy, "note: {erase: delete", "note: {erase: overwrite", 1) + link, scans: true},
		{name: "subjects that are overwritten", change: []func(*dialect.Schema){unindexed}, policy: strings.Replace(policy, "}, erase: delete}", "}, erase: overwrite}", 1) + link, scans: true},
		{name: "rows that may be held", change: []func(*dialect.Schema){unindexed}, policy: strings.Replace(policy, "note: {erase: delete", "note: {hold: {because: VAT, where: id > 0}, erase: delete", 1) + link, scans: true},
		{name: "a subject may stay for what is held", change: []func(*dialect.Schema){unindexed}, policy: strings.Replace(policy, "invoice: {erase: delete", "invoice: {hold: {because: VAT}, erase: delete", 1) + link, once: true},
		{name: "rows without a key", change: []func(*dialect.Schema){unindexed, note(func(t *dialect.Table) { t.PrimaryKey, t.Indexes, t.Address = nil, nil, "ctid" })}, scans: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schemaOf(schema, c.change...)
			text := policy + link
			if c.policy != "" {
				text = c.policy
			}
			p := mustBuild(t, s, policyOf(t, s, "customer", text), ScopeSubjects)
			r := &p.Roots[0]
			reach := r.tableOf(nameOf("note")).Reach[0]
			if reach.ScanOnce != c.once || r.Scans != c.scans {
				t.Errorf("once %t, scans %t; want %t and %t", reach.ScanOnce, r.Scans, c.once, c.scans)
			}
			said := slices.ContainsFunc(p.Hazards, func(h Hazard) bool {
				return h.Name == UnindexedLink && strings.Contains(h.Reason, "before the first batch") == c.once
			})
			if said != (c.once || c.scans) {
				t.Errorf("hazards %v", p.Hazards)
			}
		})
	}
}
