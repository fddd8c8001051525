//go:build unix

package bench

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// journaling overwrites a table with and without journal and verification, in the database and
// through the client.
func journaling(t *testing.T, e *engine, n int) []result {
	var out []result
	for _, how := range []replacing{randoms, pseudonyms} {
		policy := customerPolicy(how.policy, "")
		r := result{Work: "journal and verification: " + how.title, Engine: e.String(), Rows: n,
			AgainstName: "a bare loop of the same batches", Goal: 1.15}
		without := e.fresh(func(db *database) { db.customers(n) })
		r.Against = without.run(job{Policy: policy, Scope: plan.ScopeEverything, Bare: true}).Took
		without.overwrittenAll(t, n)

		db := e.fresh(func(db *database) { db.customers(n) })
		before := db.state(t)
		r.take(db.run(job{Policy: policy, Scope: plan.ScopeEverything}))
		r.Left += db.overwrittenAll(t, n)
		r.Intact = before.compare(t, db)
		out = append(out, r)
	}
	return out
}

// bare carries out a plan that overwrites one table as erase.Run does, but without safety and
// proof: the same batches, statements and workers; no journal, no comparison, no verification, no
// retry.
func bare(ctx context.Context, db dialect.DB, p *plan.Plan, secret anonymise.Secret, rows *atomic.Int64) error {
	schema, err := db.Inspect(ctx)
	if err != nil {
		return err
	}
	root := &p.Roots[0]
	w := &bareWriter{db: db, table: schema.Table(root.Table), secret: secret, rows: rows}
	for _, a := range root.Steps[0].Set {
		column := w.table.Column(a.Column)
		_, replacer, err := plan.Bind(w.table, a.Strategy, column)
		if err != nil {
			return err
		}
		if e, ok := replacer.Expr(); ok && a.Way == plan.InDatabase {
			w.set = append(w.set, dialect.Assign{Column: column, Expr: e})
			continue
		}
		w.columns, w.replacers = append(w.columns, a.Column), append(w.replacers, replacer)
	}
	workers := 4
	if most := db.Engine().Writers; most > 0 {
		workers = min(workers, most)
	}
	return batch.Run(ctx, workers, time.Minute, w.ranges(ctx), w.write)
}

type bareWriter struct {
	db        dialect.DB
	table     *dialect.Table
	secret    anonymise.Secret
	rows      *atomic.Int64
	set       []dialect.Assign // in the database
	columns   []string         // or through the client
	replacers []anonymise.Replacer
}

// bareRows is the first size of a batch of scope everything.
const bareRows = 5000

// ranges walks the table by its key.
func (w *bareWriter) ranges(ctx context.Context) iter.Seq2[[]dialect.Cond, error] {
	return func(yield func([]dialect.Cond, error) bool) {
		key := w.table.Key()
		var low dialect.Key
		for {
			var high dialect.Key
			after := []dialect.Cond{dialect.After{Columns: key, Key: low}}
			err := w.in(ctx, true, func(tx dialect.Tx) error {
				for k, err := range tx.Query(ctx, dialect.Select{Table: w.table.Name, Columns: key, Where: after, Order: key, Limit: bareRows}) {
					if err != nil {
						return err
					}
					high = k
				}
				return nil
			})
			if err != nil {
				yield(nil, err)
				return
			}
			if high == nil || !yield(append(after, dialect.UpTo{Columns: key, Key: high}), nil) {
				return
			}
			low = high
		}
	}
}

// write overwrites one range in a transaction.
func (w *bareWriter) write(ctx context.Context, where []dialect.Cond) error {
	return w.in(ctx, false, func(tx dialect.Tx) error {
		if len(w.set) > 0 {
			u, err := tx.Update(ctx, dialect.Update{Table: w.table.Name, Set: w.set, Where: where})
			w.rows.Add(u.Rows)
			return err
		}
		key, lock := w.table.Key(), dialect.Exclusive
		if v := w.db.Engine().RowVersionColumn; v != "" {
			key, lock = append([]string{v, w.table.Address}, key...), dialect.NoLock
		}
		bulk := dialect.BulkUpdate{Table: w.table.Name, Key: key, Set: w.columns}
		source := anonymise.NewSource(w.secret, nil)
		columns := slices.Concat(key, w.columns)
		for row, err := range tx.Query(ctx, dialect.Select{Table: w.table.Name, Columns: columns, Where: where, Order: w.table.Key(), Lock: lock}) {
			if err != nil {
				return err
			}
			for i, r := range w.replacers {
				if row[len(key)+i], err = r.Replace(source, row[len(key)+i]); err != nil {
					return err
				}
			}
			bulk.Rows = append(bulk.Rows, row)
		}
		n, err := tx.BulkUpdate(ctx, bulk)
		if err == nil && n != int64(len(bulk.Rows)) {
			err = fmt.Errorf("%d rows of %d were found", n, len(bulk.Rows))
		}
		w.rows.Add(n)
		return err
	})
}

// in calls do in a transaction.
func (w *bareWriter) in(ctx context.Context, readOnly bool, do func(tx dialect.Tx) error) error {
	tx, err := w.db.Begin(ctx, dialect.TxOptions{ReadOnly: readOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // harmless after a commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
