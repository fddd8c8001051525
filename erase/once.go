package erase

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// What is kept in mind of a reference is bounded: above these a batch looks for its
// rows itself.
const (
	atOnce    = 20_000  // subjects that one look is for: what travels in one statement stays within its limits
	mostKept  = 100_000 // rows of a reference: some 20 MB
	mostNamed = 20_000  // rows that a batch's statement names
	mostLoose = 1_000   // rows that every batch's statement names
)

// linkIndex is where a reference leads to that no index serves, for all subjects
// of a run. It names too many rows rather than too few: a batch puts the reference's own
// condition beside their keys.
type linkIndex struct {
	rows  map[string][]dialect.Key // by the values that they refer with
	loose []dialect.Key            // those whose values are a subject's only in the engine's eyes: case, padding
	kept  int
}

func newLinkIndex() *linkIndex { return &linkIndex{rows: map[string][]dialect.Key{}} }

// keysFor gives the keys of the rows that may refer by one of the values, unless there
// are too many of them to be named.
func (f *linkIndex) keysFor(values []dialect.Key) (keys []dialect.Key, few bool) {
	keys = slices.Clone(f.loose)
	for _, v := range values {
		keys = append(keys, f.rows[dialect.EncodeKey(v)]...)
	}
	return keys, len(keys) <= mostNamed
}

// unindexedLink is a reference and the table that it leads to.
type unindexedLink struct {
	to  *table
	way *plan.Reach
}

// unindexedLinks lists the references that are looked through once for all subjects.
func (p *compiledRoot) unindexedLinks() []unindexedLink {
	var out []unindexedLink
	for _, t := range p.tables {
		for i := range t.Reach {
			if t.Reach[i].Once {
				out = append(out, unindexedLink{t, &t.Reach[i]})
			}
		}
	}
	return out
}

// scanUnindexedLinks looks through the references without an index for all subjects, where
// there is more than one batch to come.
func (e *run) scanUnindexedLinks(ctx context.Context, p *compiledRoot, continued, several bool) error {
	ways := p.unindexedLinks()
	if len(ways) == 0 || !several {
		return nil
	}
	p.found = map[*plan.Reach]*linkIndex{}
	for _, w := range ways {
		p.found[w.way] = newLinkIndex()
	}
	var unnamed int64
	for given, err := range e.keyChunks(ctx, continued, atOnce, &unnamed, nil) {
		if err != nil {
			return err
		}
		for _, w := range ways {
			f := p.found[w.way]
			if f == nil {
				continue
			}
			fresh := newLinkIndex()
			if err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
				fresh = newLinkIndex()
				return e.inReadTx(ctx, func(tx dialect.Tx) error { return w.scanLink(ctx, tx, p, given, fresh, mostKept-f.kept) })
			}); err != nil {
				return err
			}
			f.merge(fresh)
			if f.kept > mostKept || len(f.loose) > mostLoose {
				delete(p.found, w.way)
				e.Log.Info("too many rows refer to the subjects by a link without an index: the table is scanned for every batch", "run", e.RunID, "table", w.to.Name.String())
			}
		}
	}
	e.failpoint("looked")
	return nil
}

// scanLink finds the rows that refer to the given subjects, until it has found more
// than there is room for.
func (w unindexedLink) scanLink(ctx context.Context, tx dialect.Tx, p *compiledRoot, given []dialect.Key, into *linkIndex, room int) error {
	first := p.rootTable()
	// Batches compare with what the roots hold, which may be written otherwise than what was given.
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
			roots = append(roots, p.absentForms(key)...)
		}
	}
	where := p.linkCond(&w.way.Reference, roots)
	exact := make(map[string]bool, there)
	for _, v := range where[0].(dialect.In).Keys[:there] {
		exact[dialect.EncodeKey(v)] = true
	}
	n := len(w.to.Key)
	for row, err := range tx.Query(ctx, dialect.Select{
		Table: w.to.Name, Columns: slices.Concat(w.to.Key, w.way.Columns), Where: where, Limit: room + 1,
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

func (f *linkIndex) merge(o *linkIndex) {
	f.kept += o.kept
	f.loose = append(f.loose, o.loose...)
	for v, keys := range o.rows {
		f.rows[v] = append(f.rows[v], keys...)
	}
}

// scanOnce counts the rows that refer to the subjects after the last batch by such
// a reference. All that were there before have gone, so that these have arrived,
// whether their subject has gone or stayed.
func (p *compiledRoot) scanOnce(ctx context.Context, tx dialect.Tx, keys []dialect.Key, found map[string]int64) error {
	for _, w := range p.unindexedLinks() {
		n, err := tx.Count(ctx, w.to.Name, p.linkCond(&w.way.Reference, keys))
		if err != nil {
			return err
		}
		found[w.to.deletes] += n
	}
	return nil
}
