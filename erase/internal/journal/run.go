package journal

import (
	"context"
	"errors"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// The states of a run.
const (
	StateOpen   = "open"   // begun; to be continued under the same ID
	StateSigned = "signed" // its receipt is signed and stored, and not known to be published
	StateClosed = "closed" // its receipt is signed, stored and published
)

// ErrSuperseded says that another process has acquired the run. This one commits nothing more.
var ErrSuperseded = errors.New("the run was taken over by another process")

// Run is the row of a run.
type Run struct {
	ID, State  string
	Epoch      int64
	Holder     string // the last process to acquire it
	Plan       string // the plan's digest
	ReceiptID  string
	Commitment string // tells whether a continued run was given the same commitment key
	Marks      string // of its subjects, see DecodeMarks
	Subjects   int64
	Actor      string
	AsOf       time.Time
	Began      time.Time
	Closed     time.Time
	Envelope   string
}

var runColumns = []string{"id", "state", "epoch", "holder", "plan", "receipt_id", "subjects", "actor", "as_of", "began", "closed", "envelope", "commitment", "marks"}

// FindRun returns the row of a run, nil without a row or a journal.
func (j Reader) FindRun(ctx context.Context, id string) (found *Run, err error) {
	err = j.read(ctx, func(tx dialect.Reader) error {
		found, err = j.findLocked(ctx, tx, id, dialect.NoLock)
		return err
	})
	if err != nil {
		return nil, unlessMissing(ctx, err)
	}
	return found, nil
}

// findLocked returns the row of a run, nil without one.
func (j Reader) findLocked(ctx context.Context, tx dialect.Reader, id string, lock dialect.Lock) (*Run, error) {
	for r, err := range tx.Query(ctx, dialect.Select{
		Table: j.table(runTable), Columns: runColumns, Lock: lock,
		Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{id}}}},
	}) {
		if err != nil {
			return nil, err
		}
		return &Run{
			ID: textOf(r[0]), State: textOf(r[1]), Epoch: intOf(r[2]), Holder: textOf(r[3]), Plan: textOf(r[4]), ReceiptID: textOf(r[5]),
			Subjects: intOf(r[6]), Actor: textOf(r[7]), AsOf: parseTime(r[8]), Began: parseTime(r[9]), Closed: parseTime(r[10]), Envelope: textOf(r[11]), Commitment: textOf(r[12]), Marks: textOf(r[13]),
		}, nil
	}
	return nil, nil
}

// Find returns the run's row, nil without a row or a journal.
func (j *Journal) Find(ctx context.Context) (*Run, error) { return j.FindRun(ctx, j.run) }

// Acquire makes the run this process's own: it inserts the row, or raises the epoch of
// the stored one: the process before can't commit any more.
func (j *Journal) Acquire(ctx context.Context, fresh Run) (*Run, error) {
	var row *Run
	err := j.write(ctx, func(tx dialect.Tx) error {
		found, err := j.findLocked(ctx, tx, j.run, dialect.Exclusive)
		if err != nil {
			return err
		}
		if found == nil {
			row = &fresh
			row.Epoch, row.State = 1, StateOpen
			return tx.Insert(ctx, dialect.Insert{Table: j.table(runTable), Columns: runColumns, Rows: []dialect.Row{{
				row.ID, row.State, row.Epoch, row.Holder, row.Plan, row.ReceiptID, row.Subjects, nullIfEmpty(row.Actor), FormatTime(row.AsOf), FormatTime(row.Began), nil, nil, nullIfEmpty(row.Commitment), nullIfEmpty(row.Marks),
			}}})
		}
		row = found
		if row.State == StateClosed {
			return nil
		}
		row.Epoch++
		row.Holder = fresh.Holder
		return j.updateRun(ctx, tx, map[string]dialect.Value{"epoch": row.Epoch, "holder": row.Holder})
	})
	if err != nil {
		return nil, err
	}
	j.epoch = row.Epoch
	return row, nil
}

func (j *Journal) updateRun(ctx context.Context, tx dialect.Tx, values map[string]dialect.Value) error {
	return j.update(ctx, tx, runTable, values, []dialect.Cond{dialect.Compare{Column: "id", Op: "=", Value: j.run}})
}

