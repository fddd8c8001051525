package erase

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// Errors for a caller to decide on, with errors.Is. Each is wrapped with what to do about it.
var (
	// ErrNoSuchSubject: no given subject is in the database, or an identifier matches no row or
	// several.
	ErrNoSuchSubject = errors.New("no such subject")
	// ErrBadSubject: a subject isn't in the form of the plan's key or identifiers.
	ErrBadSubject = errors.New("invalid subject")
	// ErrNotApproved: the plan's digest isn't the approved one.
	ErrNotApproved = errors.New("the plan is not the approved one")
	// ErrBadPeriod: a retention period in the policy's look-up table is unreadable.
	ErrBadPeriod = errors.New("invalid retention period")
	// ErrTooManyRoots: more than one row of the subject table matches a given subject's key, at least
	// for the database. Nothing of the batch is written.
	ErrTooManyRoots = closure.ErrTooManyRoots
	// ErrDrift: the plan was made for another schema.
	ErrDrift = closure.ErrDrift
	// ErrRunDiffers: the run ID was used with another plan or other subjects.
	ErrRunDiffers = errors.New("the run ID belongs to a different run")
	// ErrRunning: another process is carrying out the run.
	ErrRunning = errors.New("another process is carrying out the run")
	// ErrOtherDatabase: a replay on a copy of another database, or on an unidentified one.
	ErrOtherDatabase = errors.New("not a copy of the erased database")
	// ErrBadSince: a replay with a backup time in the future. It would skip erasures missing in the
	// backup.
	ErrBadSince = errors.New("invalid time of a backup")
	// ErrWrongDatabase: the plan or the caller names another database than the connected one, or a plan
	// of scope everything names none.
	ErrWrongDatabase = errors.New("not the database that the plan is for")
	// ErrProtected: the database is marked by Protect.
	ErrProtected = errors.New("the database is protected")
	// ErrRemains: after a replay, rows remain that it should delete.
	ErrRemains = errors.New("erased rows are still present")
	// ErrSuspended: an index suspended by a run isn't restored.
	ErrSuspended = errors.New("an index is suspended")
	// ErrSuperseded: another process acquired the run; this one commits nothing more.
	ErrSuperseded = journal.ErrSuperseded
)

// shortName is a table's name without the default schema.
func shortName(n dialect.Name, usual string) string {
	if n.Schema == usual {
		return n.Table
	}
	return n.String()
}

// HazardError lists the plan's hazards that were not allowed.
type HazardError struct {
	Hazards []plan.Hazard
	usual   string // the default schema
}

// Error names each hazard and ends with the flags to paste.
func (e *HazardError) Error() string {
	var b strings.Builder
	b.WriteString("the plan has hazards that were not allowed:")
	var flags []string
	seen := map[plan.HazardName]bool{}
	for _, g := range plan.GroupHazards(e.Hazards) {
		var tables []string
		for _, t := range g.Tables {
			tables = append(tables, shortName(t, e.usual))
		}
		fmt.Fprintf(&b, "\n  %s %s: %s", g.Name, strings.Join(tables, ", "), g.Reason)
		if !seen[g.Name] {
			seen[g.Name] = true
			flags = append(flags, "--allow "+string(g.Name))
		}
	}
	b.WriteString("\nto go on, add " + strings.Join(flags, " "))
	return b.String()
}

// AccessError lists what the database's user may not do, or not see.
type AccessError struct {
	Problems []dialect.Problem
	// Grants are all statements for an administrator to give the connection's account the privileges of
	// the operation: one of them is missing. Empty: no privilege is missing.
	Grants    []string
	reconnect bool // some of them apply to new connections only
	cause     error
	usual     string // the default schema
}

// Unwrap is the error of the denied statement; nil if none was tried.
func (e *AccessError) Unwrap() error { return e.cause }

// Error lists the problems, one a line, and then the statements to paste.
func (e *AccessError) Error() string {
	var b strings.Builder
	b.WriteString("the database user lacks access:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		if p.Table != (dialect.Name{}) {
			b.WriteString(shortName(p.Table, e.usual) + ": ")
		}
		b.WriteString(p.Reason)
	}
	switch {
	case len(e.Grants) > 0 && e.reconnect:
		b.WriteString("\nreconnect (some privileges reach new connections only) after an administrator grants the missing ones with:")
	case len(e.Grants) > 0:
		b.WriteString("\nan administrator grants the missing privileges with:")
	}
	for _, s := range e.Grants {
		b.WriteString("\n" + s + ";")
	}
	return b.String()
}

// LeftError says: the run is finished and signed, but rows remain that should not, a check of the run
// failed, or the run was closed incomplete. The receipt says so too.
type LeftError struct {
	Rows       int64    // by mistake
	Arrived    int64    // of the given subjects, inserted during the run
	Failed     []string // the checks that failed, by their IDs
	Incomplete string   // why the run was closed before it was complete; empty: it is complete
	Receipt    []byte   // the signed receipt, as Report has it
}

// Error says why the run is incomplete, else how many rows are left, else which checks failed.
func (e *LeftError) Error() string {
	if e.Incomplete != "" {
		return fmt.Sprintf("the run was closed incomplete: %s: erase the rest with a new run ID and a plan for the current schema", e.Incomplete)
	}
	if e.Rows == 0 && e.Arrived > 0 {
		return fmt.Sprintf("%s of the given subjects inserted during the run: find what writes them, and run again with a new run ID and the subjects' keys (with --absent-ok, AbsentOK, if a subject's own row is deleted)", rowsOf(e.Arrived))
	}
	if e.Rows == 0 {
		return fmt.Sprintf("check %s failed after the run: the receipt says so", strings.Join(e.Failed, ", "))
	}
	return fmt.Sprintf("%s left that should be deleted or overwritten: the receipt lists them by step; find what restores them, and run again with a new run ID", rowsOf(e.Rows))
}
