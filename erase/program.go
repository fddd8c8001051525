package erase

import (
	"fmt"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// compiledRoot is one root of a plan, made ready to run on a schema.
type compiledRoot struct {
	root     *plan.Root
	index    int // of the root in the plan
	tables   []*table
	schema   *dialect.Schema
	asOf     time.Time
	tracking tracking // how the keys of rows that go are had
	version  string   // Engine.Version
	returner dialect.Returner
	found    map[*plan.Reach]*linkIndex
	forms    func(dialect.Key) []dialect.Key // the ways in which rows may hold a subject's key; nil: as it is
	older    dialect.Any                     // which rows have outlived periods that are looked up; none until that is done
}

// absentForms are the ways in which rows may refer to a subject that isn't there.
func (p *compiledRoot) absentForms(key dialect.Key) []dialect.Key {
	if p.forms == nil {
		return []dialect.Key{key}
	}
	return p.forms(key)
}

// tracking is how the keys of all rows that go are had, for the sake of row
// commitments.
type tracking int

const (
	untracked tracking = iota // they aren't
	fetched                   // before the rows go,
	returned                  // or, of those that are deleted, by the statement itself
)

// table is one table of the closure with all that a batch needs to know of it.
type table struct {
	*plan.Table
	schema  *dialect.Table
	columns []string // fetched for each row: the key, then what references compare
	flags   []dialect.Cond
	hold    int            // the hold's place in flags, or -1
	where   map[string]int // a link's condition → its place in flags
	writers map[string]*writer
	ended   bool   // the root is one of holds that ended
	deletes string // the IDs of the table's steps; "" where there is none
	keeps   string
	writes  string // the overwrite of rows that the plan overwrites, or that must stay
	partly  string // the overwrite of held rows, or of what a hold had kept
}

// compileRoot compiles a root of the plan. The schema has the plan's fingerprint.
//
// Where keys are fetched beforehand, there are no leaves that are deleted unseen.
func compileRoot(p *plan.Plan, index int, s *dialect.Schema, asOf time.Time, how tracking) (*compiledRoot, error) {
	r := &p.Roots[index]
	prog := &compiledRoot{root: r, index: index, schema: s, asOf: asOf, tracking: how}
	for i := range r.Tables {
		if err := prog.addTable(&r.Tables[i]); err != nil {
			return nil, err
		}
	}
	for _, t := range prog.tables {
		prog.fetchReferences(t)
	}
	if prog.seeksHeads(p.Scope) {
		for _, t := range prog.tables {
			prog.fetchOwnReferences(t)
		}
	}
	return prog, prog.compileSteps()
}

func (p *compiledRoot) addTable(pt *plan.Table) error {
	if p.tracking == fetched && pt.Unseen && len(pt.Key) > 0 {
		looked := *pt
		looked.Unseen, pt = false, &looked
	}
	t := &table{Table: pt, schema: p.schema.Table(pt.Name), ended: p.root.Ended, hold: -1, where: map[string]int{}, writers: map[string]*writer{}}
	if t.schema == nil {
		return fmt.Errorf("table %s: %w: build the plan again", pt.Name, ErrDrift)
	}
	t.columns = slices.Clone(pt.Key)
	if pt.Hold != nil {
		t.hold = len(t.flags)
		t.flags = append(t.flags, underHold(pt.Hold, t.schema, p.asOf))
	}
	p.tables = append(p.tables, t)
	return nil
}

// fetchReferences has all columns fetched that references to the table, and those that keep rows, compare.
func (p *compiledRoot) fetchReferences(t *table) {
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
func (p *compiledRoot) fetchOwnReferences(t *table) {
	for _, w := range t.Reach {
		if !w.Forwards {
			p.fetchColumns(t.Name, w.Columns)
			t.fetchCondition(w.Where)
		}
	}
}

// fetchColumns has columns fetched for each row of a table, where the root has the table.
func (p *compiledRoot) fetchColumns(n dialect.Name, columns []string) {
	t := p.table(n)
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
func (t *table) fetchCondition(where string) {
	if _, known := t.where[where]; where != "" && !known {
		t.where[where] = len(t.flags)
		t.flags = append(t.flags, dialect.Match{SQL: where})
	}
}

// compileSteps gives each step to its table.
func (p *compiledRoot) compileSteps() error {
	var last *writer // of the overwrite before a step
	for i := range p.root.Steps {
		st := &p.root.Steps[i]
		switch t := p.table(st.Table); {
		case st.Rows == plan.Following && st.Follow != nil && last != nil:
			if err := last.addFollower(st, p.schema); err != nil {
				return err
			}
		case st.Op == plan.Detach:
			p.fetchColumns(st.Detach.RefTable, st.Detach.RefColumns)
		case t == nil:
			return fmt.Errorf("plan: step %s is on a table that its root doesn't list: build the plan again", st.ID)
		default:
			t.addStep(st)
			if st.Op != plan.Overwrite {
				continue
			}
			w, err := newWriter(st, t, p.schema)
			if err != nil {
				return err
			}
			t.writers[st.ID], last = w, w
		}
	}
	return nil
}

// addStep notes the step by what it does to the table's rows.
func (t *table) addStep(st *plan.Step) {
	switch {
	case st.Op == plan.Delete:
		t.deletes = st.ID
	case st.Op == plan.Keep:
		t.keeps = st.ID
	case st.Rows == plan.Held, st.Rows == plan.Freed:
		t.partly = st.ID
	default:
		t.writes = st.ID
	}
}

// seeksHeads reports whether batches look for the rows from which what a hold
// keeps is found again.
func (p *compiledRoot) seeksHeads(scope plan.Scope) bool {
	return p.root.Ended || scope == plan.ScopeSubjects && slices.ContainsFunc(p.root.Tables, func(t plan.Table) bool { return t.Hold != nil })
}

func (p *compiledRoot) table(n dialect.Name) *table {
	for _, t := range p.tables {
		if t.Name == n {
			return t
		}
	}
	return nil
}

// rootTable is the root's own table.
func (p *compiledRoot) rootTable() *table { return p.tables[0] }

// columnIndexes returns the places of columns in a fetched row.
func (t *table) columnIndexes(columns []string) []int {
	out := make([]int, len(columns))
	for i, c := range columns {
		out[i] = slices.Index(t.columns, c)
	}
	return out
}

// underHold is the condition for a row to be under the hold at that moment. Where
// the column that its end is counted from is NULL, or can't be read as a moment, the
// hold goes on.
func underHold(h *policy.Hold, t *dialect.Table, asOf time.Time) dialect.Cond {
	var all dialect.All
	if h.Where != "" {
		all = append(all, dialect.Match{SQL: h.Where})
	}
	if u := h.Until; u != nil {
		switch {
		case u.Date != "":
			// It is held to the end of that day.
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

// where are the conditions that pick the root's rows, besides which keys.
func (p *compiledRoot) where() []dialect.Cond {
	o := p.root.Older
	if o == nil {
		return nil
	}
	if o.Lookup != nil {
		return []dialect.Cond{p.older}
	}
	return []dialect.Cond{dialect.Compare{
		Column: o.Column, Op: "<", Value: columnTime(o.Period.Before(p.asOf), p.rootTable().schema.Column(o.Column)),
	}}
}
