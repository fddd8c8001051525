package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
)

// Batch is the row of a batch, or of a part of one.
type Batch struct {
	Root, Seq, Part int64
	Epoch           int64
	Roots           int64
	Low, High       string   // encoded keys, "" for the first or last range
	Stayed          []string // encoded keys of roots left in the database
	Done            string   // see Deleted
	Tally           tally.Tally
	Leaf            string // the root over its row commitments, in hex
	Padded          int64  // the number of its leaves
	Retries         int64
	Began           time.Time
	Committed       time.Time
	Verified        time.Time
}

var batchColumns = []string{"run", "root", "seq", "part", "epoch", "roots", "low", "high", "stayed", "counts", "retries", "began", "committed", "verified", "leaf", "padded", "done"}

// InsertBatch adds the row of a batch in the batch's own transaction.
func (j *Journal) InsertBatch(ctx context.Context, tx dialect.Tx, e *Batch) error {
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
	return tx.Insert(ctx, dialect.Insert{Table: j.table(batchTable), Columns: batchColumns, Rows: []dialect.Row{{
		j.run, e.Root, e.Seq, e.Part, j.epoch, e.Roots, nullIfEmpty(e.Low), nullIfEmpty(e.High), stayed, string(counts), e.Retries,
		FormatTime(e.Began), FormatTime(e.Committed), nil, nullIfEmpty(e.Leaf), e.Padded, nullIfEmpty(e.Done),
	}}})
}

// ResolveUnknownCommit finds out whether a commit without an answer took place. It
// inserts the batch's unique key again and rolls back. The engine makes it wait
// until the first transaction has ended.
func (j *Journal) ResolveUnknownCommit(ctx context.Context, e *Batch) (committed bool, err error) {
	tx, err := j.db.Begin(ctx, dialect.TxOptions{})
	if err != nil {
		return false, err
	}
	err = j.InsertBatch(ctx, tx, e)
	rollback := tx.Rollback(ctx)
	switch {
	case dialect.ClassOf(err) == dialect.UniqueViolation:
		return true, nil
	case err != nil:
		return false, err
	}
	return false, rollback
}

// Batches reads the run's batches, in the order of their keys.
func (j *Journal) Batches(ctx context.Context) ([]Batch, error) {
	var out []Batch
	err := j.read(ctx, func(tx dialect.Reader) error {
		for r, err := range tx.Query(ctx, dialect.Select{
			Table: j.table(batchTable), Columns: batchColumns, Where: []dialect.Cond{j.ofRun()},
			Order: []string{"run", "root", "seq", "part"},
		}) {
			if err != nil {
				return err
			}
			e := Batch{
				Root: intOf(r[1]), Seq: intOf(r[2]), Part: intOf(r[3]), Epoch: intOf(r[4]), Roots: intOf(r[5]),
				Low: textOf(r[6]), High: textOf(r[7]), Retries: intOf(r[10]), Began: parseTime(r[11]), Committed: parseTime(r[12]), Verified: parseTime(r[13]), Leaf: textOf(r[14]), Padded: intOf(r[15]), Done: textOf(r[16]),
			}
			if s := textOf(r[8]); s != "" {
				if err := json.Unmarshal([]byte(s), &e.Stayed); err != nil {
					return e.damaged()
				}
			}
			if err := json.Unmarshal([]byte(textOf(r[9])), &e.Tally); err != nil {
				return e.damaged()
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// MarkVerified stores when the rows of batches were verified after the commit, and the counts of those
// with remaining or new rows.
func (j *Journal) MarkVerified(ctx context.Context, at time.Time, batches []*Batch) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		if err := j.CheckEpoch(ctx, tx); err != nil {
			return err
		}
		var keys []dialect.Key
		for _, e := range batches {
			keys = append(keys, dialect.Key{j.run, e.Root, e.Seq, e.Part})
		}
		for part := range slices.Chunk(keys, 1000) {
			if err := j.update(ctx, tx, batchTable, map[string]dialect.Value{"verified": FormatTime(at)},
				[]dialect.Cond{dialect.In{Columns: []string{"run", "root", "seq", "part"}, Keys: part}}); err != nil {
				return err
			}
		}
		for i, e := range batches {
			if !e.Tally.HasProblems() {
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

// damaged is the error of an unreadable row.
func (b *Batch) damaged() error {
	return fmt.Errorf("the journal's batch %d/%d/%d is damaged", b.Root, b.Seq, b.Part)
}
