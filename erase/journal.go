package erase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// journal is where a run keeps what it has done, in the target database.
type journal struct {
	db    dialect.DB
	run   string
	epoch int64
	now   func() time.Time
}

// runRow is the journal's row of a run.
type runRow struct {
	ID, State  string
	Epoch      int64
	Holder     string
	Plan       string
	ReceiptID  string
	Commitment string
	Marks      string // of its subjects, see subjectMark
	Subjects   int64
	Actor      string
	AsOf       time.Time
	Began      time.Time
	Closed     time.Time
	Envelope   string
}

// batchRecord is the journal's row of a batch, or of a part of one.
type batchRecord struct {
	Root, Seq, Part int64
	Epoch           int64
	Roots           int64
	Low, High       string // encoded keys, "" where there is none
	Stayed          []string
	Done            string // see doneSubjects
	Tally           tally
	Leaf            string
	Padded          int64
	Retries         int64
	Began           time.Time
	Committed       time.Time
	Verified        time.Time
}

var runColumns = []string{"id", "state", "epoch", "holder", "plan", "receipt_id", "subjects", "actor", "as_of", "began", "closed", "envelope", "commitment", "marks"}

var entryColumns = []string{"run", "root", "seq", "part", "epoch", "roots", "low", "high", "stayed", "counts", "retries", "began", "committed", "verified", "leaf", "padded", "done"}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func parseTime(v dialect.Value) time.Time {
	s, _ := dialect.TextOf(v)
	t, err := time.Parse(time.RFC3339Nano, s)
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

// inTx starts a transaction, hands it to do and commits it.
func (j *journal) inTx(ctx context.Context, o dialect.TxOptions, do func(tx dialect.Tx) error) error {
	return inTransaction(ctx, j.db, o, do)
}

// inTransaction runs do in one transaction.
func inTransaction(ctx context.Context, db dialect.DB, o dialect.TxOptions, do func(tx dialect.Tx) error) error {
	tx, err := db.Begin(ctx, o)
	if err != nil {
		return err
	}
	err = do(tx)
	if err == nil && !o.ReadOnly {
		err = tx.Commit(ctx)
	}
	// Also after a commit that failed, which may have the connection still.
	return errors.Join(err, ignoreLost(tx.Rollback(ctx)))
}

// ignoreLost drops the error of a rollback that the lost connection has done.
func ignoreLost(err error) error {
	if dialect.ClassOf(err) == dialect.LostConnection {
		return nil
	}
	return err
}

// findLocked returns the run's row, nil where there is none.
func (j *journal) findLocked(ctx context.Context, tx dialect.Tx, lock dialect.Lock) (*runRow, error) {
	for r, err := range tx.Query(ctx, dialect.Select{
		Table: j.db.JournalTable(runTable), Columns: runColumns, Lock: lock,
		Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{j.run}}}},
	}) {
		if err != nil {
			return nil, err
		}
		return &runRow{
			ID: textOf(r[0]), State: textOf(r[1]), Epoch: intOf(r[2]), Holder: textOf(r[3]), Plan: textOf(r[4]), ReceiptID: textOf(r[5]),
			Subjects: intOf(r[6]), Actor: textOf(r[7]), AsOf: parseTime(r[8]), Began: parseTime(r[9]), Closed: parseTime(r[10]), Envelope: textOf(r[11]), Commitment: textOf(r[12]), Marks: textOf(r[13]),
		}, nil
	}
	return nil, nil
}

// findRun looks for the run without making the journal; nil where there is none.
func (j *journal) findRun(ctx context.Context) (*runRow, error) {
	var found *runRow
	err := j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) (err error) {
		found, err = j.findLocked(ctx, tx, dialect.NoLock)
		return err
	})
	if err != nil {
		return nil, unlessMissing(ctx, err)
	}
	return found, nil
}

// acquire makes the run this process's own: it inserts the row, or raises the
// epoch of the one that is there, so that whoever had it can't commit any more.
func (j *journal) acquire(ctx context.Context, fresh runRow) (*runRow, error) {
	var row *runRow
	err := j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		found, err := j.findLocked(ctx, tx, dialect.Exclusive)
		if err != nil {
			return err
		}
		if found == nil {
			row = &fresh
			row.Epoch, row.State = 1, stateOpen
			return tx.Insert(ctx, dialect.Insert{Table: j.db.JournalTable(runTable), Columns: runColumns, Rows: []dialect.Row{{
				row.ID, row.State, row.Epoch, row.Holder, row.Plan, row.ReceiptID, row.Subjects, nullIfEmpty(row.Actor), formatTime(row.AsOf), formatTime(row.Began), nil, nil, nullIfEmpty(row.Commitment), nullIfEmpty(row.Marks),
			}}})
		}
		row = found
		if row.State == stateClosed {
			return nil
		}
		row.Epoch++
		row.Holder = fresh.Holder
		return j.update(ctx, tx, runTable, map[string]dialect.Value{"epoch": row.Epoch, "holder": row.Holder}, j.ofThisEpoch())
	})
	if err != nil {
		return nil, err
	}
	j.epoch = row.Epoch
	return row, nil
}

func (j *journal) ofThisEpoch() []dialect.Cond {
	return []dialect.Cond{dialect.Compare{Column: "id", Op: "=", Value: j.run}}
}

