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

// Errors that a caller decides on, with errors.Is. Each is wrapped with what to
// do about it.
var (
	// ErrNoSuchSubject: none of the given subjects is in the database, or one
	// that was named by an identifier isn't found or isn't the only one.
	ErrNoSuchSubject = errors.New("no such subject")
	// ErrBadSubject: a subject isn't written as the plan's key or identifiers need it.
	ErrBadSubject = errors.New("not a subject")
	// ErrNotApproved: the plan's digest isn't the approved one.
	ErrNotApproved = errors.New("the plan is not the approved one")
	// ErrBadPeriod: a retention period that the policy has looked up in a table
	// can't be read there.
	ErrBadPeriod = errors.New("not a period")
	// ErrTooManyRoots: more rows of the subject table have a given subject's key than
	// one, or so the database says. Nothing of the batch is written.
	ErrTooManyRoots = closure.ErrTooManyRoots
	// ErrDrift: the schema isn't the one that the plan was made for.
	ErrDrift = closure.ErrDrift
	// ErrRunDiffers: the run ID was used with another plan or other subjects.
	ErrRunDiffers = errors.New("the run was begun differently")
	// ErrRunning: another process is carrying out the run.
	ErrRunning = errors.New("the run is being carried out by another process")
	// ErrOtherDatabase: a replay was asked for on a copy of another database, or
	// on one that doesn't say which it is of.
	ErrOtherDatabase = errors.New("not a copy of the database that was erased from")
	// ErrBadSince: a replay was asked for with a backup of a moment to come, which
	// would leave out erasures that the backup doesn't have.
	ErrBadSince = errors.New("invalid time of a backup")
	// ErrWrongDatabase: the plan or the caller names another database than the one
	// that is connected, or a plan of scope everything names none.
	ErrWrongDatabase = errors.New("not the database that the plan is for")
	// ErrProtected: the database is marked by Protect.
	ErrProtected = errors.New("the database is protected")
	// ErrRemains: after a replay rows are there that it was to delete.
	ErrRemains = errors.New("rows of the erased are there")
	// ErrSuspended: an index that a run has suspended isn't in place again.
	ErrSuspended = errors.New("an index is suspended")
	// ErrSuperseded: another process took the run over; nothing more is committed here.
	ErrSuperseded = journal.ErrSuperseded
)

// shortName is a table's name without the schema that goes without saying.
func shortName(n dialect.Name, usual string) string {
	if n.Schema == usual {
		return n.Table
	}
	return n.String()
}

// HazardError lists the plan's hazards that were not allowed.
type HazardError struct {
	Hazards []plan.Hazard
	usual   string // the schema that goes without saying
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
	// Grants are all statements by which an administrator gives the connection's account the
	// privileges that what was asked for takes: one is missing. Empty: it isn't privileges that are missing.
	Grants    []string
	reconnect bool // some of them reach new connections only
	cause     error
	usual     string // the schema that goes without saying
}

// Unwrap is the error of the statement that was denied; nil where none was tried.
func (e *AccessError) Unwrap() error { return e.cause }

// Error lists the problems, one a line, and then the statements to paste.
func (e *AccessError) Error() string {
	var b strings.Builder
	b.WriteString("the database's user can't do this:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		if p.Table != (dialect.Name{}) {
			b.WriteString(shortName(p.Table, e.usual) + ": ")
		}
		b.WriteString(p.Reason)
	}
	switch {
	case len(e.Grants) > 0 && e.reconnect:
		b.WriteString("\nconnect again, since some privileges reach new connections only, after an administrator gives those that are needed with:")
	case len(e.Grants) > 0:
		b.WriteString("\nan administrator gives the privileges that are needed with:")
	}
	for _, s := range e.Grants {
		b.WriteString("\n" + s + ";")
	}
	return b.String()
}

// LeftError says that the run is finished and signed, and that rows are still
// there that should not be, that a check of the run failed, or that the run was closed before it
// was complete. The receipt says so too.
type LeftError struct {
	Rows       int64    // left over
	Arrived    int64    // of the given subjects, written while the run was under way
	Failed     []string // the checks that failed, by their IDs
	Incomplete string   // why the run was closed before it was complete; empty: it is complete
	Receipt    []byte   // the signed receipt, as Report has it
}

// Error says why the run is incomplete, else how many rows are left, else which checks failed.
func (e *LeftError) Error() string {
	if e.Incomplete != "" {
		return fmt.Sprintf("the run was closed before it was complete: %s: use a new run ID, and a plan for the schema as it is, for what it didn't reach", e.Incomplete)
	}
	if e.Rows == 0 && e.Arrived > 0 {
		return fmt.Sprintf("%s of the given subjects arrived while the run was under way: find what writes them, and run again with a new run ID and the subjects' keys, with AbsentOK (--absent-ok) where a subject's own row is gone", rowsOf(e.Arrived))
	}
	if e.Rows == 0 {
		return fmt.Sprintf("check %s failed after the run: the receipt says so", strings.Join(e.Failed, ", "))
	}
	return fmt.Sprintf("%s left that should be gone or overwritten: the receipt lists them by step; find what put them back, and run again with a new run ID", rowsOf(e.Rows))
}
