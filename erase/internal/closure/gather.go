package closure

import (
	"context"
	"errors"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// ErrTooMany ends a gathering that found more rows than one transaction should
// lock.
var ErrTooMany = errors.New("too many rows for one batch")

// Closure is the closure of a batch's roots: the rows found, table by table,
// and what is to become of each.
type Closure struct {
	*Root
	Limits
	Skip map[string]bool // roots that an earlier batch of the run was done with
	// FollowsAbsent has rows found that refer by a link to the keys of given roots that aren't there.
	FollowsAbsent bool

	tx     dialect.Reader
	lock   dialect.Lock
	sets   []*tableRows // one a table, in the root's order
	total  int          // rows in them
	absent []*row       // given roots that aren't there, where FollowsAbsent is set
	steps
	// earlier is how many rows of each set were found before triggers wrote more, by
	// its table; nil until the steps have been carried out.
	earlier map[dialect.Name]progress
}

// tableRows is the rows found of one table.
type tableRows struct {
	*Table
	rows    []*row
	index   map[string]*row
	flipped []*row // rows that turned out to be held after they had been found
}

// row is one row of the closure.
type row struct {
	values   dialect.Row  // of table.columns
	flags    []bool       // of table.flags
	decision policy.Erase // of the references by which it was found
	hold     holdState
	kept     keptState
	earlier  *earlierErasure // of an ended root; nil: not known
	search   searchState
}

// holdState is how a hold applies to a row.
type holdState int

const (
	notHeld     holdState = iota
	heldThrough           // it was found through a held row
	heldItself            // by a hold of its own table
)

func (r *row) isHeld() bool     { return r.hold != notHeld }
func (r *row) isHeldSelf() bool { return r.hold == heldItself }

// keptState is whether other rows keep a row.
type keptState int

const (
	notKept         keptState = iota
	keptByReference           // a row that remains refers to it
	keptShared                // an owned row, to which rows of others refer
)

// earlierErasure is what an earlier erasure did to a row that an ended root goes through again.
type earlierErasure struct {
	outcome   rowOutcome
	holdEnded bool // a hold of the row's own table applied then, and doesn't now
}

// searchState is what is known of how a row that a hold keeps is found again, see entryPoints.
type searchState int

const (
	notSearched    searchState = iota
	awaitsHold                 // the row remains because of a hold
	maybeReachable             // it does, and a row refers to it of which reachable isn't known yet
	reachable                  // it does, and a row refers to it that remains and is found, or it is an entry point
)

// Limits are those of one transaction.
type Limits struct {
	Rows        int  // that are collected, 0: any number
	Leaves      int  // that are deleted without being collected, 0: any number
	LimitLeaves bool // there may be more of them
}

// steps is how the steps are carried out: RunSteps writes, CountSteps counts.
type steps struct {
	dry   bool
	write dialect.Tx // of RunSteps
	scan  *OddScan   // of CountSteps: what to look for in rows that would be overwritten
}

// New makes an empty closure, whose queries lock rows as given. It reads: only RunSteps writes.
func New(p *Root, tx dialect.Reader, lock dialect.Lock) *Closure {
	g := &Closure{Root: p, tx: tx, lock: lock}
	for _, t := range p.Tables {
		g.sets = append(g.sets, &tableRows{Table: t, index: map[string]*row{}})
	}
	return g
}

func (g *Closure) rowsOf(n dialect.Name) *tableRows {
	for _, s := range g.sets {
		if s.Name == n {
			return s
		}
	}
	return nil
}

// CollectRows finds the roots that meet the conditions and everything that the
// plan reaches from them, locks it in the plan's order, and decides.
func (g *Closure) CollectRows(ctx context.Context, roots []dialect.Cond) error {
	if err := g.collectRoots(ctx, roots); err != nil {
		return err
	}
	return g.collectReached(ctx)
}

// collectReached finds what is reached from the roots that were found.
func (g *Closure) collectReached(ctx context.Context) error {
	if err := g.followReferences(ctx); err != nil {
		return err
	}
	return g.decideRows(ctx)
}

// followReferences follows the ways into all tables.
func (g *Closure) followReferences(ctx context.Context) error {
	for i := 0; i < len(g.sets); {
		group := g.cycleGroup(i)
		if err := g.followGroup(ctx, group); err != nil {
			return err
		}
		i += len(group)
	}
	return nil
}

// collectRoots finds the roots that meet the conditions, no more than are named by key.
func (g *Closure) collectRoots(ctx context.Context, roots []dialect.Cond) error {
	first := g.sets[0]
	if err := g.readRows(ctx, first, append(g.Where(), roots...), first.Erase, false); err != nil {
		return err
	}
	for _, c := range roots {
		if in, ok := c.(dialect.In); ok {
			g.noteAbsent(in.Keys)
			return CheckRoots(first.Name, int64(len(first.rows)), len(in.Keys))
		}
	}
	return nil
}

// noteAbsent notes which of the given subjects aren't there.
func (g *Closure) noteAbsent(given []dialect.Key) {
	first := g.sets[0]
	if !g.FollowsAbsent {
		return
	}
	for _, k := range given {
		if id := dialect.EncodeKey(k); first.index[id] != nil || g.Skip[id] {
			continue
		}
		for _, form := range g.AbsentForms(k) {
			values := make(dialect.Row, len(first.columns))
			copy(values, form)
			g.absent = append(g.absent, &row{values: values, flags: make([]bool, len(first.flags))})
		}
	}
}

// referencedRows are the rows of a set to follow references from: with the given ones, of
// the root's table, those that aren't there.
func (g *Closure) referencedRows(s *tableRows, rows []*row) []*row {
	if s != g.sets[0] || len(g.absent) == 0 {
		return rows
	}
	return slices.Concat(rows, g.absent)
}

// cycleGroup are the tables, from the i-th on, that reach each other in a circle.
func (g *Closure) cycleGroup(i int) []*tableRows {
	n := 1
	if c := g.sets[i].Cycle; c > 0 {
		for i+n < len(g.sets) && g.sets[i+n].Cycle == c {
			n++
		}
	}
	return g.sets[i : i+n]
}

// progress is how much of a parent's rows a way has been followed from.
type progress struct {
	rows, flipped int
	absent        bool // roots that aren't there included
}

// followGroup follows the ways into a group of tables until nothing new is found.
func (g *Closure) followGroup(ctx context.Context, group []*tableRows) error {
	done := map[*plan.Reach]*progress{}
	for again := true; again; {
		again = false
		for _, s := range group {
			if s.Unseen {
				continue
			}
			for i := range s.Reach {
				more, err := g.followReach(ctx, s, &s.Reach[i], done)
				if err != nil {
					return err
				}
				again = again || more
			}
		}
		again = again && (len(group) > 1 || group[0].Cycle > 0)
	}
	return nil
}

// followReach follows one way into a table from the rows from which it wasn't followed yet. It
// reports whether there were any.
func (g *Closure) followReach(ctx context.Context, s *tableRows, w *plan.Reach, done map[*plan.Reach]*progress) (bool, error) {
	from := g.rowsOf(w.From())
	if done[w] == nil {
		start := g.followedFrom(s, from)
		done[w] = &start
	}
	fresh := g.newRows(from, done[w])
	if len(fresh) == 0 {
		return false, nil
	}
	for _, holds := range []bool{false, true} {
		parents := slices.DeleteFunc(slices.Clone(fresh), func(r *row) bool { return g.holdCovers(from, r, w) != holds })
		where := g.referenceCond(w, from, parents)
		if where == nil {
			continue
		}
		if err := g.readRows(ctx, s, where, w.Erase, holds); err != nil {
			return false, err
		}
	}
	return true, nil
}

// newRows are the rows that were found since, or turned out to be held, and with the first of
// the root's table those that aren't there. It moves the progress up to them.
func (g *Closure) newRows(from *tableRows, p *progress) []*row {
	fresh := slices.Concat(from.rows[p.rows:], from.flipped[p.flipped:])
	if from == g.sets[0] && !p.absent {
		fresh = slices.Concat(fresh, g.absent)
	}
	*p = progress{len(from.rows), len(from.flipped), true}
	return fresh
}

// holdCovers reports whether a row's hold covers what is reached from it on that
// way: all rows that refer to it, and those it owns by a column that is held.
func (g *Closure) holdCovers(s *tableRows, r *row, w *plan.Reach) bool {
	if !r.isHeld() || !w.Forwards || !r.isHeldSelf() || s.Hold == nil || s.Hold.Keep == nil {
		return r.isHeld()
	}
	return slices.ContainsFunc(w.Columns, func(c string) bool { return slices.Contains(s.Hold.Keep, c) })
}

// referenceCond is the condition for rows that a way leads to from the given rows;
// nil where it leads nowhere.
func (g *Closure) referenceCond(w *plan.Reach, from *tableRows, rows []*row) []dialect.Cond {
	target, columns, theirs := w.Table, w.Columns, w.RefColumns
	if w.Forwards {
		target, columns, theirs = w.RefTable, w.RefColumns, w.Columns
	}
	keys := g.referenceValues(from, rows, theirs, target, columns)
	if len(keys) == 0 {
		return nil
	}
	where := []dialect.Cond{dialect.In{Columns: columns, Keys: keys}}
	if !w.Forwards {
		where = refersTo(&w.Reference, keys)
	}
	if f := g.found[w]; f != nil {
		known, few := f.keysFor(keys)
		switch {
		case len(known) == 0:
			return nil
		case few:
			where = slices.Insert(where, 0, dialect.Cond(dialect.In{Columns: g.rowsOf(target).Key, Keys: known}))
		}
	}
	return where
}

// refersTo is the condition for rows that refer by these values.
func refersTo(ref *plan.Reference, values []dialect.Key) []dialect.Cond {
	where := []dialect.Cond{dialect.In{Columns: ref.Columns, Keys: values, RefTable: ref.RefTable, RefColumns: ref.RefColumns}}
	if ref.Where != "" {
		where = append(where, dialect.Match{SQL: ref.Where})
	}
	return where
}

// referenceValues are the distinct values of columns in the rows, without those that
// hold a NULL, to be compared with columns of another table.
func (g *Closure) referenceValues(s *tableRows, rows []*row, columns []string, target dialect.Name, targetColumns []string) []dialect.Key {
	at := s.columnIndexes(columns)
	own, theirs := g.Schema.Table(s.Name), g.Schema.Table(target)
	seen := make(map[string]bool, len(rows))
	var out []dialect.Key
next:
	for _, r := range rows {
		key := make(dialect.Key, len(at))
		for i, j := range at {
			if r.values[j] == nil {
				continue next
			}
			key[i] = linkedValue(r.values[j], own.Column(columns[i]), theirs.Column(targetColumns[i]))
		}
		if e := dialect.EncodeKey(key); !seen[e] {
			seen[e] = true
			out = append(out, key)
		}
	}
	return out
}

// linkedValue is a value of one column as another one holds it that is linked to it: a
// polymorphic link may store keys of any type as text. Bytes in a column of text aren't
// equal to that text.
func linkedValue(v dialect.Value, from, to *dialect.Column) dialect.Value {
	if _, bytes := v.([]byte); to.Kind != dialect.Text || bytes && from.Kind != dialect.Bytes {
		return v
	}
	text, _ := dialect.TextOf(v)
	return text
}

// readRows finds and locks rows of one table, and merges them into its set.
func (g *Closure) readRows(ctx context.Context, s *tableRows, where []dialect.Cond, decision policy.Erase, held bool) error {
	sel := dialect.Select{Table: s.Name, Columns: s.columns, Flags: s.flags, Where: where, Order: s.Key, Lock: g.lock}
	if g.Rows > 0 {
		sel.Limit = g.Rows + 1
	}
	n := 0
	for values, err := range g.tx.Query(ctx, sel) {
		if err != nil {
			return err
		}
		n++
		r := &row{values: values[:len(s.columns)], decision: decision, flags: make([]bool, len(s.flags))}
		for i := range s.flags {
			r.flags[i] = values[len(s.columns)+i] == int64(1)
		}
		switch {
		case s.hold >= 0 && r.flags[s.hold]:
			r.hold = heldItself
		case held:
			r.hold = heldThrough
		}
		id := dialect.EncodeKey(r.key(s))
		if s == g.sets[0] && g.Skip[id] {
			continue
		}
		old := s.index[id]
		if old == nil {
			s.index[id] = r
			s.rows = append(s.rows, r)
			g.total++
			continue
		}
		old.decision = strictestDecision(old.decision, decision)
		if r.isHeld() && !old.isHeld() {
			old.hold = r.hold
			s.flipped = append(s.flipped, old)
		}
	}
	if g.Rows > 0 && (n > g.Rows || g.total > g.Rows) {
		return ErrTooMany
	}
	return nil
}

func (r *row) key(s *tableRows) dialect.Key { return r.values[:len(s.Key)] }

func keysOf(s *tableRows, rows []*row) []dialect.Key {
	out := make([]dialect.Key, len(rows))
	for i, r := range rows {
		out[i] = r.key(s)
	}
	return out
}

// strictestDecision is the decision that counts where a row is reached twice.
func strictestDecision(a, b policy.Erase) policy.Erase {
	order := []policy.Erase{policy.EraseDelete, policy.EraseOverwrite, policy.EraseKeep}
	for _, e := range order {
		if a == e || b == e {
			return e
		}
	}
	return a
}
