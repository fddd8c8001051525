package erase

import (
	"context"
	"iter"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
)

// keyBatches makes items of the subjects' keys. The first gets the number seq.
func keyBatches(p *closure.Root, keys iter.Seq2[dialect.Key, error], sizer *batch.Sizer, seq int64) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		it := &workItem{root: p, roots: listedRoots, seq: seq}
		for key, err := range keys {
			if err != nil {
				yield(nil, err)
				return
			}
			it.keys = append(it.keys, key)
			if len(it.keys) < sizer.Size() {
				continue
			}
			if !yield(it, nil) {
				return
			}
			seq++
			it = &workItem{root: p, roots: listedRoots, seq: seq}
		}
		if len(it.keys) > 0 {
			yield(it, nil)
		}
	}
}

// rangeBatches makes items of ranges of the root's table, in key order. It skips ranges walked by an
// earlier process (done): first come the gaps between these, then the ranges after the last one.
func (r *reader) rangeBatches(ctx context.Context, p *closure.Root, sizer *batch.Sizer, done []journal.Batch) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		if p.Plan.Whole {
			if len(done) == 0 {
				yield(&workItem{root: p, seq: 1, roots: tableRoots}, nil)
			}
			return
		}
		next := &workItem{root: p, seq: 1}
		if n := len(done); n > 0 {
			next.seq = done[n-1].Seq + 1
		}
		if p.KeepsBounds() {
			gaps, last, err := gapsIn(p, done)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, g := range gaps {
				if !yield(g, nil) {
					return
				}
			}
			next.low = last
		}
		r.walkRanges(ctx, next, sizer, yield)
	}
}

// walkRanges makes items of the ranges from the next one on.
func (r *reader) walkRanges(ctx context.Context, it *workItem, sizer *batch.Sizer, yield func(*workItem, error) bool) {
	ctx, stop := context.WithCancel(ctx)
	end := r.findEnd(ctx, it.root)
	next := r.prefetchBound(ctx, it.root, it.low, end, sizer)
	defer func() { // stop pending look-ups
		stop()
		next()
		_, _ = end.wait()
	}()
	for {
		b := next()
		if b.err != nil {
			yield(nil, b.err)
			return
		}
		if b.high == nil {
			return
		}
		it.high = b.high
		if b.more {
			next = r.prefetchBound(ctx, it.root, b.high, end, sizer)
		}
		if !yield(it, nil) || !b.more {
			return
		}
		it = &workItem{root: it.root, seq: it.seq + 1, low: b.high}
	}
}

// rangeEnd is the end of a walk's range.
type rangeEnd struct {
	high dialect.Key // nil: there are no roots
	more bool        // there may be more roots after it
	err  error
}

// prefetchBound starts looking up the end of the next range and returns a function to wait for it. It
// runs while batches are carried out; on an engine with one writer, only when needed.
func (r *reader) prefetchBound(ctx context.Context, p *closure.Root, low dialect.Key, end *walkEnd, sizer *batch.Sizer) func() rangeEnd {
	if r.db.Engine().Writers == 1 {
		return sync.OnceValue(func() rangeEnd { return r.nextBound(ctx, p, low, end, sizer.Size()) })
	}
	answer := make(chan rangeEnd, 1)
	go func() { answer <- r.nextBound(ctx, p, low, end, sizer.Size()) }()
	return sync.OnceValue(func() rangeEnd { return <-answer })
}

// nextBound finds the end of the range of n roots after low.
func (r *reader) nextBound(ctx context.Context, p *closure.Root, low dialect.Key, end *walkEnd, n int) (b rangeEnd) {
	after := &workItem{root: p, low: low}
	if end.known() {
		if after.high, b.err = end.wait(); after.high == nil {
			return b
		}
	}
	if b.high, b.err = r.nthKey(ctx, after, n); b.err != nil {
		return b
	}
	if b.more = b.high != nil; b.more {
		return b
	}
	if after.high, b.err = end.wait(); after.high == nil {
		return b
	}
	first, err := r.nthKey(ctx, after, 1)
	if first != nil {
		b.high = after.high
	}
	b.err = err
	return b
}

