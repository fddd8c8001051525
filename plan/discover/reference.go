package discover

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// reference is a relation between two tables, declared or proposed.
type reference struct {
	from, to            *table
	columns, refColumns []string
	onDelete            dialect.Action // the action of a foreign key
}

// link is a proposed relation.
type link struct {
	reference
	where      string
	confidence float64
	reason     string
	// byNameAlone marks a link to another table than the subject by a weak name. The column may
	// count things with the name of a table.
	byNameAlone bool
}

// references returns all foreign keys to known tables, and all links.
func (d *database) references() []reference {
	var out []reference
	for _, t := range d.tables {
		for _, fk := range t.ForeignKeys {
			if to := d.table(fk.RefTable); to != nil {
				out = append(out, reference{t, to, fk.Columns, fk.RefColumns, fk.OnDelete})
			}
		}
	}
	for _, l := range d.links {
		out = append(out, l.reference)
	}
	return out
}

// reachFromSubject marks the tables with rows of people. They refer to people directly or
// through other tables.
func (d *database) reachFromSubject() {
	refs := d.references()
	var walk func(to *table, mark func(*table, reference) bool)
	walk = func(to *table, mark func(*table, reference) bool) {
		for _, r := range refs {
			if r.to == to && mark(r.from, r) {
				walk(r.from, mark)
			}
		}
	}
	if d.subject != nil {
		walk(d.subject, func(t *table, r reference) bool {
			first := len(t.reachedBy) == 0 && t != d.subject
			t.reachedBy = append(t.reachedBy, r)
			return first
		})
	}
	for _, person := range d.tables {
		if person.person || person == d.subject {
			person.near = true
			walk(person, func(t *table, r reference) bool {
				first := !t.near && !d.isAudit(r)
				t.near = t.near || first
				return first
			})
		}
	}
}

// followReferences gives each column of a foreign key the category of the referenced column.
func (d *database) followReferences() {
	for _, t := range d.tables {
		for _, fk := range t.ForeignKeys {
			for i, name := range fk.Columns {
				if c := t.column(name); c != nil && i < len(fk.RefColumns) {
					d.follow(c, 0)
				}
			}
		}
	}
}

// longestChain ends the walk through a cycle of references.
const longestChain = 16

func (d *database) follow(c *column, depth int) {
	v := &c.verdict
	if v.category != "" || depth > longestChain {
		return
	}
	known := false
	for _, fk := range c.table.ForeignKeys {
		i := slices.Index(fk.Columns, c.Name)
		to := d.table(fk.RefTable)
		if i < 0 || to == nil || i >= len(fk.RefColumns) || to.column(fk.RefColumns[i]) == c {
			continue
		}
		target := to.column(fk.RefColumns[i])
		if target == nil {
			continue
		}
		known = true
		if to.refersBy(target.Name) {
			d.follow(target, depth+1)
		}
		switch {
		case target.verdict.personal():
			v.category, v.confidence, v.reasons = target.verdict.category, target.verdict.confidence, nil
			v.because("refers to %s.%s, which is %s", to.name, target.Name, target.verdict.category)
			return
		case target.verdict.category == "":
			v.because("refers to %s.%s, which is undecided", to.name, target.Name)
			return
		}
	}
	switch {
	case known:
		v.none(certain, "a reference")
	case c.Kind == dialect.Int || c.Kind == dialect.UUID:
		v.none(byName, "a reference to a table that can't be seen")
	}
}

// referredTo reports whether a foreign key or a link refers to the column.
func (d *database) referredTo(c *column) bool {
	return slices.ContainsFunc(d.references(), func(r reference) bool {
		return r.to == c.table && slices.Contains(r.refColumns, c.Name)
	})
}

// text returns a reference's columns for people.
func (r reference) text() string { return strings.Join(r.columns, ", ") }
