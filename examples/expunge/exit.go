package main

import (
	"errors"
	"fmt"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/ledger"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// The exit codes.
const (
	done         = 0
	failed       = 1
	unacceptable = 2 // the policy, the plan, a subject or an argument
	refused      = 3 // drift, an unapproved digest, a hazard that isn't allowed, a missing privilege, unexpired backups, another database than the ledger's
	broken       = 4 // a verification is broken, a log was forked, rolled back or damaged, or rows are left
	cannotTell   = 5
)

// errReported is wrapped by errors already printed.
var errReported = errors.New("reported")

// errFailures: the receipt is genuine, and states itself that not everything was erased.
var errFailures = errors.New("the receipt itself says what went wrong")

// usageError is an error in the caller's input.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func badUsage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// outcome is the error of a verification that doesn't hold.
type outcome erase.Outcome

func (o outcome) Error() string { return "the verification says: " + string(o) }

// exitCode is the only place where an error becomes a code.
func exitCode(err error) int {
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	var (
		argument *usageError
		invalid  *policy.Error
		hazard   *erase.HazardError
		access   *erase.AccessError
		odd      *erase.OddValuesError
		left     *erase.LeftError
		verified outcome
	)
	switch {
	case err == nil:
		return done
	case is(erase.ErrDrift, erase.ErrBadPeriod, erase.ErrNotApproved, erase.ErrOtherDatabase, receipt.ErrNotFinal, erase.ErrWrongDatabase, erase.ErrProtected), errors.As(err, &hazard), errors.As(err, &access), errors.As(err, &odd):
		return refused
	case errors.As(err, &argument):
		return unacceptable
	case errors.As(err, &left),
		is(errFailures, receipt.ErrTruncated, receipt.ErrMalformed, receipt.ErrSignature, receipt.ErrThreshold, receipt.ErrDisclosure,
			log.ErrNotLogged, log.ErrFork, log.ErrRolledBack, log.ErrDamaged):
		return broken
	case is(receipt.ErrVersion, receipt.ErrNoCommitments):
		return cannotTell
	case errors.As(err, &verified):
		if erase.Outcome(verified) == erase.OutcomeCannotTell {
			return cannotTell
		}
		return broken
	case errors.As(err, &invalid),
		is(ledger.ErrIdentity, receipt.ErrOtherReceipt, plan.ErrNotCanonical, plan.ErrInvalid, plan.ErrNoSuchHazard, erase.ErrNoSuchSubject, erase.ErrBadSubject, erase.ErrBadOldValue, erase.ErrBadSince, erase.ErrRunDiffers, erase.ErrNoSuchRun, erase.ErrThrottle, anonymise.ErrNoSecret):
		return unacceptable
	}
	return failed
}
