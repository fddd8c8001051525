package erase_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

func TestARunWaitsWhileThereIsAPauseFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pause")
	got := heldUp(t, small(t), "file", []erase.Throttle{erase.PauseFile(file)},
		func() {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Error(err)
			}
		},
		func() {
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		})
	if diff := cmp.Diff([]string{"paused by its pause file"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPauseFileNeedsItsFolder(t *testing.T) {
	t.Parallel()
	d := small(t)
	p := d.plan(t, deletes, plan.ScopeSubjects)
	o := options(p, "nowhere", "1")
	o.Throttles = []erase.Throttle{erase.PauseFile(filepath.Join(t.TempDir(), "no", "pause"))}
	if _, err := erase.Run(t.Context(), d.DB, p, o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestARunIsPausedInTheJournal(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, d *target) {
		d.club(t)
		other := openTarget(t, d.URL) // as another process would
		for run, what := range map[string]string{"itself": "itself", "with all the others": erase.AllRuns} {
			got := heldUp(t, d, run, nil,
				func() {
					for range 2 { // twice is like once
						if err := erase.Pause(t.Context(), other.DB, what); err != nil {
							t.Error(err)
						}
					}
				},
				func() {
					if was, err := erase.Resume(t.Context(), other.DB, what); !was || err != nil {
						t.Errorf("there was a pause: %v, error %v", was, err)
					}
				})
			if len(got) != 1 || !strings.HasPrefix(got[0], "paused") {
				t.Errorf("it said %q", got)
			}
			d.exec(t, "DELETE FROM letter")
			d.exec(t, everybody...)
		}
	})
}

func TestARunThatIsBegunWhilePausedWaits(t *testing.T) {
	t.Parallel()
	d := small(t)
	p := d.plan(t, deletes, plan.ScopeSubjects)
	o := options(p, "later", "1", "2", "3", "4")
	if err := erase.Pause(t.Context(), d.DB, "later"); err != nil {
		t.Fatal(err)
	}
	if err := erase.Pause(t.Context(), d.DB, "somebody else's"); err != nil {
		t.Fatal(err)
	}
	o.Progress = func(e erase.Event) {
		if e.Kind != erase.EventThrottled {
			return
		}
		if n := d.count(t, "SELECT count(*) FROM member"); n != 4 {
			t.Errorf("%d members are there", n)
		}
		if was, err := erase.Resume(t.Context(), d.DB, "later"); !was || err != nil {
			t.Errorf("there was a pause: %v, error %v", was, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := erase.Run(ctx, d.DB, p, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(erased, done(opened(t, report.Receipt))); diff != "" {
		t.Error(diff)
	}
	if err := erase.Pause(t.Context(), d.DB, "later"); err == nil {
		t.Error("a finished run can be paused")
	}
}

func TestResumingWhatIsNotPausedChangesNothing(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, d *target) {
		if was, err := erase.Resume(t.Context(), d.DB, "nothing"); was || err != nil {
			t.Errorf("without a journal: a pause %v, error %v", was, err)
		}
		if err := erase.Pause(t.Context(), d.DB, "other"); err != nil {
			t.Fatal(err)
		}
		if was, err := erase.Resume(t.Context(), d.DB, "nothing"); was || err != nil {
			t.Errorf("another run's pause: %v, error %v", was, err)
		}
	})
}
