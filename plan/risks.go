package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// uncertain is a unique index where a strategy may write two equal values.
type uncertain struct {
	table  dialect.Name
	column string
	index  string
}

// checkUniqueness notes a strategy possibly breaking a unique index. It reports one certain to do
// so, and returns false for it.
func (b *builder) checkUniqueness(t *dialect.Table, rule *policy.Column, class anonymise.Class) bool {
	for _, ix := range t.UniqueIndexes(rule.Name) {
		null := rule.Overwrite.Name == "null"
		switch {
		case null && !ix.NullsEqual: // NULLs don't conflict
		case null && soleColumn(ix, rule.Name):
			b.found.add(rule.Pos, t.Name, "column %s can't be overwritten with null: NULLs are equal in the unique index %s: use random, fake or pseudonym", rule.Name, ix.Name)
			return false
		case null || class == anonymise.Lossy:
			b.unsure = append(b.unsure, uncertain{t.Name, rule.Name, ix.Name})
		}
	}
	return true
}

// hazardAdder adds a hazard of a table, with its reason.
type hazardAdder = func(name HazardName, table dialect.Name, format string, args ...any)

// findHazards finds the hazards an operator must allow before a run.
func (b *builder) findHazards(roots []Root) []Hazard {
	var out []Hazard
	add := func(name HazardName, t dialect.Name, format string, args ...any) {
		h := Hazard{name, t, fmt.Sprintf(format, args...)}
		if !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	for i := range roots {
		r := &roots[i]
		scan := func(ref *Reference) {
			if !isIndexed(b.schema.Table(ref.Table), ref) {
				r.Scans = true
				add(UnindexedLink, ref.Table, "no index starts with (%s): the table is scanned for every batch", joinColumns(ref.Columns))
			}
		}
		for _, pt := range r.Tables {
			t := b.schema.Table(pt.Name)
			switch {
			case pt.Address:
				add(NoPrimaryKey, t.Name, "rows are addressed by %s, within one transaction", t.Address)
			case r.Whole && len(pt.Key) > 0:
				add(PersonalKey, t.Name, "the key (%s) is overwritten: all rows are overwritten in one transaction", joinColumns(pt.Key))
			case r.Whole:
				add(NoPrimaryKey, t.Name, "all rows are changed in one statement and one transaction")
			}
			for _, w := range pt.Reach {
				switch {
				case w.ScanOnce:
					add(UnindexedLink, t.Name, "no index starts with (%s): the table is scanned before the first batch and after the last one, and for every batch if too many rows are found to remember", joinColumns(w.Columns))
				case !w.Forwards:
					scan(&w.Reference)
				}
			}
			for _, ref := range slices.Concat(pt.AnchoredBy, pt.SharedBy) {
				scan(&ref)
			}
			if b.now != ScopeEverything { // scope everything has no subjects
				b.addSharedHazards(pt, add)
			}
		}
		for _, s := range r.Steps {
			b.stepHazards(s, add, scan)
			b.historyHazards(r, s, roots[i+1:], add)
		}
	}
	for _, u := range b.unsure {
		if slices.ContainsFunc(roots, func(r Root) bool {
			return slices.ContainsFunc(r.Steps, func(s Step) bool {
				return s.Table == u.table && slices.ContainsFunc(s.Set, func(a Assignment) bool { return a.Column == u.column })
			})
		}) {
			add(UniquenessNotProven, u.table, "column %s is in the unique index %s and its strategy may repeat a value", u.column, u.index)
		}
	}
	b.addUnreadableHazards(roots, add)
	sortHazards(out)
	return out
}

// addUnreadableHazards adds hazards for virtual tables that hide their content, if no trigger says
// which table's rows it is from.
func (b *builder) addUnreadableHazards(roots []Root, add hazardAdder) {
	for _, v := range b.schema.Tables {
		if v.Unreadable && len(v.CopiesOf) == 0 && len(roots) > 0 {
			add(CopiesElsewhere, v.Name, "virtual table %s (%s) contains words of rows written by applications, and can't be read: if they are of erased rows, %s", policy.TableName(v.Name, b.schema.Default), v.Module, v.Refresh)
		}
	}
}

func (b *builder) stepHazards(s Step, add hazardAdder, scan func(*Reference)) {
	if s.Op == Keep {
		return
	}
	t := b.schema.Table(s.Table)
	if b.now == ScopeEverything {
		b.addEveryRowHazards(t, s, add)
	}
	if s.Follow != nil {
		scan(s.Follow)
	}
	if s.Op == Detach && s.Rows == Reached {
		scan(s.Detach)
	}
	b.addTableHazards(t, s, add)
	b.addCopyHazards(t, s, add)
}

// addEveryRowHazards adds the hazards of a step on every row of a table.
func (b *builder) addEveryRowHazards(t *dialect.Table, s Step, add hazardAdder) {
	switch {
	case s.Op == Delete:
		add(DeletesEverything, t.Name, "every row is deleted")
	case s.Op == Detach:
		add(OverwritesEverything, t.Name, "(%s) is set NULL in every row%s", joinColumns(s.Detach.Columns), s.Detach.whereText())
	case s.Rows == Following:
		add(OverwritesEverything, t.Name, "(%s) is overwritten in every row that refers to an overwritten one", joinColumns(columnsOf(s.Set)))
	default:
		for _, when := range conditionsOf(s.Set) {
			if when == "" {
				add(OverwritesEverything, t.Name, "every row is overwritten")
				break
			}
			add(OverwritesEverything, t.Name, "rows are overwritten where %s", when)
		}
		b.addUnlinkedHazards(t, s.Set, add)
	}
}

// addTableHazards adds the hazards of what the table is like: its storage engine, triggers, history
// and key.
func (b *builder) addTableHazards(t *dialect.Table, s Step, add hazardAdder) {
	if t.NoTransactions {
		add(NoTransactions, t.Name, "the storage engine can't roll back: a failed batch leaves the table partly changed")
	}
	if t.TriggersUnseen {
		add(TriggersFire, t.Name, "the user can't see the table's triggers, or what they write: grant TRIGGER on it")
	}
	if t.ReferencesUnseen && (s.Op == Delete || slices.ContainsFunc(columnsOf(s.Set), func(c string) bool { return len(t.UniqueIndexes(c)) > 0 })) {
		add(UnseenReferences, t.Name, "foreign keys of tables invisible to the user may refer to it, and delete or change rows there by cascade: %s", b.schema.SeeReferences)
	}
	for _, tr := range t.Triggers {
		if tr.Disabled || !firesOn(s.Op, tr) {
			continue
		}
		add(TriggersFire, t.Name, "trigger %s runs %s each %s", tr.Name, tr.Timing, s.Op)
	}
	if t.History != nil {
		add(HistoryKept, t.Name, "old row versions remain in %s", t.History)
	}
	if s.Op == Overwrite {
		for _, k := range t.Key() {
			if c := b.ruleOf(t.Name).Column(k); c != nil && c.PII != policy.PIINone && !b.isVolatile(t, k) {
				add(PersonalKey, t.Name, "key column %s is personal (%s) and isn't overwritten", k, c.PII)
			}
		}
	}
}

// addCopyHazards adds hazards for copies of the table's rows that the step doesn't reach.
func (b *builder) addCopyHazards(t *dialect.Table, s Step, add hazardAdder) {
	for _, v := range b.schema.VirtualCopies(t.Name) {
		keeps := "which remain when the row is deleted or changed"
		if names := triggersTo(t, v.Name, s.Op); names != "" {
			keeps = "which remain unless a trigger removes them (" + names + ")"
		}
		add(CopiesElsewhere, t.Name, "virtual table %s (%s) contains copies of rows, or words of them, %s: if they do, %s", policy.TableName(v.Name, b.schema.Default), v.Module, keeps, v.Refresh)
	}
	views, publications := b.schema.Copies(t.Name)
	for _, v := range views {
		add(CopiesElsewhere, t.Name, "materialized view %s contains copies of rows until it is refreshed", v.Name)
	}
	for _, p := range publications {
		add(CopiesElsewhere, t.Name, "publication %s sends rows to subscribers", p.Name)
	}
	for _, c := range t.Columns {
		if largeObject(c) && (s.Op == Delete && !b.isImpersonal(t, c.Name) || slices.Contains(columnsOf(s.Set), c.Name)) {
			add(CopiesElsewhere, t.Name, "column %s refers to large objects, which remain: unlink them too (lo_unlink, vacuumlo)", c.Name)
		}
	}
}

// addUnlinkedHazards adds hazards for columns overwritten in every row, though a link uses only
// some of these.
func (b *builder) addUnlinkedHazards(t *dialect.Table, set []Assignment, add hazardAdder) {
	for _, a := range set {
		for _, ref := range b.from[t.Name] {
			if ref.Link && ref.Where != "" && slices.Contains(ref.Columns, a.Column) && a.Strategy.Modifiers.When == "" {
				add(OverwritesEverything, t.Name, "column %s is also overwritten in rows outside of the link's condition: `when: %s` leaves them unchanged", a.Column, ref.Where)
			}
		}
	}
}

// isImpersonal reports whether the policy calls a column free of personal data, or has no entry for
// it (see CheckSchema).
func (b *builder) isImpersonal(t *dialect.Table, column string) bool {
	c := b.ruleOf(t.Name).Column(column)
	return c == nil || c.PII == policy.PIINone
}

// largeObject reports whether values are numbers of PostgreSQL's large objects, which remain when
// the row is deleted: oid, or the extension's type lo in its schema
// (https://www.postgresql.org/docs/current/lo.html).
func largeObject(c *dialect.Column) bool { return c.Type == "oid" || strings.HasSuffix(c.Type, ".lo") }

// addSharedHazards finds tables whose rows belong to several subjects, unless the policy decides
// each of the references.
func (b *builder) addSharedHazards(pt Table, add hazardAdder) {
	if b.subject == nil {
		return
	}
	var undecided int
	var columns []string
	for _, ref := range b.from[pt.Name] {
		if ref.RefTable != b.subject.Name || pt.Name == b.subject.Name {
			continue
		}
		columns = append(columns, "("+joinColumns(ref.Columns)+")")
		if b.ruleOf(pt.Name).ViaFor(ref.Columns) != nil {
			continue
		}
		undecided++
		if !distinctTogether(b.subject, ref.RefColumns) {
			add(SharedRow, pt.Name, "a row refers by (%s) to every subject with the same (%s), of which there may be several: decide for the reference with `via`", joinColumns(ref.Columns), joinColumns(ref.RefColumns))
		}
	}
	if len(columns) > 1 && undecided > 0 {
		add(SharedRow, pt.Name, "a row refers to %d subjects, by %s: decide for each with `via`", len(columns), joinColumns(columns))
	}
}
