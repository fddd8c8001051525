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

// compileRoot makes the program of a root. The schema has the plan's fingerprint.
//
// Where keys are fetched beforehand, there are no leaves that are deleted unseen.
func compileRoot(p *plan.Plan, index int, s *dialect.Schema, asOf time.Time, how tracking) (*compiledRoot, error) {
	r := &p.Roots[index]
	prog := &compiledRoot{root: r, index: index, schema: s, asOf: asOf, tracking: how}
	var last *writer // of the overwrite before a step
	for i := range r.Tables {
		pt := &r.Tables[i]
		if how == fetched && pt.Unseen && len(pt.Key) > 0 {
			looked := *pt
			looked.Unseen, pt = false, &looked
		}
		t := &table{Table: pt, schema: s.Table(pt.Name), ended: r.Ended, hold: -1, where: map[string]int{}, writers: map[string]*writer{}}
		if t.schema == nil {
			return nil, fmt.Errorf("table %s: %w: build the plan again", pt.Name, ErrDrift)
		}
		t.columns = slices.Clone(pt.Key)
		if pt.Hold != nil {
			t.hold = len(t.flags)
			t.flags = append(t.flags, underHold(pt.Hold, t.schema, asOf))
		}
		prog.tables = append(prog.tables, t)
	}
	need := func(n dialect.Name, columns []string) {
		if t := prog.table(n); t != nil {
			for _, c := range columns {
				if !slices.Contains(t.columns, c) {
					t.columns = append(t.columns, c)
				}
			}
		}
	}
	for _, t := range prog.tables {
		for _, w := range t.Reach {
			need(w.RefTable, w.RefColumns)
			if w.Forwards {
				need(w.Table, w.Columns)
			}
		}
		for _, a := range t.Keeps {
			need(t.Name, a.Columns)
			if a.Where != "" {
				t.where[a.Where] = len(t.flags)
				t.flags = append(t.flags, dialect.Match{SQL: a.Where})
			}
		}
	}
	if prog.seeksHeads(p.Scope) {
		for _, t := range prog.tables {
			for _, w := range t.Reach {
				if w.Forwards {
					continue
				}
				need(t.Name, w.Columns)
				if _, known := t.where[w.Where]; w.Where != "" && !known {
					t.where[w.Where] = len(t.flags)
					t.flags = append(t.flags, dialect.Match{SQL: w.Where})
				}
			}
		}
	}
	for i := range r.Steps {
		st := &r.Steps[i]
		t := prog.table(st.Table)
		if st.Rows == plan.Following && st.Follow != nil && last != nil {
			if err := last.addFollower(st, s); err != nil {
				return nil, err
			}
			continue
		}
		if st.Op == plan.Detach {
			need(st.Detach.RefTable, st.Detach.RefColumns)
			continue
		}
		if t == nil {
			return nil, fmt.Errorf("plan: step %s is on a table that its root doesn't list: build the plan again", st.ID)
		}
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
		if st.Op == plan.Overwrite {
			w, err := newWriter(st, t, s)
			if err != nil {
				return nil, err
			}
			t.writers[st.ID], last = w, w
		}
	}
	return prog, nil
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
