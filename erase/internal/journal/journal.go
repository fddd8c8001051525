// Package journal has the journal's tables in the target database, and all writes to them
// and reads from them.
//
//   - tables.go: the tables, and how they are made
//   - run.go: the row of a run: acquire, check the epoch, store the receipt, close
//   - batches.go: the row of a batch: insert, resolve an unknown commit, mark as verified
//   - subjects.go, deleted.go: marks and digests to recognise the subjects of a continued run
//   - database.go: the identity of the database, and of what it is a copy
//   - held.go: the rows from where scope expired finds the held data
//   - suspended.go: the suspended indexes
//   - pause.go: the pauses of runs
//
// Values cross this package as Go types. Their stored text forms are known here only.
package journal

import (
	"context"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/transaction"
)

// Reader reads the journal of a database. It writes nothing, also where there is no journal.
type Reader struct{ db dialect.DB }

// Read returns the reader of a database's journal.
func Read(db dialect.DB) Reader { return Reader{db} }

// Journal reads and writes, as one run or as none.
type Journal struct {
	Reader
	run   string
	epoch int64 // of the run since Acquire
	now   func() time.Time
}

// Open returns the journal for a run's ID, or for "" where no run is concerned. It writes nothing yet.
func Open(db dialect.DB, run string, now func() time.Time) *Journal {
	return &Journal{Reader: Read(db), run: run, now: now}
}

func (j Reader) table(name string) dialect.Name { return j.db.JournalTable(name) }

func (j Reader) read(ctx context.Context, do func(tx dialect.Reader) error) error {
	return transaction.Read(ctx, j.db, do)
}

func (j *Journal) write(ctx context.Context, do func(tx dialect.Tx) error) error {
	return transaction.Run(ctx, j.db, dialect.TxOptions{}, do)
}

// ofRun is the condition for the run's rows.
func (j *Journal) ofRun() dialect.Cond {
	return dialect.Compare{Column: "run", Op: "=", Value: j.run}
}

// update assigns values to rows of one of the journal's tables.
func (j *Journal) update(ctx context.Context, tx dialect.Tx, name string, values map[string]dialect.Value, where []dialect.Cond) error {
	full := j.table(name)
	u := dialect.Update{Table: full, Where: where}
	for _, t := range Tables(j.db) {
		if t.Name != full {
			continue
		}
		for _, c := range t.Columns {
			v, ok := values[c.Name]
			switch {
			case !ok:
			case v == nil:
				u.Set = append(u.Set, dialect.Assign{Column: c, Expr: dialect.Null{}})
			default:
				u.Set = append(u.Set, dialect.Assign{Column: c, Expr: dialect.Literal{Value: v, Column: c}})
			}
		}
	}
	_, err := tx.Update(ctx, u)
	return err
}

// FormatTime writes a moment as the journal stores it.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// parseTime reads a moment. It is zero where the value is NULL or no moment.
func parseTime(v dialect.Value) time.Time {
	t, err := time.Parse(time.RFC3339Nano, textOf(v))
	if err != nil {
		return time.Time{}
	}
	return t
}

func nullIfEmpty(s string) dialect.Value {
	if s == "" {
		return nil
	}
	return s
}

func textOf(v dialect.Value) string {
	s, _ := dialect.TextOf(v)
	return s
}

func intOf(v dialect.Value) int64 {
	n, _ := v.(int64)
	return n
}

// inColumn is the condition for a column to have one of the values.
func inColumn(column string, values []string) []dialect.Cond {
	in := dialect.In{Columns: []string{column}}
	for _, v := range values {
		in.Keys = append(in.Keys, dialect.Key{v})
	}
	return []dialect.Cond{in}
}
