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
	// Restored names what was suspended by a run that died and is in place
	// again: index idx_email of customer.
	Restored []string `json:"restored"`
	// Unfinished are the runs that have no receipt yet, by when they began.
	Unfinished []Unfinished `json:"unfinished"`
}

// Unfinished is a run that was begun and has no receipt yet, or none that is published. It is continued by
// Run with the same ID, plan and subjects, unless a process is carrying it out.
type Unfinished struct {
	RunID    string    `json:"run"`
	Plan     string    `json:"plan"` // the digest of its plan
	Actor    string    `json:"actor,omitempty"`
	Holder   string    `json:"holder"` // the process that had it last
	Running  bool      `json:"running"`
	Paused   bool      `json:"paused,omitempty"`   // by Pause
	Subjects int64     `json:"subjects,omitempty"` // given, in scope subjects
	Began    time.Time `json:"began"`
	Batches  int64     `json:"batches"` // committed
}

// Repair puts back what a run that died has left suspended, and lists the runs
// that are to be continued. It is idempotent; a database without a journal has nothing to repair.
//
// What can't be put back is an ErrSuspended that names it, beside the Repaired of what could:
// Repair can be called again once the reason is gone. What a living process has suspended is left to it.
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

// restoreSuspended puts back what is suspended by nobody who lives.
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
