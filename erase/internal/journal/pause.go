package journal

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// AllRuns stands for every run in a pause.
const AllRuns = ""

// Pause stores a pause of the run. A paused run stays paused.
func (j *Journal) Pause(ctx context.Context) error {
	err := j.write(ctx, func(tx dialect.Tx) error {
		return tx.Insert(ctx, dialect.Insert{Table: j.table(pauseTable), Columns: []string{"run", "since"}, Rows: []dialect.Row{{j.run, FormatTime(j.now())}}})
	})
	if dialect.ClassOf(err) == dialect.UniqueViolation {
		return nil
	}
	return err
}

// Resume deletes the pause of the run, and reports whether there was one.
func (j *Journal) Resume(ctx context.Context) (was bool, err error) {
	err = j.write(ctx, func(tx dialect.Tx) error {
		n, err := tx.Delete(ctx, dialect.Delete{Table: j.table(pauseTable), Where: []dialect.Cond{j.ofRun()}})
		was = n > 0
		return err
	})
	return was, unlessMissing(ctx, err)
}

// IsPaused reports whether the run, or every run, is paused.
func (j *Journal) IsPaused(ctx context.Context) (paused bool, err error) {
	err = j.read(ctx, func(tx dialect.Reader) error {
		paused, err = j.isPaused(ctx, tx, j.run)
		return err
	})
	return paused, err
}

func (j Reader) isPaused(ctx context.Context, tx dialect.Reader, run string) (bool, error) {
	n, err := tx.Count(ctx, j.table(pauseTable), []dialect.Cond{
		dialect.In{Columns: []string{"run"}, Keys: []dialect.Key{{AllRuns}, {run}}},
	})
	return n > 0, err
}
