package erase

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
)

// PauseFile makes runs wait while a file or folder of that name exists. It checks several times a
// second. The enclosing folder must exist: without it, nobody could pause the run. At the first check
// that is an error, later the run waits.
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

// AllRuns stands for all runs on the database in Pause and Resume.
const AllRuns = journal.AllRuns

// Pause makes a run wait, in whatever process: batches in progress are finished, and none begins until
// Resume. The run notices within a second. A run not in progress, or not begun yet, waits as soon as it
// is; with Everything, all of them do. Waiting runs hold no lock. Pausing a paused run is no error;
// pausing a finished one is.
func Pause(ctx context.Context, db dialect.DB, runID string) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	if !storable(runID) {
		return errors.New("run ID must be at most 200 printable characters")
	}
	if err := journal.Make(ctx, db); err != nil {
		return err
	}
	j := journal.Open(db, runID, time.Now)
	row, err := j.Find(ctx)
	if err != nil {
		return err
	}
	if row != nil && row.State == journal.StateClosed {
		return errors.New("the run is finished: nothing to pause")
	}
	return j.Pause(ctx)
}

// Resume undoes Pause of the same run, or of Everything: a run continues when neither it nor everything
// is paused. It reports whether there was a pause.
func Resume(ctx context.Context, db dialect.DB, runID string) (was bool, err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	return journal.Open(db, runID, time.Now).Resume(ctx)
}

// pauseThrottle checks the journal for a pause of the run, or of everything. Its transactions are
// separate from the batches', so that neither waits for the other's locks.
func pauseThrottle(j *journal.Journal) batch.Throttle {
	return &batch.Level{
		What: "whether the run is paused", Every: time.Second, Patience: patience,
		Measure: func(ctx context.Context) (r batch.Reading, err error) {
			paused, err := j.IsPaused(ctx)
			if paused {
				r.Value = 1
			}
			return r, err
		},
		Say: func(int64) string { return "paused (resume continues it)" },
	}
}
