package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/ledger"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

func TestEveryErrorHasItsExitCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), 1},
		{erase.ErrRunning, 1},
		{erase.ErrSuperseded, 1},
		{&dialect.Error{Class: dialect.LostConnection}, 1},
		{badUsage("a flag"), 2},
		{&policy.Error{}, 2},
		{&policyError{"shop.yaml", &policy.Error{}}, 2},
		{plan.ErrNotCanonical, 2},
		{plan.ErrInvalid, 2},
		{plan.ErrNoSuchHazard, 2},
		{erase.ErrBadSince, 2},
		{erase.ErrNoSuchSubject, 2},
		{erase.ErrBadSubject, 2},
		{erase.ErrRunDiffers, 2},
		{anonymise.ErrNoSecret, 2},
		{receipt.ErrOtherReceipt, 2},
		{&ledger.FileError{Err: ledger.ErrIdentity}, 2},
		{&usageError{receipt.ErrMalformed}, 2}, // the file of a key, say
		{erase.ErrDrift, 3},
		{erase.ErrNotApproved, 3},
		{&erase.HazardError{}, 3},
		{&erase.AccessError{}, 3},
		{&erase.OddValuesError{}, 3},
		{receipt.ErrNotFinal, 3},
		{erase.ErrOtherDatabase, 3},
		{erase.ErrWrongDatabase, 3},
		{erase.ErrProtected, 3},
		{&erase.LeftError{Rows: 1}, 4},
		{receipt.ErrTruncated, 4},
		{receipt.ErrMalformed, 4},
		{receipt.ErrSignature, 4},
		{receipt.ErrThreshold, 4},
		{receipt.ErrDisclosure, 4},
		{log.ErrNotLogged, 4},
		{log.ErrFork, 4},
		{log.ErrRolledBack, 4},
		{log.ErrDamaged, 4},
		{outcome(erase.OutcomeBroken), 4},
		{receipt.ErrVersion, 5},
		{receipt.ErrNoCommitments, 5},
		{outcome(erase.OutcomeCannotTell), 5},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.err, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := exitCode(fmt.Errorf("doing this: %w", test.err)); got != test.want {
			t.Errorf("%v, wrapped: exit code %d, want %d", test.err, got, test.want)
		}
		if got := exitCode(errors.Join(test.err, errReported)); got != test.want {
			t.Errorf("%v, joined: exit code %d, want %d", test.err, got, test.want)
		}
	}
}
