package plan

import (
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// resolveFence finds the tables of the policy's subjects. Rows of one kind may be deleted with a subject of
// another, as a tenant's users are.
func (r *resolved) resolveFence() {
	r.kinds, r.fence = map[dialect.Name]bool{}, map[dialect.Name]bool{}
	for _, s := range r.policy.Subjects {
		if t, _ := policy.FindTable(r.schema, s.Table); t != nil {
			r.kinds[t.Name] = true
		}
	}
	if r.subject == nil {
		r.fence = r.kinds
		return
	}
	r.kinds[r.subject.Name], r.fence[r.subject.Name] = true, true
}

// otherKinds are the tables of the kinds of subject that the plan isn't made for.
func (r *resolved) otherKinds() []dialect.Name {
	var out []dialect.Name
	for n := range r.kinds {
		if !r.fence[n] {
			out = append(out, n)
		}
	}
	return out
}

// isSubject reports whether the table has subjects whose rows aren't entered.
func (r *resolved) isSubject(t *dialect.Table) bool { return r.fence[t.Name] }

// decisionOf is the policy's decision about a reference of the closure, with its place. It reports
// a missing decision and returns "".
func (b *builder) decisionOf(ref *relation) (policy.Erase, policy.Pos) {
	child, rule, columns := b.schema.Table(ref.Table), b.ruleOf(ref.Table), joinColumns(ref.Columns)
	to, via := policy.TableName(ref.RefTable, b.schema.Default), rule.ViaFor(ref.Columns)
	decision, pos := rule.Erase, rule.Pos
	if via != nil {
		decision, pos = via.Erase, via.Pos
	}
	switch {
	case b.isSubject(child):
		// The rows of the subject table are people: the closure enters only the root's own row.
		if via == nil || decision != policy.EraseDetach && decision != policy.EraseKeep {
			b.found.addLines(pos, child.Name, "    via: {"+columns+": detach}", "(%s) refers to %s, and the row may be another subject's: add `via: {%s: detach}` or `keep` under tables.%s",
				columns, to, columns, rule.Name)
			decision = ""
		}
	case b.kinds[child.Name] && via == nil:
		b.found.addLines(pos, child.Name, "    via: {"+columns+": delete}", "(%s) refers to %s, and the row is another kind of subject: add `via: {%s: delete}`, `detach` or `keep` under tables.%s",
			columns, to, columns, rule.Name)
		decision = ""
	case decision != "":
	case rule.PII == policy.PIINone:
		b.found.addLines(pos, child.Name, "  "+policy.Key(rule.Name)+": {pii: none, erase: delete}", "no decision: the table is `pii: none`, but it refers to %s by (%s): write `{pii: none, erase: delete}` for a join table, or `keep`, under tables.%s",
			to, columns, rule.Name)
	default:
		b.found.addLines(pos, child.Name, "    erase: delete", "no decision: the table refers to %s by (%s), so it may hold a subject's rows: add `erase: delete`, `overwrite` or `keep` under tables.%s, or `via: {%s: …}`",
			to, columns, rule.Name, columns)
	}
	return decision, pos
}

// reportBeyond reports missing decisions beyond a table without one: for the tables referring to
// it, and so on. Otherwise they would appear only after this one is made.
func (b *builder) reportBeyond(t *dialect.Table) {
	if b.beyond[t.Name] {
		return
	}
	b.beyond[t.Name] = true
	for _, ref := range b.into[t.Name] {
		if ref.period {
			continue
		}
		child := b.schema.Table(ref.Table)
		if decision, _ := b.decisionOf(ref); decision != policy.EraseDetach && !b.kinds[child.Name] {
			b.reportBeyond(child)
		}
	}
}
