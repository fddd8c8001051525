package closure

import (
	"fmt"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// Root is one root of a plan, made ready to run on a schema.
type Root struct {
	Plan     *plan.Root
	Index    int // of the root in the plan
	Tables   []*Table
	Schema   *dialect.Schema
	AsOf     time.Time
	Tracking Tracking // of the keys of erased rows
	version  string   // Engine.RowVersionColumn
	returner dialect.Returner
	found    map[*plan.Reach]*LinkIndex
	forms    func(dialect.Key) []dialect.Key // forms in which rows may hold a subject's key; nil: as it is
	older    dialect.Any                     // rows older than looked-up periods; none before SetPeriods
}

// AbsentForms are the forms in which rows may hold the key of an absent subject.
func (p *Root) AbsentForms(key dialect.Key) []dialect.Key {
	if p.forms == nil {
		return []dialect.Key{key}
	}
	return p.forms(key)
}

// Tracking says how the keys of all erased rows are collected, for row
// commitments.
type Tracking int

// The ways to collect them.
const (
	Untracked Tracking = iota // they aren't
	Fetched                   // before the rows go,
	Returned                  // or, of deleted rows, by the statement itself
)

// Table is one table of the closure with everything a batch needs to know of it.
type Table struct {
	*plan.Table
	Schema  *dialect.Table
	columns []string // fetched for each row: the key, then what references compare
	flags   []dialect.Cond
	hold    int            // the hold's place in flags, or -1
	where   map[string]int // a link's condition → its place in flags
	writers map[string]*Writer
	ended   bool   // the root is one of ended holds
	Deletes string // the IDs of the table's steps; "" without one
	keeps   string
	Writes  string // the overwrite of rows by plan, or of kept ones
	partly  string // the overwrite of held rows, or of what a hold had kept
}

// Compile compiles a root of the plan. The schema has the plan's fingerprint.
//
// If keys are fetched beforehand, no leaves are deleted unseen.
func Compile(p *plan.Plan, index int, s *dialect.Schema, asOf time.Time, how Tracking) (*Root, error) {
	r := &p.Roots[index]
	prog := &Root{Plan: r, Index: index, Schema: s, AsOf: asOf, Tracking: how}
	for i := range r.Tables {
		if err := prog.addTable(&r.Tables[i]); err != nil {
			return nil, err
		}
	}
	for _, t := range prog.Tables {
		prog.fetchReferences(t)
	}
	if prog.SeeksEntryPoints(p.Scope) {
		for _, t := range prog.Tables {
			prog.fetchOwnReferences(t)
		}
	}
	return prog, prog.compileSteps()
}

func (p *Root) addTable(pt *plan.Table) error {
	if p.Tracking == Fetched && pt.DeleteByReference && len(pt.Key) > 0 {
		looked := *pt
		looked.DeleteByReference, pt = false, &looked
	}
	t := &Table{Table: pt, Schema: p.Schema.Table(pt.Name), ended: p.Plan.Ended, hold: -1, where: map[string]int{}, writers: map[string]*Writer{}}
	if t.Schema == nil {
		return fmt.Errorf("table %s: %w: build the plan again", pt.Name, ErrDrift)
	}
	t.columns = slices.Clone(pt.Key)
	if pt.Hold != nil {
		t.hold = len(t.flags)
		t.flags = append(t.flags, underHold(pt.Hold, t.Schema, p.AsOf))
	}
	p.Tables = append(p.Tables, t)
	return nil
}

// fetchReferences has all columns fetched for the references to the table, and for its anchors.
func (p *Root) fetchReferences(t *Table) {
	for _, w := range t.Reach {
		p.fetchColumns(w.RefTable, w.RefColumns)
		if w.Forwards {
			p.fetchColumns(w.Table, w.Columns)
		}
	}
	for _, a := range t.Keeps {
		p.fetchColumns(t.Name, a.Columns)
		t.fetchCondition(a.Where)
	}
}

// fetchOwnReferences has the table's own side of these references fetched, too.
func (p *Root) fetchOwnReferences(t *Table) {
	for _, w := range t.Reach {
		if !w.Forwards {
			p.fetchColumns(t.Name, w.Columns)
			t.fetchCondition(w.Where)
		}
	}
}

// fetchColumns has columns fetched for each row of a table, where the root has the table.
func (p *Root) fetchColumns(n dialect.Name, columns []string) {
	t := p.Table(n)
	if t == nil {
		return
	}
	for _, c := range columns {
		if !slices.Contains(t.columns, c) {
			t.columns = append(t.columns, c)
		}
	}
}

// fetchCondition has a link's condition fetched as a flag of each row.
func (t *Table) fetchCondition(where string) {
	if _, known := t.where[where]; where != "" && !known {
		t.where[where] = len(t.flags)
		t.flags = append(t.flags, dialect.Match{SQL: where})
	}
}

// compileSteps gives each step to its table.
func (p *Root) compileSteps() error {
	var last *Writer // of the overwrite before a step
	for i := range p.Plan.Steps {
		st := &p.Plan.Steps[i]
		switch t := p.Table(st.Table); {
		case st.Rows == plan.Following && st.Follow != nil && last != nil:
			if err := last.addFollower(st, p.Schema); err != nil {
				return err
			}
		case st.Op == plan.Detach:
			p.fetchColumns(st.Detach.RefTable, st.Detach.RefColumns)
		case t == nil:
			return fmt.Errorf("invalid plan (the root doesn't list the table of step %s): build the plan again", st.ID)
		default:
			t.addStep(st)
			if st.Op != plan.Overwrite {
				continue
			}
			w, err := newWriter(st, t, p.Schema)
			if err != nil {
				return err
			}
			t.writers[st.ID], last = w, w
		}
	}
	return nil
}

// addStep notes the step by what it does to the table's rows.
func (t *Table) addStep(st *plan.Step) {
	switch {
	case st.Op == plan.Delete:
		t.Deletes = st.ID
	case st.Op == plan.Keep:
		t.keeps = st.ID
	case st.Rows == plan.Held, st.Rows == plan.Freed:
		t.partly = st.ID
	default:
		t.Writes = st.ID
	}
}

// SeeksEntryPoints reports whether batches look for entry points.
func (p *Root) SeeksEntryPoints(scope plan.Scope) bool {
	return p.Plan.Ended || scope == plan.ScopeSubjects && slices.ContainsFunc(p.Plan.Tables, func(t plan.Table) bool { return t.Hold != nil })
}

// Table is the root's table of a name, nil without one.
func (p *Root) Table(n dialect.Name) *Table {
	for _, t := range p.Tables {
		if t.Name == n {
			return t
		}
	}
	return nil
}

// RootTable is the root's own table.
func (p *Root) RootTable() *Table { return p.Tables[0] }

// columnIndexes returns the places of columns in a fetched row.
func (t *Table) columnIndexes(columns []string) []int {
	out := make([]int, len(columns))
	for i, c := range columns {
		out[i] = slices.Index(t.columns, c)
	}
	return out
}

// underHold is the condition for a row to be under the hold at a moment. If the column for its end is
// NULL, or no readable moment, the hold continues.
func underHold(h *policy.Hold, t *dialect.Table, asOf time.Time) dialect.Cond {
	var all dialect.All
	if h.Where != "" {
		all = append(all, dialect.Match{SQL: h.Where})
	}
	if u := h.Until; u != nil {
		switch {
		case u.Date != "":
			// It is held to the end of the day.
			if asOf.UTC().Format(time.DateOnly) > u.Date {
				all = append(all, dialect.Any{})
			}
		default:
			all = append(all, dialect.Not{Cond: dialect.Compare{
				Column: u.Column, Op: "<", Value: columnTime(u.Period.Before(asOf), t.Column(u.Column)),
			}})
		}
	}
	return all
}

// columnTime writes a time in the canonical form of a column.
func columnTime(at time.Time, c *dialect.Column) dialect.Value {
	switch c.Kind {
	case dialect.Date:
		return at.UTC().Format(time.DateOnly)
	case dialect.TimestampTZ:
		return at.UTC().Format("2006-01-02 15:04:05.999999") + "+00"
	default:
		return at.UTC().Format("2006-01-02 15:04:05.999999")
	}
}

// Where are the conditions for the root's rows, besides their keys.
func (p *Root) Where() []dialect.Cond {
	o := p.Plan.Older
	if o == nil {
		return nil
	}
	if o.Lookup != nil {
		return []dialect.Cond{p.older}
	}
	return []dialect.Cond{dialect.Compare{
		Column: o.Column, Op: "<", Value: columnTime(o.Period.Before(p.AsOf), p.RootTable().Schema.Column(o.Column)),
	}}
}
