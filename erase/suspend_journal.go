package erase

import (
	"context"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// suspension is the journal's row of an index that a run has suspended.
type suspension struct {
	Run   string
	Root  int64 // the root's place in the plan
	Table dialect.Name
	dialect.SuspendedIndex
}

// String names it for people.
func (s *suspension) String() string { return "index " + s.Name + " of " + s.Table.String() }

var suspendedColumns = []string{"run", "root", "schema_name", "table_name", "index_name", "definition", "suspended", "restored"}

// insertSuspended notes the indexes of a root's table that are about to be suspended.
// What the run noted of this root before is in place again.
func (j *journal) insertSuspended(ctx context.Context, all []suspension) error {
	return j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		if err := j.checkEpoch(ctx, tx); err != nil {
			return err
		}
		table := j.db.JournalTable(suspendedTable)
		if _, err := tx.Delete(ctx, dialect.Delete{Table: table, Where: []dialect.Cond{j.ofRun(), dialect.Compare{Column: "root", Op: "=", Value: all[0].Root}}}); err != nil {
			return err
		}
		i := dialect.Insert{Table: table, Columns: suspendedColumns}
		for _, s := range all {
			i.Rows = append(i.Rows, dialect.Row{s.Run, s.Root, nullIfEmpty(s.Table.Schema), s.Table.Table, s.Name, s.Definition, formatTime(j.now()), nil})
		}
		return tx.Insert(ctx, i)
	})
}

// checkOwned checks that the run is still this process's.
func (j *journal) checkOwned(ctx context.Context) error {
	return j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error { return j.checkEpoch(ctx, tx) })
}

// markRestored notes that an index is in place again.
func (j *journal) markRestored(ctx context.Context, s *suspension, at time.Time) error {
	return j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		return j.update(ctx, tx, suspendedTable, map[string]dialect.Value{"restored": formatTime(at)},
			[]dialect.Cond{dialect.In{Columns: []string{"run", "root", "index_name"}, Keys: []dialect.Key{{s.Run, s.Root, s.Name}}}})
	})
}

// revoke raises the run's epoch: whoever had it can suspend nothing any more,
// nor commit.
func (j *journal) revoke(ctx context.Context) error {
	return j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		row, err := j.findLocked(ctx, tx, dialect.Exclusive)
		if err != nil || row == nil {
			return err
		}
		return j.update(ctx, tx, runTable, map[string]dialect.Value{"epoch": row.Epoch + 1}, j.ofThisEpoch())
	})
}

// leftSuspended is suspended where the journal may not have been made.
func leftSuspended(ctx context.Context, db dialect.DB) ([]suspension, error) {
	all, err := suspended(ctx, db)
	return all, unlessMissing(ctx, err)
}

// suspended are the indexes that are away, by run, root and name.
func suspended(ctx context.Context, db dialect.DB) ([]suspension, error) {
	var out []suspension
	err := inTransaction(ctx, db, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		for r, err := range tx.Query(ctx, dialect.Select{
			Table: db.JournalTable(suspendedTable), Columns: suspendedColumns,
			Where: []dialect.Cond{dialect.IsNull{Column: "restored"}}, Order: []string{"run", "root", "index_name"},
		}) {
			if err != nil {
				return err
			}
			out = append(out, suspension{
				Run: textOf(r[0]), Root: intOf(r[1]), Table: dialect.Name{Schema: textOf(r[2]), Table: textOf(r[3])},
				SuspendedIndex: dialect.SuspendedIndex{Name: textOf(r[4]), Definition: textOf(r[5])},
			})
		}
		return nil
	})
	return out, err
}