func (j *journal) ofRun() dialect.Cond {
	return dialect.Compare{Column: "run", Op: "=", Value: j.run}
}

// update assigns values to rows of one of the journal's tables.
func (j *journal) update(ctx context.Context, tx dialect.Tx, name string, values map[string]dialect.Value, where []dialect.Cond) error {
	full := j.db.JournalTable(name)
	u := dialect.Update{Table: full, Where: where}
	for _, t := range journalTables(j.db) {
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

// checkEpoch share-locks the run's row and checks that the run is still this
// process's: one that was taken for dead can't commit.
func (j *journal) checkEpoch(ctx context.Context, tx dialect.Tx) error {
	row, err := j.findLocked(ctx, tx, dialect.Share)
	if err != nil {
		return err
	}
	if row == nil || row.Epoch != j.epoch || row.State != stateOpen {
		return ErrSuperseded
	}
	return nil
}

// insertBatch adds a batch's entry within the batch's own transaction.
func (j *journal) insertBatch(ctx context.Context, tx dialect.Tx, e *batchRecord) error {
	counts, err := json.Marshal(&e.Tally)
	if err != nil {
		return err
	}
	var stayed dialect.Value
	if len(e.Stayed) > 0 {
		doc, err := json.Marshal(e.Stayed)
		if err != nil {
			return err
		}
		stayed = string(doc)
	}
	return tx.Insert(ctx, dialect.Insert{Table: j.db.JournalTable(batchTable), Columns: entryColumns, Rows: []dialect.Row{{
		j.run, e.Root, e.Seq, e.Part, j.epoch, e.Roots, nullIfEmpty(e.Low), nullIfEmpty(e.High), stayed, string(counts), e.Retries,
		formatTime(e.Began), formatTime(e.Committed), nil, nullIfEmpty(e.Leaf), e.Padded, nullIfEmpty(e.Done),
	}}})
}

// resolveUnknownCommit finds out whether a commit whose answer was lost took place. It
// inserts the batch's unique key again, which waits for the first transaction
// where that is still under way, and rolls back.
func (j *journal) resolveUnknownCommit(ctx context.Context, e *batchRecord) (committed bool, err error) {
	tx, err := j.db.Begin(ctx, dialect.TxOptions{})
	if err != nil {
		return false, err
	}
	err = j.insertBatch(ctx, tx, e)
	rollback := tx.Rollback(ctx)
	switch {
	case dialect.ClassOf(err) == dialect.UniqueViolation:
		return true, nil
	case err != nil:
		return false, err
	}
	return false, rollback
}

// batchRecords reads the run's batches, in the order of their keys.
func (j *journal) batchRecords(ctx context.Context) ([]batchRecord, error) {
	var out []batchRecord
	err := j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		for r, err := range tx.Query(ctx, dialect.Select{
			Table: j.db.JournalTable(batchTable), Columns: entryColumns, Where: []dialect.Cond{j.ofRun()},
			Order: []string{"run", "root", "seq", "part"},
		}) {
			if err != nil {
				return err
			}
			e := batchRecord{
				Root: intOf(r[1]), Seq: intOf(r[2]), Part: intOf(r[3]), Epoch: intOf(r[4]), Roots: intOf(r[5]),
				Low: textOf(r[6]), High: textOf(r[7]), Retries: intOf(r[10]), Began: parseTime(r[11]), Committed: parseTime(r[12]), Verified: parseTime(r[13]), Leaf: textOf(r[14]), Padded: intOf(r[15]), Done: textOf(r[16]),
			}
			if s := textOf(r[8]); s != "" {
				if err := json.Unmarshal([]byte(s), &e.Stayed); err != nil {
					return fmt.Errorf("the journal's batch %d/%d/%d is damaged", e.Root, e.Seq, e.Part)
				}
			}
			if err := json.Unmarshal([]byte(textOf(r[9])), &e.Tally); err != nil {
				return fmt.Errorf("the journal's batch %d/%d/%d is damaged", e.Root, e.Seq, e.Part)
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// markVerified notes when batches were looked at after their commit, and what was
// found of the ones in which rows were left, or to which some have come.
func (j *journal) markVerified(ctx context.Context, at time.Time, entries []*batchRecord) error {
	return j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		if err := j.checkEpoch(ctx, tx); err != nil {
			return err
		}
		var keys []dialect.Key
		for _, e := range entries {
			keys = append(keys, dialect.Key{j.run, e.Root, e.Seq, e.Part})
		}
		for part := range slices.Chunk(keys, 1000) {
			if err := j.update(ctx, tx, batchTable, map[string]dialect.Value{"verified": formatTime(at)},
				[]dialect.Cond{dialect.In{Columns: []string{"run", "root", "seq", "part"}, Keys: part}}); err != nil {
				return err
			}
		}
		for i, e := range entries {
			if !e.Tally.foundProblems() {
				continue
			}
			counts, err := json.Marshal(&e.Tally)
			if err != nil {
				return err
			}
			if err := j.update(ctx, tx, batchTable, map[string]dialect.Value{"counts": string(counts)},
				[]dialect.Cond{dialect.In{Columns: []string{"run", "root", "seq", "part"}, Keys: keys[i : i+1]}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// foundProblems reports whether a look found rows: left over, or arrived.
func (t *tally) foundProblems() bool {
	for _, c := range t.Steps {
		if c.Left+c.Arrived > 0 {
			return true
		}
	}
	return false
}
