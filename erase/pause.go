package erase

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/batch"
)

// PauseFile has runs wait for as long as there is a file (or folder) of that
// name. It is looked for several times a second. The folder that it would be
// in has to be there: where it isn't, nobody could pause the run. The first time that is
// an error, later the run waits.
func PauseFile(path string) Throttle {
	return &batch.Level{
		What: "the pause file", Every: 200 * time.Millisecond, Patience: patience,
		Measure: func(context.Context) (batch.Reading, error) {
			_, err := os.Stat(path)
			switch {
			case err == nil:
				return batch.Reading{Value: 1}, nil
			case !errors.Is(err, fs.ErrNotExist):
				return batch.Reading{}, err
			}
			_, err = os.Stat(filepath.Dir(path))
			return batch.Reading{}, err
		},
		Say: func(int64) string { return "paused by its pause file" },
	}
}

// Everything is what Pause and Resume take for all runs on the database.
const Everything = ""

// Pause has a run wait, in whichever process it is carried out: the batches
// that are under way are finished, and none begins until Resume. It is noticed
// within a second. A run that isn't carried out at the moment, or hasn't been begun yet,
// waits as soon as it is; with Everything, all of them do. Waiting runs hold no lock.
// It is no error to pause what is paused; to pause a run that is finished is one.
func Pause(ctx context.Context, db dialect.DB, runID string) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	if !storable(runID) {
		return errors.New("a run ID has at most 200 characters, and none that can't be printed")
	}
	if err := makeJournal(ctx, db); err != nil {
		return err
	}
	j := &journal{db: db, run: runID}
	row, err := j.findRun(ctx)
	if err != nil {
		return err
	}
	if row != nil && row.State == stateClosed {
		return errors.New("the run is finished: there is nothing left to pause")
	}
	err = j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		return tx.Insert(ctx, dialect.Insert{Table: db.JournalTable(pauseTable), Columns: []string{"run", "since"}, Rows: []dialect.Row{{runID, formatTime(time.Now())}}})
	})
	if dialect.ClassOf(err) == dialect.UniqueViolation {
		return nil // it is paused already
	}
	return err
}

// Resume undoes Pause of the same run, or of Everything: a run goes on when
// neither it nor everything is paused. It reports whether there was a pause.
func Resume(ctx context.Context, db dialect.DB, runID string) (was bool, err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	j := &journal{db: db, run: runID}
	err = j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		n, err := tx.Delete(ctx, dialect.Delete{Table: db.JournalTable(pauseTable), Where: []dialect.Cond{j.ofRun()}})
		was = n > 0
		return err
	})
	return was, unlessMissing(ctx, err)
}

// pausedSince counts the pauses that hold for the run.
func (j *journal) pausedSince(ctx context.Context, tx dialect.Tx) (int64, error) {
	return tx.Count(ctx, j.db.JournalTable(pauseTable), []dialect.Cond{
		dialect.In{Columns: []string{"run"}, Keys: []dialect.Key{{Everything}, {j.run}}},
	})
}

// pauseThrottle is the throttle that looks for a pause of the run, or of everything,
// in the journal. It is no part of the batches' transactions: who pauses a run needn't
// wait for their locks, nor they for his.
func (j *journal) pauseThrottle() batch.Throttle {
	return &batch.Level{
		What: "whether the run is paused", Every: time.Second, Patience: patience,
		Measure: func(ctx context.Context) (r batch.Reading, err error) {
			err = j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
				r.Value, err = j.pausedSince(ctx, tx)
				return err
			})
			return r, err
		},
		Say: func(int64) string { return "paused (resume lets it go on)" },
	}
}