// walkEnd is the last root at the beginning of a walk. Roots added after it aren't the run's, and any
// rows after it that aren't roots are skipped once. Finding it may take a while, and the walk continues
// meanwhile; on an engine with one writer it is found first.
type walkEnd struct {
	found chan struct{}
	key   dialect.Key // nil without roots
	err   error
}

func (r *reader) findEnd(ctx context.Context, p *closure.Root) *walkEnd {
	end := &walkEnd{found: make(chan struct{})}
	find := func() {
		end.key, end.err = r.lastKey(ctx, p)
		close(end.found)
	}
	if r.db.Engine().Writers == 1 {
		find()
	} else {
		go find()
	}
	return end
}

func (w *walkEnd) known() bool {
	select {
	case <-w.found:
		return true
	default:
		return false
	}
}

func (w *walkEnd) wait() (dialect.Key, error) {
	<-w.found
	return w.key, w.err
}

// lastKey is the key of the last root, nil without roots.
func (r *reader) lastKey(ctx context.Context, p *closure.Root) (last dialect.Key, err error) {
	s := (&workItem{root: p}).selectKeys()
	s.Descending, s.Limit = true, 1
	return r.queryKey(ctx, s)
}

// nthKey is the key of an item's n-th root, nil if there are fewer.
func (r *reader) nthKey(ctx context.Context, it *workItem, n int) (dialect.Key, error) {
	s := it.selectKeys()
	s.Limit, s.Offset = 1, n-1
	return r.queryKey(ctx, s)
}

// queryKey reads the one key selected, or nil.
func (r *reader) queryKey(ctx context.Context, s dialect.Select) (key dialect.Key, err error) {
	err = batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
		key = nil
		return r.inReadTx(ctx, func(tx dialect.Reader) error {
			for k, err := range tx.Query(ctx, s) {
				if err != nil {
					return err
				}
				key = k
			}
			return nil
		})
	})
	return key, err
}

// selectKeys selects the keys of an item's roots, in their order.
func (it *workItem) selectKeys() dialect.Select {
	t := it.root.RootTable()
	return dialect.Select{Table: t.Name, Columns: t.Key, Where: append(it.root.Where(), it.rangeCond()...), Order: t.Key}
}

// gapsIn finds the gaps between the ranges done. Neighbouring ranges share a bound, the very same key,
// and entries have the walk's order: comparing keys for equality is enough. A gap gets the number of
// the range before it, and the next part.
func gapsIn(p *closure.Root, done []journal.Batch) (gaps []*workItem, last dialect.Key, err error) {
	cursor := ""
	seq, part := int64(0), int64(0)
	for _, d := range done {
		if d.High == "" { // deletes split off a range not yet done
			seq, part = d.Seq, d.Part+1
			continue
		}
		if d.Low != cursor {
			low, err := decodeBound(cursor)
			if err != nil {
				return nil, nil, err
			}
			high, err := decodeBound(d.Low)
			if err != nil {
				return nil, nil, err
			}
			gaps = append(gaps, &workItem{root: p, seq: seq, part: part, low: low, high: high, roots: gapRoots})
		}
		cursor, seq, part = d.High, d.Seq, d.Part+1
	}
	last, err = decodeBound(cursor)
	return gaps, last, err
}

// fillGap carries out the gap left by a killed process between two ranges, in batches of the walk's
// size. They run one after the other, each as the next part in the walk's order: if this process is
// killed too, a single gap remains.
func (r *run) fillGap(ctx context.Context, gap *workItem, sizer *batch.Sizer, skip map[string]bool) error {
	for {
		high, err := r.nthKey(ctx, gap, sizer.Size())
		if err != nil {
			return err
		}
		it := *gap
		it.roots = rangeRoots
		if high != nil {
			it.high = high
		}
		if err := r.runItem(ctx, &it, sizer, skip); err != nil || high == nil {
			return err
		}
		gap.low, gap.part = high, it.part
	}
}

func decodeBound(s string) (dialect.Key, error) {
	if s == "" {
		return nil, nil
	}
	return dialect.DecodeKey(s)
}
