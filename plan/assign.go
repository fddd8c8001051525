package plan

import (
	"maps"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// makeAssignments are the overwrites of a table by its rules, without the columns in keep; key, if
// any, is how a run addresses rows. It reports strategies unfit for their column.
func (b *builder) makeAssignments(t *dialect.Table, rule *policy.Table, keep, key []string) []Assignment {
	var out []Assignment
	for _, col := range t.Columns {
		c := rule.Column(col.Name)
		if c == nil || c.Overwrite == nil || slices.Contains(keep, col.Name) || b.followsKey(t, c) || c.Overwrite.Name == "keep" {
			continue
		}
		if reason := b.whyNotAssignable(t, col, c, key); reason != "" {
			b.found.add(c.Pos, t.Name, "column %s can't be overwritten: %s", col.Name, reason)
			continue
		}
		a := Assignment{Column: col.Name, Strategy: *c.Overwrite, Way: ThroughClient, Joined: b.joinedColumns(t, col.Name)}
		strategy, replacer, err := a.Bind(b.schema, t)
		if err != nil {
			b.found.add(c.Pos, t.Name, "column %s: %s%s", col.Name, err, b.unlessAlone(t, col, a))
			continue
		}
		if row, ok := replacer.(anonymise.RowReplacer); ok && !b.checkColumns(t, row.Needs(), c.Pos, "overwrite of "+col.Name) {
			continue
		}
		a.Technique = strategy.Info().Technique
		if e, ok := replacer.Expr(); ok && b.engine.Renders(e, col) {
			a.Way = InDatabase
		}
		if b.checkUniqueness(t, c, replacer.Class()) {
			out = append(out, a)
		}
	}
	all, problems := b.findFollowers(t, columnsOf(out))
	for _, column := range slices.Sorted(maps.Keys(problems)) {
		b.found.add(rule.Column(column).Pos, t.Name, "column %s can't be overwritten: %s", column, problems[column])
	}
	b.checkLeadingColumns(t, rule, all)
	// If one value has to come to the client, so does its whole row; and the client has to know a
	// value for others to follow it.
	if len(all) > 0 || slices.ContainsFunc(out, func(a Assignment) bool { return a.Way == ThroughClient }) {
		for i := range out {
			out[i].Way = ThroughClient
		}
	}
	return out
}

// whyNotAssignable returns why a column's values can't be replaced where a run addresses rows by
// key, or "".
func (b *builder) whyNotAssignable(t *dialect.Table, col *dialect.Column, rule *policy.Column, key []string) string {
	null := rule.Overwrite.Name == "null"
	switch {
	case slices.Contains(key, col.Name) && t == b.subject:
		return "it is part of the key that addresses rows and names subjects, so a run could be neither resumed nor verified: name subjects by another unique NOT NULL key (subject.key)"
	case slices.Contains(key, col.Name):
		return "it is part of the key that addresses rows, and the table has no other unique NOT NULL key: add one, or write `overwrite: keep`"
	case !col.Assignable() && col.Unsupported != "":
		return col.Unsupported
	case !col.Assignable():
		return "the engine computes it: overwrite the columns it is computed from"
	case b.isCircular(t, col.Name):
		return "it is part of a foreign key cycle: remove one of the foreign keys"
	}
	for _, ref := range b.from[t.Name] {
		if slices.Contains(ref.Columns, col.Name) && !ref.Link && !null {
			return "it refers to " + policy.TableName(ref.RefTable, b.schema.Default) + " by " + ref.name + ": use null, or overwrite the referenced column, whose new values it takes"
		}
	}
	for _, ref := range b.into[t.Name] {
		if !ref.Link && slices.Contains(ref.RefColumns, col.Name) && null {
			return policy.TableName(ref.Table, b.schema.Default) + " refers to it by " + ref.name + ", and nothing can refer to NULL"
		}
	}
	return ""
}

// requireOverwrites reports personal columns without a rule, for a row that is overwritten and
// remains.
func (b *builder) requireOverwrites(t *dialect.Table, rule *policy.Table, keep []string, why string) {
	for _, col := range t.Columns {
		c := rule.Column(col.Name)
		if c == nil || c.PII == policy.PIINone || c.PII == policy.PIIUndecided || c.Overwrite != nil || col.Generated || slices.Contains(keep, col.Name) || b.findOrigin(t, col.Name) != nil {
			continue
		}
		b.found.add(c.Pos, t.Name, "column %s is personal (%s) and has no `overwrite:`, but %s: add one, or write `overwrite: keep`",
			col.Name, c.PII, why)
	}
}
