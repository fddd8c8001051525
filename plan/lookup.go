package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// resolveLookup finds the column a retention's period comes from. It reports a problem and returns
// nil if it can't.
func (b *builder) resolveLookup(t *dialect.Table, p policy.Retention) *Lookup {
	l := p.Lookup
	from := b.resolveTable(l.Table, p.Pos)
	if from == nil || !b.checkColumns(from, []string{l.Column}, p.Pos, "older_than.column") || !b.checkColumns(t, []string{l.Key}, p.Pos, "older_than.key") {
		return nil
	}
	key := t.Column(l.Key)
	ref := refersTo(t, l.Key, from)
	if ref == "" {
		b.found.add(p.Pos, from.Name, "older_than: the table needs a primary key or a unique NOT NULL key of one column")
		return nil
	}
	if refKey := from.Column(ref); refKey.Kind != key.Kind {
		b.found.add(p.Pos, t.Name, "older_than.key: column %s is a %s, but refers to %s of %s, a %s", l.Key, key.Type, ref, from.Name, refKey.Type)
		return nil
	}
	if c := from.Column(l.Column); c.Kind != dialect.Int && c.Kind != dialect.Text {
		b.found.add(p.Pos, from.Name, "older_than.column: column %s is a %s: use a whole number of days, or a text such as 90d", l.Column, c.Type)
		return nil
	}
	return &Lookup{Table: from.Name, Column: l.Column, Key: l.Key, RefKey: ref}
}

// refersTo is the column of another table by which the key names a row: the one of its foreign key,
// or else the table's own key. It is "" if this isn't one column.
func refersTo(t *dialect.Table, key string, to *dialect.Table) string {
	for _, fk := range t.ForeignKeys {
		if fk.RefTable == to.Name && slices.Equal(fk.Columns, []string{key}) {
			return fk.RefColumns[0]
		}
	}
	if own := to.Key(); len(own) == 1 {
		return own[0]
	}
	return ""
}
