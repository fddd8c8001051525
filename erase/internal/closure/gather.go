package closure

import (
	"context"
	"errors"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// ErrTooMany ends a gathering with more rows than one transaction should
// lock.
var ErrTooMany = errors.New("too many rows for one batch")

// Closure is the closure of a batch's roots: the rows found, table by table,
// and the decision about each.
type Closure struct {
	*Root
	Limits
	Skip map[string]bool // encoded keys of roots done by earlier batches of the run
	// FollowsAbsent: rows linked to the keys of absent roots are found, too.
	FollowsAbsent bool

	tx     dialect.Reader
	lock   dialect.Lock
	sets   []*tableRows // one a table, in the root's order
	total  int          // rows in them
	absent []*row       // given roots without a row, if FollowsAbsent
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
	flipped []*row // rows found first, and found to be held later
}

// row is one row of the closure.
type row struct {
	values   dialect.Row  // of table.columns
	flags    []bool       // of table.flags
	decision policy.Erase // of the references to it
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
	keptByReference           // a remaining row refers to it
	keptShared                // an owned row referenced by rows of others
)

// earlierErasure is what an earlier erasure did to a row of an ended root.
type earlierErasure struct {
	outcome   rowOutcome
	holdEnded bool // a hold of the row's own table applied then, and doesn't now
}

// searchState says whether a row kept by a hold will be found again, see EntryPoints.
type searchState int

const (
	notSearched    searchState = iota
	awaitsHold                 // a hold keeps the row
	maybeReachable             // and a row refers to it, not known to be reachable yet
	reachable                  // and a reachable row refers to it, or it is an entry point
)

// Limits are those of one transaction.
type Limits struct {
	Rows        int  // to collect, 0: any number
	Leaves      int  // to delete without collecting them, 0: any number
	LimitLeaves bool // there may be more of them
}

// steps is how the steps are carried out: RunSteps writes, CountSteps counts.
type steps struct {
	dry   bool
	write dialect.Tx // of RunSteps
	scan  *OddScan   // of CountSteps: scans the rows to be overwritten
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

// CollectRows finds the roots under the conditions and everything reached
// from them, locks it in the plan's order, and decides.
func (g *Closure) CollectRows(ctx context.Context, roots []dialect.Cond) error {
	if err := g.collectRoots(ctx, roots); err != nil {
		return err
	}
	return g.collectReached(ctx)
}

// collectReached finds what is reached from the roots.
func (g *Closure) collectReached(ctx context.Context) error {
	if err := g.followReferences(ctx); err != nil {
		return err
	}
	return g.decideRows(ctx)
}

// followReferences follows the references into all tables.
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

// collectRoots finds the roots under the conditions, at most one for each key.
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

// noteAbsent notes the given subjects without a row.
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

// referencedRows are the rows to follow references from: the given ones and, of
// the root's table, the absent ones.
func (g *Closure) referencedRows(s *tableRows, rows []*row) []*row {
	if s != g.sets[0] || len(g.absent) == 0 {
		return rows
	}
	return slices.Concat(rows, g.absent)
}

// cycleGroup are the tables of one cycle, from the i-th on.
func (g *Closure) cycleGroup(i int) []*tableRows {
	n := 1
	if c := g.sets[i].Cycle; c > 0 {
		for i+n < len(g.sets) && g.sets[i+n].Cycle == c {
			n++
		}
	}
	return g.sets[i : i+n]
}

// progress is how many of a parent's rows a reference was followed from.
type progress struct {
	rows, flipped int
	absent        bool // absent roots included
}

// followGroup follows the references into a group of tables until no row is new.
func (g *Closure) followGroup(ctx context.Context, group []*tableRows) error {
	done := map[*plan.Reach]*progress{}
	for again := true; again; {
		again = false
		for _, s := range group {
			if s.DeleteByReference {
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

// followReach follows one reference into a table from the rows still to be followed. It
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

// newRows are the rows since the progress: new ones, newly held ones and, with the first of
// the root's table, the absent ones. It moves the progress up to them.
func (g *Closure) newRows(from *tableRows, p *progress) []*row {
	fresh := slices.Concat(from.rows[p.rows:], from.flipped[p.flipped:])
	if from == g.sets[0] && !p.absent {
		fresh = slices.Concat(fresh, g.absent)
	}
	*p = progress{len(from.rows), len(from.flipped), true}
	return fresh
}

// holdCovers reports whether a row's hold covers the rows reached by a reference:
// all rows with a reference to it, and its owned rows if the hold keeps the column.
func (g *Closure) holdCovers(s *tableRows, r *row, w *plan.Reach) bool {
	if !r.isHeld() || !w.Forwards || !r.isHeldSelf() || s.Hold == nil || s.Hold.Keep == nil {
		return r.isHeld()
	}
	return slices.ContainsFunc(w.Columns, func(c string) bool { return slices.Contains(s.Hold.Keep, c) })
}

// referenceCond is the condition for rows reached by a reference from the given rows;
// nil if there can be none.
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

// refersTo is the condition for rows with these values in a reference.
func refersTo(ref *plan.Reference, values []dialect.Key) []dialect.Cond {
	where := []dialect.Cond{dialect.In{Columns: ref.Columns, Keys: values, RefTable: ref.RefTable, RefColumns: ref.RefColumns}}
	if ref.Where != "" {
		where = append(where, dialect.Match{SQL: ref.Where})
	}
	return where
}

// referenceValues are the distinct values of columns in the rows, without a NULL among
// them, to be compared with columns of another table.
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

// linkedValue is a value of one column as stored in a column linked to it: a
// polymorphic link may store keys of any type as text. Bytes in a column of text aren't
// equal to the text.
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

// strictestDecision is the decision for a row reached twice.
func strictestDecision(a, b policy.Erase) policy.Erase {
	order := []policy.Erase{policy.EraseDelete, policy.EraseOverwrite, policy.EraseKeep}
	for _, e := range order {
		if a == e || b == e {
			return e
		}
	}
	return a
}
