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
const Everything = journal.AllRuns

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
	if err := journal.Make(ctx, db); err != nil {
		return err
	}
	j := journal.Open(db, runID, time.Now)
	row, err := j.Find(ctx)
	if err != nil {
		return err
	}
	if row != nil && row.State == journal.StateClosed {
		return errors.New("the run is finished: there is nothing left to pause")
	}
	return j.Pause(ctx)
}

// Resume undoes Pause of the same run, or of Everything: a run goes on when
// neither it nor everything is paused. It reports whether there was a pause.
func Resume(ctx context.Context, db dialect.DB, runID string) (was bool, err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	return journal.Open(db, runID, time.Now).Resume(ctx)
}

// pauseThrottle is the throttle that looks for a pause of the run, or of everything, in the
// journal. Its transactions are not the batches': neither waits for the other's locks.
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
		Say: func(int64) string { return "paused (resume lets it go on)" },
	}
}
