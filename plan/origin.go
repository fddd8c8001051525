package plan

import (
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// origin is a column with an overwrite by its own rule.
type origin struct {
	table *dialect.Table
	rule  *policy.Column
}

// overwriteOf returns the rule for a column's new values in this scope; nil if it keeps its own.
func (b *builder) overwriteOf(t *dialect.Table, column string) *policy.Column {
	rule := b.ruleOf(t.Name)
	c := rule.Column(column)
	if rule.PII == policy.PIINone || c == nil || c.Overwrite == nil || c.Overwrite.Name == "keep" || b.now == ScopeEverything && rule.Everything == policy.EraseDelete {
		return nil
	}
	return c
}

// findOrigin returns the column whose new values a column takes, through foreign keys enforced by
// the database, directly or through others; nil if it takes none.
func (b *builder) findOrigin(t *dialect.Table, column string) *origin {
	return b.originOf(t, column, map[ColumnName]bool{})
}

func (b *builder) originOf(t *dialect.Table, column string, seen map[ColumnName]bool) *origin {
	at := ColumnName{t.Name, column}
	if seen[at] {
		return nil
	}
	seen[at] = true
	for _, key := range b.from[t.Name] {
		i := slices.Index(key.Columns, column)
		if i < 0 || key.Link {
			continue
		}
		parent, of := b.schema.Table(key.RefTable), key.RefColumns[i]
		if o := b.originOf(parent, of, seen); o != nil {
			return o
		}
		if rule := b.overwriteOf(parent, of); rule != nil {
			return &origin{parent, rule}
		}
	}
	return nil
}

// isCircular reports whether foreign keys form a cycle from a column back to it.
func (b *builder) isCircular(t *dialect.Table, column string) bool {
	start := ColumnName{t.Name, column}
	seen := map[ColumnName]bool{}
	for next := []ColumnName{start}; len(next) > 0; next = next[1:] {
		for _, key := range b.from[next[0].Table] {
			i := slices.Index(key.Columns, next[0].Column)
			if i < 0 || key.Link {
				continue
			}
			to := ColumnName{key.RefTable, key.RefColumns[i]}
			if to == start {
				return true
			}
			if !seen[to] {
				seen[to] = true
				next = append(next, to)
			}
		}
	}
	return false
}

// followsKey reports whether a column takes the new values of the one it refers to. If it has an
// `overwrite:` of its own, this must be the same.
func (b *builder) followsKey(t *dialect.Table, c *policy.Column) bool {
	o := b.findOrigin(t, c.Name)
	if o == nil || b.isCircular(t, c.Name) {
		return false
	}
	if c.Overwrite.String() != o.rule.Overwrite.String() {
		b.found.add(c.Pos, t.Name, "column %s follows %s.%s, which it refers to: remove its `overwrite: %s`, or write the other's, `%s`",
			c.Name, policy.TableName(o.table.Name, b.schema.Default), o.rule.Name, writtenSpec(*c.Overwrite), writtenSpec(*o.rule.Overwrite))
	}
	return true
}

// writtenSpec is a strategy as a policy says it.
func writtenSpec(s anonymise.Spec) string {
	text, err := policy.StrategyText(s)
	if err != nil {
		return s.Name
	}
	return text
}

// isVolatile reports whether this scope may give a column of the table new values.
func (b *builder) isVolatile(t *dialect.Table, column string) bool {
	return b.overwriteOf(t, column) != nil || b.findOrigin(t, column) != nil
}

// addressKey is the key to address rows of the table by: the first one without a changing column,
// or else the first.
func (b *builder) addressKey(t *dialect.Table) []string {
	keys := t.Keys()
	i := slices.IndexFunc(keys, func(key []string) bool {
		return !slices.ContainsFunc(key, func(c string) bool { return b.isVolatile(t, c) })
	})
	if len(keys) == 0 {
		return nil
	}
	return keys[max(i, 0)]
}
