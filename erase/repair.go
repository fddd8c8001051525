package erase

import (
	"context"
	"errors"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
)

// Repaired is what Repair did and what it found.
type Repaired struct {
	// Restored names the restored indexes of dead runs: index idx_email of customer.
	Restored []string `json:"restored"`
	// Unfinished are the runs without a receipt, by their beginning.
	Unfinished []Unfinished `json:"unfinished"`
}

// Unfinished is a run without a published receipt. Run continues it with the same ID, plan and
// subjects, unless a process is carrying it out.
type Unfinished struct {
	RunID    string    `json:"run"`
	Plan     string    `json:"plan"` // the digest of its plan
	Actor    string    `json:"actor,omitempty"`
	Holder   string    `json:"holder"` // the last process to acquire it
	Running  bool      `json:"running"`
	Paused   bool      `json:"paused,omitempty"`   // by Pause
	Subjects int64     `json:"subjects,omitempty"` // given, in scope subjects
	Began    time.Time `json:"began"`
	Batches  int64     `json:"batches"` // committed
}

// Repair restores indexes left suspended by dead runs, and lists the runs to continue. It is
// idempotent; a database without a journal has nothing to repair.
//
// For an index that can't be restored it returns an ErrSuspended with its name, and the Repaired with
// the others: call Repair again after removing the reason. It leaves alone what a living process has
// suspended.
func Repair(ctx context.Context, db dialect.DB) (_ *Repaired, err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	r := &Repaired{Restored: []string{}, Unfinished: []Unfinished{}}
	failed := r.restoreSuspended(ctx, db)
	if failed != nil && !errors.Is(failed, ErrSuspended) {
		return nil, failed
	}
	unfinished, err := journal.Read(db).UnfinishedRuns(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range unfinished {
		r.Unfinished = append(r.Unfinished, Unfinished{
			RunID: u.ID, Plan: u.Plan, Actor: u.Actor, Holder: u.Holder, Paused: u.Paused, Subjects: u.Subjects, Began: u.Began, Batches: u.Batches,
		})
	}
	for i := range r.Unfinished {
		u := &r.Unfinished[i]
		release, err := db.Claim(ctx, "run "+u.RunID)
		if errors.Is(err, dialect.ErrClaimed) {
			u.Running = true
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := release(); err != nil {
			return nil, err
		}
	}
	return r, failed
}

// restoreSuspended restores the indexes suspended by dead processes.
func (r *Repaired) restoreSuspended(ctx context.Context, db dialect.DB) error {
	all, err := journal.Read(db).LeftSuspended(ctx)
	if err != nil {
		return err
	}
	p := &indexRestorer{
		Options: Options{}.withDefaults(db.Engine()), db: db, at: func(string) {},
		done: func(s *journal.Suspension) { r.Restored = append(r.Restored, s.String()) },
	}
	var failed error
	for ofRun := range runsOf(all) {
		if err := p.restoreRun(ctx, ofRun); err != nil && !errors.Is(err, dialect.ErrClaimed) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
