package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"
	"regexp"
	"strconv"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Result codes of https://sqlite.org/rescode.html; the low byte of an extended code is its primary
// code.
const (
	codeError       = 1
	codePerm        = 3
	codeBusy        = 5
	codeLocked      = 6
	codeReadOnly    = 8
	codeInterrupt   = 9
	codeFull        = 13
	codeTooBig      = 18
	codeConstraint  = 19
	codeMismatch    = 20
	codeAuth        = 23
	busySnapshot    = 517
	constraintCheck = 275
	constraintFK    = 787
	constraintNull  = 1299
	constraintPK    = 1555
	constraintUniq  = 2067
	constraintRowID = 2579
	constraintType  = 3091
)

// missing matches SQLite's message about a missing table, column or function, in a statement or a
// trigger. Drivers add their own words around it. A RAISE has another code.
var missing = regexp.MustCompile(`(?:^|: )no such (table|column|function): ([\w$.]+)(?: \(1\))?$`)

// broken matches SQLite's message about a failed constraint: its name, or its columns. It doesn't
// capture the text of an unnamed check, also part of the message.
var broken = regexp.MustCompile(`(?:^|: )(?:CHECK|NOT NULL|UNIQUE) constraint failed: ([\w$.]+(?:, [\w$.]+)*)(?: \(\d+\))?$`)

// engineError converts a driver's error to the contract's. Of the driver's text it keeps only the
// name of a missing object or of a constraint. The text quotes names and, from a trigger's RAISE,
// anything.
func engineError(ctx context.Context, doing string, table dialect.Name, err error) error {
	if err == nil {
		return nil
	}
	if settled := sqlconn.Settled(ctx, err, doing, table); settled != nil {
		return settled
	}
	code := resultCode(err)
	text := ""
	if code != 0 {
		text = strconv.Itoa(code)
	}
	e := dialect.NewError(classOf(code, err), text, doing, table, err)
	if m := missing.FindStringSubmatch(err.Error()); code == codeError && m != nil {
		e.Object = m[2]
		e.Detail = m[1] + " not found, in the statement or in a trigger's or view's"
	}
	switch code {
	case constraintCheck, constraintNull, constraintUniq, constraintPK:
		if m := broken.FindStringSubmatch(err.Error()); m != nil {
			e.Object = m[1]
		} else if code == constraintCheck {
			e.Detail = "a CHECK constraint without a name"
		}
	}
	if code&0xff == codeFull {
		e.Detail = "the disk is full, or the database as large as it may be: make room, or raise max_page_count"
	}
	return e
}

func classOf(code int, err error) dialect.Class {
	switch code {
	case busySnapshot: // the transaction's snapshot is no longer the newest: start again
		return dialect.Retryable
	case constraintPK, constraintUniq, constraintRowID:
		return dialect.UniqueViolation
	case constraintFK:
		return dialect.ForeignKeyViolation
	case constraintType: // a STRICT table
		return dialect.DoesNotFit
	}
	switch code & 0xff {
	case codeBusy, codeLocked:
		return dialect.LockTimeout
	case codeConstraint:
		return dialect.OtherConstraint
	case codeTooBig, codeMismatch:
		return dialect.DoesNotFit
	case codePerm, codeAuth:
		return dialect.PermissionDenied
	case codeReadOnly:
		return dialect.ReadOnly
	case codeInterrupt:
		return dialect.Cancelled
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return dialect.LostConnection
	}
	return dialect.Fatal
}

// resultCode finds SQLite's (extended) result code in an error without knowing the driver.
// modernc.org/sqlite has a method Code() int for the extended code. github.com/mattn/go-sqlite3 has
// fields Code and ExtendedCode of integer types. It returns 0 for an error without a code.
func resultCode(err error) int {
	for ; err != nil; err = errors.Unwrap(err) {
		if c, ok := err.(interface{ Code() int }); ok {
			return c.Code()
		}
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		for _, name := range []string{"ExtendedCode", "Code"} {
			if f := v.FieldByName(name); f.IsValid() && f.CanInt() && f.Int() != 0 {
				return int(f.Int())
			}
		}
	}
	return 0
}

// refusedError is an error of the dialect, not of the driver.
func refusedError(class dialect.Class, doing string, table dialect.Name, detail string) error {
	e := dialect.NewError(class, "", doing, table, nil)
	e.Detail = detail
	return e
}