// CheckEpoch share-locks the run's row and checks its epoch: a process taken for dead can't commit.
func (j *Journal) CheckEpoch(ctx context.Context, tx dialect.Reader) error {
	row, err := j.findLocked(ctx, tx, j.run, dialect.Share)
	if err != nil {
		return err
	}
	if row == nil || row.Epoch != j.epoch || row.State != StateOpen {
		return ErrSuperseded
	}
	return nil
}

// CheckOwned is CheckEpoch in a transaction of its own.
func (j *Journal) CheckOwned(ctx context.Context) error {
	return j.write(ctx, func(tx dialect.Tx) error { return j.CheckEpoch(ctx, tx) })
}

// Revoke raises the run's epoch: the process before can't suspend anything any more, nor commit.
func (j *Journal) Revoke(ctx context.Context) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		row, err := j.findLocked(ctx, tx, j.run, dialect.Exclusive)
		if err != nil || row == nil {
			return err
		}
		return j.updateRun(ctx, tx, map[string]dialect.Value{"epoch": row.Epoch + 1})
	})
}

// StoreReceipt stores the receipt and removes every key from the run's batches. The new state
// is StateClosed, or StateSigned where the receipt has to be published first.
func (j *Journal) StoreReceipt(ctx context.Context, at time.Time, envelope, state string) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		row, err := j.findLocked(ctx, tx, j.run, dialect.Exclusive)
		if err != nil {
			return err
		}
		if row != nil && row.Epoch == j.epoch && row.State == state && row.Envelope == envelope {
			return nil // it was committed, and the answer lost
		}
		if row == nil || row.Epoch != j.epoch || row.State != StateOpen {
			return ErrSuperseded
		}
		if err := j.update(ctx, tx, batchTable, map[string]dialect.Value{"low": nil, "high": nil, "stayed": nil, "done": nil}, []dialect.Cond{j.ofRun()}); err != nil {
			return err
		}
		values := map[string]dialect.Value{"state": state, "envelope": envelope}
		if state == StateClosed {
			values["closed"] = FormatTime(at)
		}
		return j.updateRun(ctx, tx, values)
	})
}

// Close closes a signed run: its receipt is published.
func (j *Journal) Close(ctx context.Context, at time.Time) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		row, err := j.findLocked(ctx, tx, j.run, dialect.Exclusive)
		switch {
		case err != nil:
			return err
		case row == nil || row.Epoch != j.epoch || row.State == StateOpen:
			return ErrSuperseded
		case row.State == StateClosed:
			return nil // it was committed, and the answer lost
		}
		return j.updateRun(ctx, tx, map[string]dialect.Value{"state": StateClosed, "closed": FormatTime(at)})
	})
}

// Unfinished is a run without a published receipt.
type Unfinished struct {
	Run
	Batches int64 // committed
	Paused  bool
}

// unfinishedStates is the condition for a run not to be closed.
var unfinishedStates = dialect.In{Columns: []string{"state"}, Keys: []dialect.Key{{StateOpen}, {StateSigned}}}

// UnfinishedRuns lists the open and signed runs, by their beginning: none without a journal.
func (j Reader) UnfinishedRuns(ctx context.Context) (out []Unfinished, err error) {
	err = j.read(ctx, func(tx dialect.Reader) error {
		for row, err := range tx.Query(ctx, dialect.Select{
			Table:   j.table(runTable),
			Columns: []string{"id", "plan", "actor", "holder", "subjects", "began"},
			Where:   []dialect.Cond{unfinishedStates},
			Order:   []string{"began", "id"},
		}) {
			if err != nil {
				return err
			}
			out = append(out, Unfinished{Run: Run{
				ID: textOf(row[0]), Plan: textOf(row[1]), Actor: textOf(row[2]), Holder: textOf(row[3]), Subjects: intOf(row[4]), Began: parseTime(row[5]),
			}})
		}
		for i := range out {
			u := &out[i]
			if u.Batches, err = tx.Count(ctx, j.table(batchTable), []dialect.Cond{dialect.Compare{Column: "run", Op: "=", Value: u.ID}}); err != nil {
				return err
			}
			if u.Paused, err = j.isPaused(ctx, tx, u.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, unlessMissing(ctx, err)
	}
	return out, nil
}
