package plan

import (
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// validateRoot checks one root.
func (v *validation) validateRoot(r *Root) {
	v.requireTable("table", r.Table)
	if !v.require(len(r.Tables) > 0 && r.Tables[0].Name == r.Table, "tables: the root's own table is not the first") {
		return
	}
	everything := v.plan.Scope == ScopeEverything
	v.require(len(r.Steps) > 0, "steps: none")
	v.require(everything || !r.Whole && len(r.Suspends) == 0, "whole, suspends: only scope everything has them")
	switch v.plan.Scope {
	case ScopeExpired:
		v.require(r.Ended != (r.Older != nil), "older, ended: exactly one of the two is needed")
	default:
		v.require(!r.Ended && r.Older == nil, "older, ended: only scope expired has them")
	}
	v.validateOlder(r.Older)
	t := newRootTables(r)
	for i := range r.Tables {
		v.require(t.place[r.Tables[i].Name] == i, "tables[%d].name: listed twice", i)
		v.closureTable(t, i)
	}
	v.validateCycles(r)
	v.stepsOnce(r)
	for i := range r.Steps {
		v.validateStep(t, i)
	}
	if everything {
		v.walkedTable(r)
		return
	}
	v.validateComplete(t)
}

// rootTables are a root's tables, found by their names.
type rootTables struct {
	*Root
	place map[dialect.Name]int
	paths map[dialect.Name]string
	kept  map[dialect.Name]bool // remaining rows keep rows of these
	used  map[dialect.Name]bool // decisions for other rows depend on rows of these tables
	ops   map[stepOf]bool
}

// stepOf is a step's operation and table.
type stepOf struct {
	op    Op
	table dialect.Name
}

func newRootTables(r *Root) *rootTables {
	t := &rootTables{
		Root: r, place: map[dialect.Name]int{}, paths: map[dialect.Name]string{},
		kept: map[dialect.Name]bool{}, used: map[dialect.Name]bool{}, ops: map[stepOf]bool{},
	}
	for i := range r.Tables {
		o := &r.Tables[i]
		if _, twice := t.place[o.Name]; !twice {
			t.place[o.Name] = i
		}
		for j := range o.Reach {
			t.used[o.Reach[j].From()] = true
		}
		for _, a := range o.Keeps {
			t.kept[a.RefTable] = true
		}
		for _, ref := range o.SharedBy {
			t.used[ref.Table] = true
		}
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		t.ops[stepOf{s.Op, s.Table}] = true
		if s.Detach != nil {
			t.used[s.Detach.Table], t.used[s.Detach.RefTable] = true, true
		}
	}
	return t
}

func (t *rootTables) tableOf(n dialect.Name) *Table {
	if i, ok := t.place[n]; ok {
		return &t.Tables[i]
	}
	return nil
}

func (v *validation) validateOlder(o *Older) {
	if o == nil {
		return
	}
	v.requireName("older.column", o.Column)
	v.require((o.Lookup != nil) != !o.Period.IsZero(), "older: needs either a period or a lookup")
	if l := o.Lookup; l != nil {
		v.requireTable("older.lookup.table", l.Table)
		v.requireName("older.lookup.column", l.Column)
		v.requireName("older.lookup.key", l.Key)
		v.requireName("older.lookup.refKey", l.RefKey)
	}
}

// hasReach reports whether e may be the decision for rows of the table.
func (t *Table) hasReach(e policy.Erase) bool {
	return t.Erase == e || slices.ContainsFunc(t.Reach, func(w Reach) bool { return w.Erase == e })
}

// isOwned reports whether other rows own rows of the table.
func (t *Table) isOwned() bool {
	return slices.ContainsFunc(t.Reach, func(w Reach) bool { return w.Forwards })
}

// closureTable checks the i-th table of a root.
func (v *validation) closureTable(root *rootTables, i int) {
	t, at := &root.Tables[i], fmt.Sprintf("tables[%d]", i)
	v.requireTable(at+".name", t.Name)
	everything := v.plan.Scope == ScopeEverything
	if len(t.Key) > 0 {
		v.requireColumns(at+".key", t.Key)
	}
	v.require(len(t.Key) > 0 || t.DeleteByReference || root.Whole, "%s.key: missing", at)
	v.require(!t.Address || len(t.Key) == 1 && (i > 0 || root.Whole || v.plan.Scope == ScopeSubjects), "%s.address: the rows can't be addressed physically", at)
	v.require(t.Cycle >= 0, "%s.cycle: negative", at)
	if i == 0 {
		keep := t.Erase == policy.EraseKeep && root.Ended
		v.require(t.Erase == policy.EraseDelete || t.Erase == policy.EraseOverwrite || keep, "%s.erase: not delete or overwrite", at)
	} else {
		v.require(t.Erase == "", "%s.erase: only the root's own table has it", at)
		v.require(len(t.Reach) > 0, "%s.reach: the table isn't reached", at)
	}
	for j := range t.Reach {
		v.validateReach(root, i, j)
	}
	v.validateHold(at+".hold", t.Hold)
	for j := range t.Keeps {
		a, at := &t.Keeps[j], fmt.Sprintf("%s.keeps[%d]", at, j)
		v.validateReference(at, &a.Reference)
		v.require(a.Table == t.Name && root.tableOf(a.RefTable) != nil, "%s: not a reference from this table to one of the root's", at)
	}
	for j := range t.AnchoredBy {
		ref, at := &t.AnchoredBy[j], fmt.Sprintf("%s.anchoredBy[%d]", at, j)
		v.validateReference(at, ref)
		v.require(ref.RefTable == t.Name, "%s: not a reference to this table", at)
	}
	for j := range t.SharedBy {
		ref, at := &t.SharedBy[j], fmt.Sprintf("%s.sharedBy[%d]", at, j)
		v.validateReference(at, ref)
		v.require(ref.RefTable == t.Name, "%s: not a reference to this table", at)
	}
	v.require(t.isOwned() == (len(t.SharedBy) > 0) || i == 0 && root.Ended, "%s.sharedBy: required for owned tables, and only for them", at)
	v.require(!t.isOwned() || !slices.ContainsFunc(t.Reach, func(w Reach) bool { return !w.Forwards }), "%s.reach: the table is owned and also reached otherwise", at)
	if t.DeleteByReference {
		v.validateUnseen(root, i)
	}
	v.require(!everything || !t.DeleteByReference && t.Cycle == 0 && t.Hold == nil && len(t.Reach)+len(t.Keeps)+len(t.AnchoredBy)+len(t.SharedBy) == 0,
		"%s: scope everything has no closures", at)
}

// validateReach checks the j-th reference to the i-th table.
func (v *validation) validateReach(root *rootTables, i, j int) {
	t, at := &root.Tables[i], fmt.Sprintf("tables[%d].reach[%d]", i, j)
	w := &t.Reach[j]
	v.validateReference(at, &w.Reference)
	to := w.Table
	if w.Forwards {
		to = w.RefTable
		v.require(w.Where == "", "%s.where: a reference to an owned table has no condition", at)
	}
	v.require(to == t.Name, "%s: it doesn't reach this table", at)
	from, known := root.place[w.From()]
	v.require(known && (from < i || t.Cycle > 0 && root.Tables[from].Cycle == t.Cycle), "%s: not from a table before this one", at)
	switch w.Erase {
	case policy.EraseDelete, policy.EraseOverwrite, policy.EraseKeep:
	default:
		v.require(false, "%s.erase: not delete, overwrite or keep", at)
	}
	v.require(!w.ScanOnce || v.plan.Scope == ScopeSubjects && i > 0 && root.canCountOnce(t, w), "%s.once: the rows can't be scanned once per run", at)
	for k := range t.Reach[:j] {
		v.require(w.Forwards != t.Reach[k].Forwards || !w.sameReference(&t.Reach[k].Reference), "%s: listed twice", at)
	}
}

// sameReference reports whether two references relate the same rows.
func (r *Reference) sameReference(o *Reference) bool {
	return r.Table == o.Table && r.RefTable == o.RefTable && r.Where == o.Where && samePairs(r.Columns, r.RefColumns, o.Columns, o.RefColumns)
}

// samePairs reports whether two references have the same pairs of columns.
func samePairs(columns, refColumns, others, refOthers []string) bool {
	if len(columns) != len(others) || len(refColumns) != len(columns) || len(refOthers) != len(others) {
		return false
	}
	for i, c := range columns {
		if j := slices.Index(others, c); j < 0 || refColumns[i] != refOthers[j] {
			return false
		}
	}
	return true
}

func (v *validation) validateReference(at string, r *Reference) {
	v.requireTable(at+".table", r.Table)
	v.requireTable(at+".refTable", r.RefTable)
	v.requireColumns(at+".columns", r.Columns)
	v.require(len(r.RefColumns) == len(r.Columns), "%s.refColumns: not as many as columns", at)
	for _, c := range r.RefColumns {
		v.requireName(at+".refColumns", c)
	}
	v.validateCondition(at+".where", r.Where)
	v.require(r.Where == "" || r.Link, "%s.where: only a link has a condition", at)
}

func (v *validation) validateHold(at string, h *policy.Hold) {
	if h == nil {
		return
	}
	v.requireText(at+".because", h.Because)
	v.requirePrintable(at+".basis", h.Basis)
	v.validateCondition(at+".where", h.Where)
	if h.Keep != nil {
		v.requireColumns(at+".keep", h.Keep)
	}
	u := h.Until
	if u == nil {
		return
	}
	if u.Date != "" {
		v.require(isDate(u.Date) && u.Column == "" && u.Period.IsZero(), "%s.until: not a date alone", at)
		return
	}
	v.requireName(at+".until.column", u.Column)
}

// validateUnseen checks that nothing depends on which rows the i-th table has.
func (v *validation) validateUnseen(root *rootTables, i int) {
	t, at := &root.Tables[i], fmt.Sprintf("tables[%d].unseen", i)
	v.require(i > 0 && t.Hold == nil && t.Cycle == 0 && !t.Address && !t.isOwned() && len(t.AnchoredBy) == 0 && !t.hasReach(policy.EraseOverwrite) && !t.hasReach(policy.EraseKeep) && !root.kept[t.Name],
		"%s: the rows may have to be kept", at)
	v.require(!root.used[t.Name], "%s: decisions for other rows depend on these", at)
}

// validateCycles checks that the tables of a cycle are neighbours.
func (v *validation) validateCycles(r *Root) {
	ended := map[int]bool{}
	for i, t := range r.Tables {
		v.require(!ended[t.Cycle], "tables[%d].cycle: the cycle's tables aren't neighbours", i)
		if t.Cycle > 0 && (i+1 == len(r.Tables) || r.Tables[i+1].Cycle != t.Cycle) {
			ended[t.Cycle] = true
		}
	}
}

// pathTo is the path to a table's rows, in texts for people; "" if the root doesn't reach it.
func (t *rootTables) pathTo(n dialect.Name, usual string) string {
	if path, known := t.paths[n]; known {
		return path
	}
	t.paths[n] = "" // while it is being determined
	at := t.tableOf(n)
	switch {
	case at == nil:
	case n == t.Table:
		t.paths[n] = policy.TableName(n, usual)
	case len(at.Reach) > 0:
		w := &at.Reach[0]
		from := t.pathTo(w.From(), usual)
		switch {
		case from == "":
		case w.Forwards:
			t.paths[n] = from + "(" + joinColumns(w.Columns) + ") → " + policy.TableName(n, usual)
		default:
			t.paths[n] = from + " ← " + policy.TableName(n, usual) + "(" + joinColumns(w.Columns) + ")"
		}
	}
	return t.paths[n]
}
