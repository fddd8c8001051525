package erase

import (
	"context"
	"iter"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/batch"
)

// given makes items of the subjects' keys. The first gets the number seq.
func given(p *program, keys iter.Seq2[dialect.Key, error], sizer *batch.Sizer, seq int64) iter.Seq2[*item, error] {
	return func(yield func(*item, error) bool) {
		it := &item{prog: p, seq: seq}
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
			it = &item{prog: p, seq: seq}
		}
		if len(it.keys) > 0 {
			yield(it, nil)
		}
	}
}

// walk makes items of ranges of the root's table, in key order. What done says
// was walked by an earlier process is passed over: first come the ranges that it left out
// between others, then what comes after the last one.
func (e *executor) walk(ctx context.Context, p *program, sizer *batch.Sizer, done []entry) iter.Seq2[*item, error] {
	return func(yield func(*item, error) bool) {
		if p.root.Whole {
			if len(done) == 0 {
				yield(&item{prog: p, seq: 1, whole: true}, nil)
			}
			return
		}
		var low dialect.Key
		seq := int64(1)
		if n := len(done); n > 0 {
			seq = done[n-1].Seq + 1
		}
		if p.bounded() {
			var gaps []*item
			var err error
			if gaps, low, err = gapsIn(p, done); err != nil {
				yield(nil, err)
				return
			}
			for _, g := range gaps {
				if !yield(g, nil) {
					return
				}
			}
		}
		last, err := e.last(ctx, p)
		if err != nil {
			yield(nil, err)
			return
		}
		if last == nil {
			return
		}
		ctx, stop := context.WithCancel(ctx)
		next := e.ask(ctx, p, low, last, sizer)
		defer func() {
			stop()
			next() // no question outlives the walk
		}()
		for ; ; seq++ {
			b := next()
			if b.err != nil {
				yield(nil, b.err)
				return
			}
			it := &item{prog: p, seq: seq, low: low, high: b.high}
			if b.high == nil {
				return
			}
			if b.more {
				next = e.ask(ctx, p, b.high, last, sizer)
			}
			if !yield(it, nil) || !b.more {
				return
			}
			low = b.high
		}
	}
}

// bound is where a range of a walk ends.
type bound struct {
	high dialect.Key // nil: there are no roots
	more bool        // there may be some after it
	err  error
}

// ask asks where the range after low ends, and returns where the answer is to
// be had. It is asked ahead, while batches are carried out; but where there is one writer a
// reader would only be in its way.
func (e *executor) ask(ctx context.Context, p *program, low, last dialect.Key, sizer *batch.Sizer) func() bound {
	if e.db.Engine().Writers == 1 {
		return sync.OnceValue(func() bound { return e.next(ctx, p, low, last, sizer.Size()) })
	}
	answer := make(chan bound, 1)
	go func() { answer <- e.next(ctx, p, low, last, sizer.Size()) }()
	return sync.OnceValue(func() bound { return <-answer })
}

// next finds where the range of n roots after low ends, the last of them
// being known.
func (e *executor) next(ctx context.Context, p *program, low, last dialect.Key, n int) (b bound) {
	after := &item{low: low, high: last}
	b.err = batch.Retry(ctx, e.backoff(), again, func(int) error {
		return e.read(ctx, func(tx dialect.Tx) (err error) {
			b.high, err = p.nth(ctx, tx, after, n)
			b.more = b.high != nil
			if err != nil || b.more {
				return err
			}
			first, err := p.nth(ctx, tx, after, 1)
			if first != nil {
				b.high = last
			}
			return err
		})
	})
	return b
}

// last is the key of the last root there is, nil where there is none. What
// arrives behind it isn't the run's; and rows that aren't roots, which may be all that
// follow, are passed over once.
func (e *executor) last(ctx context.Context, p *program) (last dialect.Key, err error) {
	s := p.keys(&item{})
	s.Descending, s.Limit = true, 1
	err = batch.Retry(ctx, e.backoff(), again, func(int) error {
		return e.read(ctx, func(tx dialect.Tx) error {
			last = nil
			for key, err := range tx.Query(ctx, s) {
				if err != nil {
					return err
				}
				last = key
			}
			return nil
		})
	})
	return last, err
}

// keys selects the keys of an item's roots, in their order.
func (p *program) keys(it *item) dialect.Select {
	t := p.first()
	return dialect.Select{Table: t.Name, Columns: t.Key, Where: append(p.where(), it.where(p)...), Order: t.Key}
}

// nth is the key of an item's n-th root, nil where there are fewer.
func (p *program) nth(ctx context.Context, tx dialect.Tx, it *item, n int) (nth dialect.Key, err error) {
	s := p.keys(it)
	s.Limit, s.Offset = 1, n-1
	for key, err := range tx.Query(ctx, s) {
		if err != nil {
			return nil, err
		}
		nth = key
	}
	return nth, nil
}

// gapsIn finds the ranges between those that are done. The bounds of ranges
// that were walked one after the other are the very same keys, and entries are ordered as the
// walk was, so that no key has to be compared with another but for equality. A gap
// takes the number of the range before it, and the next part.
func gapsIn(p *program, done []entry) (gaps []*item, last dialect.Key, err error) {
	cursor := ""
	seq, part := int64(0), int64(0)
	for _, d := range done {
		if d.High == "" { // deletes that were split off a range which isn't done
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
			gaps = append(gaps, &item{prog: p, seq: seq, part: part, low: low, high: high, gap: true})
		}
		cursor, seq, part = d.High, d.Seq, d.Part+1
	}
	last, err = decodeBound(cursor)
	return gaps, last, err
}

// fill carries out what a killed process left between two ranges, in batches of
// the size that the walk has. They come one after the other, each the next part in the walk's
// order: should this process be killed too, what is left is one gap again.
func (e *executor) fill(ctx context.Context, gap *item, sizer *batch.Sizer, skip map[string]bool) error {
	for {
		var high dialect.Key
		err := batch.Retry(ctx, e.backoff(), again, func(int) error {
			return e.read(ctx, func(tx dialect.Tx) (err error) {
				high, err = gap.prog.nth(ctx, tx, gap, sizer.Size())
				return err
			})
		})
		if err != nil {
			return err
		}
		it := *gap
		it.gap = false
		if high != nil {
			it.high = high
		}
		if err := e.batch(ctx, &it, sizer, skip); err != nil || high == nil {
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
