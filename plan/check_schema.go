package plan

import (
	"fmt"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// CheckSchema is Validate, and reports every difference from what Build makes on the schema, for
// any policy: missing names, rows addressed by something other than a key, references of deleted
// rows without a step, missing hazards. It assumes the schema with the plan's fingerprint.
func (p *Plan) CheckSchema(s *dialect.Schema) error {
	if err := p.Validate(); err != nil {
		return err
	}
	v := &validation{plan: p}
	if sub := p.Subject; sub != nil {
		v.hasColumns(s.Table(sub.Table), "subject", slices.Concat(sub.Key, sub.Identifiers))
	}
	for i := range p.Roots {
		v.at = fmt.Sprintf("roots[%d]", i)
		v.rootOn(s, &p.Roots[i])
	}
	v.at = ""
	if p.Scope == ScopeEverything {
		v.emptiedOn(s)
	}
	if len(v.problems) == 0 {
		v.hazardsOn(s)
	}
	return v.problemsError()
}

// hasColumns checks that the table exists and has the columns.
func (v *validation) hasColumns(t *dialect.Table, field string, columns []string) bool {
	if !v.require(t != nil, "%s: the table isn't in the schema", field) {
		return false
	}
	fine := true
	for _, c := range columns {
		fine = v.require(t.Column(c) != nil, "%s: table %s has no column %s", field, t.Name, c) && fine
	}
	return fine
}

func (v *validation) rootOn(s *dialect.Schema, r *Root) {
	for i := range r.Tables {
		v.tableOn(s, &r.Tables[i], fmt.Sprintf("tables[%d]", i))
	}
	if o, first := r.Older, s.Table(r.Table); o != nil && v.hasColumns(first, "older", []string{o.Column}) {
		v.requireMoment("older.column", first.Column(o.Column))
		if l := o.Lookup; l != nil {
			from := s.Table(l.Table)
			if v.hasColumns(first, "older.lookup", []string{l.Key}) && v.hasColumns(from, "older.lookup", []string{l.Column, l.RefKey}) {
				v.require(from.Column(l.RefKey).Kind == first.Column(l.Key).Kind, "older.lookup: key and refKey differ in type")
				kind := from.Column(l.Column).Kind
				v.require(kind == dialect.Int || kind == dialect.Text, "older.lookup.column: not an integer or text column")
			}
		}
	}
	for i := range r.Steps {
		v.stepOn(s, r, i)
	}
	for _, x := range r.Suspends {
		t := s.Table(r.Table)
		if t == nil {
			continue
		}
		i := slices.IndexFunc(t.Indexes, func(ix *dialect.Index) bool { return ix.Name == x.Index })
		if v.require(i >= 0 && !t.Indexes[max(i, 0)].Primary, "suspends: index %s can't be suspended", x.Index) {
			v.require(t.Indexes[i].Unique == (x.Hazard == SuspendsUniqueness), "suspends: %s doesn't allow index %s", x.Hazard, x.Index)
		}
	}
}

func (v *validation) requireMoment(field string, c *dialect.Column) {
	v.require(c.Kind == dialect.Date || c.Kind == dialect.Timestamp || c.Kind == dialect.TimestampTZ, "%s: column %s is not a date or timestamp", field, c.Name)
}

func (v *validation) tableOn(s *dialect.Schema, pt *Table, at string) {
	t := s.Table(pt.Name)
	if !v.require(t != nil, "%s: table %s isn't in the schema", at, pt.Name) {
		return
	}
	switch {
	case pt.Address:
		v.require(t.Address != "" && t.Address == pt.Key[0], "%s.key: not the row address", at)
	case len(pt.Key) == 0:
		v.require(len(t.Keys()) == 0, "%s.key: missing", at)
	default:
		v.require(slices.ContainsFunc(t.Keys(), func(key []string) bool { return sameSet(key, pt.Key) }), "%s.key: not a primary key or a unique NOT NULL key", at)
	}
	v.require(t.Unerasable == "", "%s: the engine doesn't erase its rows", at)
	if h := pt.Hold; h != nil {
		v.hasColumns(t, at+".hold.keep", h.Keep)
		if u := h.Until; u != nil && u.Date == "" && v.hasColumns(t, at+".hold.until", []string{u.Column}) {
			v.requireMoment(at+".hold.until", t.Column(u.Column))
		}
	}
	for i := range pt.Reach {
		v.referenceOn(s, fmt.Sprintf("%s.reach[%d]", at, i), &pt.Reach[i].Reference)
	}
	for i := range pt.Keeps {
		v.referenceOn(s, fmt.Sprintf("%s.keeps[%d]", at, i), &pt.Keeps[i].Reference)
	}
	for i := range pt.AnchoredBy {
		v.referenceOn(s, fmt.Sprintf("%s.anchoredBy[%d]", at, i), &pt.AnchoredBy[i])
	}
	for i := range pt.SharedBy {
		v.referenceOn(s, fmt.Sprintf("%s.sharedBy[%d]", at, i), &pt.SharedBy[i])
	}
}

// referenceOn checks that a reference is a foreign key, or a link between comparable columns.
func (v *validation) referenceOn(s *dialect.Schema, at string, ref *Reference) {
	t, to := s.Table(ref.Table), s.Table(ref.RefTable)
	if !v.hasColumns(t, at, ref.Columns) || !v.hasColumns(to, at, ref.RefColumns) {
		return
	}
	if !ref.Link {
		v.require(slices.ContainsFunc(t.ForeignKeys, func(fk *dialect.ForeignKey) bool { return fk.Enforced && ref.isForeignKey(fk) }), "%s: foreign key not found", at)
		return
	}
	for i, c := range ref.Columns {
		v.require(canJoin(t.Column(c).Kind, to.Column(ref.RefColumns[i]).Kind), "%s: %s and %s can't be equal", at, c, ref.RefColumns[i])
	}
}

// isForeignKey reports whether the reference relates the same rows as the foreign key.
func (r *Reference) isForeignKey(fk *dialect.ForeignKey) bool {
	return r.Table == fk.Table && r.RefTable == fk.RefTable && r.Where == "" && samePairs(r.Columns, r.RefColumns, fk.Columns, fk.RefColumns)
}

func (v *validation) stepOn(s *dialect.Schema, r *Root, i int) {
	st, at := &r.Steps[i], fmt.Sprintf("steps[%d]", i)
	t := s.Table(st.Table)
	if !v.require(t != nil, "%s: table %s isn't in the schema", at, st.Table) {
		return
	}
	v.require(t.Unerasable == "" || st.Op == Keep, "%s: the engine doesn't change rows of %s", at, t.Name)
	v.require(refusal(t, st.Op) == "", "%s: the engine refuses to %s rows of %s: %s", at, st.Op, t.Name, refusal(t, st.Op))
	for j := range st.Set {
		a := &st.Set[j]
		if !v.hasColumns(t, at+".set", []string{a.Column}) {
			continue
		}
		v.require(t.Column(a.Column).Assignable(), "%s.set: column %s can't be assigned to", at, a.Column)
		if st.Rows == Following {
			continue // its values are made for another column
		}
		for _, c := range a.Joined {
			v.hasColumns(s.Table(c.Table), at+".set.joined", []string{c.Column})
		}
		_, replacer, err := a.Bind(s, t)
		v.require(err == nil, "%s.set: the strategy of column %s doesn't fit it", at, a.Column)
		if row, ok := replacer.(anonymise.RowReplacer); ok && err == nil {
			v.hasColumns(t, at+".set", row.Needs())
		}
	}
	if d := st.Detach; d != nil {
		v.referenceOn(s, at+".detach", d)
		for _, name := range d.Columns {
			if c := t.Column(name); c != nil {
				v.require(c.Nullable && c.Assignable(), "%s.detach: column %s can't be set NULL", at, name)
			}
		}
	}
	if f := st.Follow; f != nil && v.hasColumns(t, at+".follow", f.Columns) && v.hasColumns(s.Table(f.RefTable), at+".follow", f.RefColumns) {
		for j, c := range f.Columns {
			v.require(t.Column(c).Kind == s.Table(f.RefTable).Column(f.RefColumns[j]).Kind, "%s.follow: %s and %s can't be equal", at, c, f.RefColumns[j])
		}
	}
	if st.Op == Delete && v.plan.Scope != ScopeEverything {
		for _, fk := range s.References(t.Name) {
			v.require(s.Table(fk.Table) == nil || r.knowsForeignKey(fk), "%s: table %s refers to %s by %s, and the plan has no decision for its rows", at, fk.Table, t.Name, fk.Name)
			v.require(!fk.Enforced || r.deletesBefore(fk, i), "%s: rows of %s that refer to %s are deleted after it", at, fk.Table, t.Name)
		}
	}
}

// knowsForeignKey reports whether the root decides about the rows that refer by a foreign key to
// those it deletes.
func (r *Root) knowsForeignKey(fk *dialect.ForeignKey) bool {
	for i := range r.Steps {
		if d := r.Steps[i].Detach; d != nil && d.isForeignKey(fk) {
			return true
		}
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		isReach := func(w Reach) bool { return w.isForeignKey(fk) || fk.Period && w.isBut(fk) }
		isAnchor := func(a Anchor) bool { return a.isForeignKey(fk) }
		is := func(ref Reference) bool { return ref.isForeignKey(fk) }
		if slices.ContainsFunc(t.Reach, isReach) || slices.ContainsFunc(t.Keeps, isAnchor) || slices.ContainsFunc(t.AnchoredBy, is) || slices.ContainsFunc(t.SharedBy, is) {
			return true
		}
	}
	return false
}

// isBut reports whether the reference is the foreign key without its last column, a period.
func (r *Reference) isBut(fk *dialect.ForeignKey) bool {
	last := len(fk.Columns) - 1
	return r.Table == fk.Table && r.RefTable == fk.RefTable && samePairs(r.Columns, r.RefColumns, fk.Columns[:last], fk.RefColumns[:last])
}

// deletesBefore reports whether the rows that refer by a foreign key to those deleted by step i are
// deleted, or set NULL, before it, as far as the plan deletes them.
func (r *Root) deletesBefore(fk *dialect.ForeignKey, i int) bool {
	after := false
	for j := range r.Steps {
		s := &r.Steps[j]
		if s.Detach != nil && s.Detach.isForeignKey(fk) && j < i {
			return true
		}
		after = after || s.Op == Delete && s.Table == fk.Table && j >= i
	}
	t := r.tableOf(fk.RefTable)
	return !after || r.Defer && fk.Deferrable || fk.Table == fk.RefTable && t != nil && t.Cycle > 0
}

// emptiedOn checks that rows referring to a table emptied by scope everything are deleted, or set
// NULL, before.
func (v *validation) emptiedOn(s *dialect.Schema) {
	emptied := map[dialect.Name]bool{}
	var detached []*Reference
	for i := range v.plan.Roots {
		r := &v.plan.Roots[i]
		st := &r.Steps[0]
		if st.Detach != nil {
			detached = append(detached, st.Detach)
		}
		if st.Op != Delete {
			continue
		}
		for _, fk := range s.References(r.Table) {
			known := s.Table(fk.Table) == nil || fk.Table == fk.RefTable || emptied[fk.Table] || slices.ContainsFunc(detached, func(d *Reference) bool { return d.isForeignKey(fk) })
			v.require(known, "roots[%d]: table %s refers to %s by %s, and its rows are neither deleted nor detached before", i, fk.Table, r.Table, fk.Name)
		}
		emptied[r.Table] = true
	}
}

// hazardsOn checks that the plan names every hazard visible in the schema. Hazards visible only in
// the policy (SHARED_ROW, say) are in the plan's digest alone.
func (v *validation) hazardsOn(s *dialect.Schema) {
	named := map[hazardOf]bool{}
	for _, h := range v.plan.Hazards {
		named[hazardOf{h.Name, h.Table}] = true
	}
	b := &builder{resolved: &resolved{policy: &policy.Policy{}, schema: s}, now: v.plan.Scope}
	roots := slices.Clone(v.plan.Roots)
	for _, h := range b.findHazards(roots) {
		v.require(named[hazardOf{h.Name, h.Table}], "hazards: %s of %s is missing: %s", h.Name, h.Table, h.Reason)
	}
	for i := range roots {
		v.require(roots[i].Scans == v.plan.Roots[i].Scans, "roots[%d].scans: it doesn't match the indexes", i)
	}
}
