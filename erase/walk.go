package erase

import (
	"context"
	"iter"

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
		for ; ; seq++ {
			high, err := e.next(ctx, p, low, sizer.Size())
			if err != nil {
				yield(nil, err)
				return
			}
			if high == nil || !yield(&item{prog: p, seq: seq, low: low, high: high}, nil) {
				return
			}
			low = high
		}
	}
}

// next finds where the range of n roots after low ends; nil where there are none.
func (e *executor) next(ctx context.Context, p *program, low dialect.Key, n int) (dialect.Key, error) {
	t := p.first()
	var high dialect.Key
	err := batch.Retry(ctx, e.backoff(), again, func(int) error {
		high = nil
		return within(ctx, e.db, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
			where := p.where()
			if low != nil {
				where = append(where, dialect.After{Columns: t.Key, Key: low})
			}
			for key, err := range tx.Query(ctx, dialect.Select{Table: t.Name, Columns: t.Key, Where: where, Order: t.Key, Limit: n}) {
				if err != nil {
					return err
				}
				high = key
			}
			return nil
		})
	})
	return high, err
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
			gaps = append(gaps, &item{prog: p, seq: seq, part: part, low: low, high: high, rest: true})
		}
		cursor, seq, part = d.High, d.Seq, d.Part+1
	}
	last, err = decodeBound(cursor)
	return gaps, last, err
}

func decodeBound(s string) (dialect.Key, error) {
	if s == "" {
		return nil, nil
	}
	return dialect.DecodeKey(s)
}
