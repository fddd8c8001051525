package closure

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// The memory for a link's rows is bounded: above these limits a batch searches its rows itself.
const (
	mostKept  = 100_000 // rows of a link: some 20 MB
	mostNamed = 20_000  // rows named by a batch's statement
	mostLoose = 1_000   // rows named by every batch's statement
)

// LinkIndex has the rows of a reference without an index, for all subjects
// of a run. It names rather too many rows than too few: a batch adds the reference's own
// condition to their keys.
type LinkIndex struct {
	rows  map[string][]dialect.Key // by their values in the reference
	loose []dialect.Key            // those whose values are a subject's only in the engine's eyes: case, padding
	kept  int
}

func newLinkIndex() *LinkIndex { return &LinkIndex{rows: map[string][]dialect.Key{}} }

// keysFor gives the keys of the rows with one of the values, unless
// they are too many to be named.
func (f *LinkIndex) keysFor(values []dialect.Key) (keys []dialect.Key, few bool) {
	keys = slices.Clone(f.loose)
	for _, v := range values {
		keys = append(keys, f.rows[dialect.EncodeKey(v)]...)
	}
	return keys, len(keys) <= mostNamed
}

// UnindexedLink is a reference without an index, and its table.
type UnindexedLink struct {
	root *Root
	To   *Table
	way  *plan.Reach
}

// unindexedLinks lists the references to scan once for all subjects.
func (p *Root) unindexedLinks() []*UnindexedLink {
	var out []*UnindexedLink
	for _, t := range p.Tables {
		for i := range t.Reach {
			if t.Reach[i].ScanOnce {
				out = append(out, &UnindexedLink{p, t, &t.Reach[i]})
			}
		}
	}
	return out
}

// HasUnindexedLinks reports whether there is one.
func (p *Root) HasUnindexedLinks() bool { return len(p.unindexedLinks()) > 0 }

// BeginScan lists the references without an index. Batches go by what is added to them.
func (p *Root) BeginScan() []*UnindexedLink {
	links := p.unindexedLinks()
	p.found = map[*plan.Reach]*LinkIndex{}
	for _, l := range links {
		p.found[l.way] = newLinkIndex()
	}
	return links
}

// IsDropped reports whether too many rows were added: batches look for their rows themselves.
func (w *UnindexedLink) IsDropped() bool { return w.root.found[w.way] == nil }

// Add adds what one scan found. It reports false for too many rows, and drops them all.
func (w *UnindexedLink) Add(fresh *LinkIndex) bool {
	all := w.root.found[w.way]
	all.merge(fresh)
	if all.kept > mostKept || len(all.loose) > mostLoose {
		delete(w.root.found, w.way)
		return false
	}
	return true
}

// Scan finds the rows with a reference to the given subjects, until they are too many.
func (w *UnindexedLink) Scan(ctx context.Context, tx dialect.Reader, given []dialect.Key) (*LinkIndex, error) {
	fresh := newLinkIndex()
	return fresh, w.scanLink(ctx, tx, given, fresh, mostKept-w.root.found[w.way].kept)
}

// scanLink finds the rows with a reference to the given subjects, until it has found more
// than there is room for.
func (w *UnindexedLink) scanLink(ctx context.Context, tx dialect.Reader, given []dialect.Key, into *LinkIndex, room int) error {
	p := w.root
	first := p.RootTable()
	// Batches compare with the stored keys: given ones may be written otherwise.
	var roots []dialect.Key
	stored := map[string]bool{}
	for key, err := range tx.Query(ctx, dialect.Select{
		Table: first.Name, Columns: first.Key, Where: []dialect.Cond{dialect.In{Columns: first.Key, Keys: given}},
	}) {
		if err != nil {
			return err
		}
		roots = append(roots, key)
		stored[dialect.EncodeKey(key)] = true
	}
	there := len(roots)
	for _, key := range given { // whose row isn't there may be referred to as well
		if !stored[dialect.EncodeKey(key)] {
			roots = append(roots, p.AbsentForms(key)...)
		}
	}
	where := p.linkCond(&w.way.Reference, roots)
	exact := make(map[string]bool, there)
	for _, v := range where[0].(dialect.In).Keys[:there] {
		exact[dialect.EncodeKey(v)] = true
	}
	n := len(w.To.Key)
	for row, err := range tx.Query(ctx, dialect.Select{
		Table: w.To.Name, Columns: slices.Concat(w.To.Key, w.way.Columns), Where: where, Limit: room + 1,
	}) {
		if err != nil {
			return err
		}
		into.kept++
		if v := dialect.EncodeKey(row[n:]); exact[v] {
			into.rows[v] = append(into.rows[v], row[:n:n])
		} else {
			into.loose = append(into.loose, row[:n:n])
		}
	}
	return nil
}

func (f *LinkIndex) merge(o *LinkIndex) {
	f.kept += o.kept
	f.loose = append(f.loose, o.loose...)
	for v, keys := range o.rows {
		f.rows[v] = append(f.rows[v], keys...)
	}
}

// CountUnindexed counts the rows with such a reference to the subjects after the last batch. All former
// ones are deleted: these are new, whether their subject is deleted or not.
func (p *Root) CountUnindexed(ctx context.Context, tx dialect.Reader, keys []dialect.Key, found map[string]int64) error {
	for _, w := range p.unindexedLinks() {
		n, err := tx.Count(ctx, w.To.Name, p.linkCond(&w.way.Reference, keys))
		if err != nil {
			return err
		}
		found[w.To.Deletes] += n
	}
	return nil
}

// CountLinked counts the rows linked to deleted roots, and not to others.
func (p *Root) CountLinked(ctx context.Context, tx dialect.Reader, gone, others []dialect.Key, found map[string]int64) error {
	for _, t := range p.Tables[1:] {
		for i := range t.Reach {
			w := &t.Reach[i]
			if !w.Link || w.ScanOnce || t.Deletes == "" || w.RefTable != p.RootTable().Name || !equalNames(w.RefColumns, p.RootTable().Key) {
				continue
			}
			where := p.linkCond(&w.Reference, gone)
			if len(others) > 0 {
				where = append(where, dialect.Not{Cond: p.linkCond(&w.Reference, others)[0]})
			}
			n, err := tx.Count(ctx, t.Name, where)
			if err != nil {
				return err
			}
			found[t.Deletes] += n
		}
	}
	return nil
}

// linkCond is the condition for rows with the keys in a reference.
func (p *Root) linkCond(ref *plan.Reference, keys []dialect.Key) []dialect.Cond {
	from, to := p.Schema.Table(ref.RefTable), p.Schema.Table(ref.Table)
	values := make([]dialect.Key, 0, len(keys))
	for _, k := range keys {
		out := make(dialect.Key, len(k))
		for i, v := range k {
			out[i] = linkedValue(v, from.Column(ref.RefColumns[i]), to.Column(ref.Columns[i]))
		}
		values = append(values, out)
	}
	return refersTo(ref, values)
}

func equalNames(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// RootStep is the step about the root's own rows.
func RootStep(r *plan.Root) string {
	id := ""
	for i := range r.Steps {
		if st := &r.Steps[i]; st.Table == r.Table && st.Op != plan.Detach && st.Rows == plan.Reached {
			if id == "" || st.Op == plan.Delete {
				id = st.ID
			}
		}
	}
	return id
}
