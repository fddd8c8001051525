package dialect

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Class says how to react to an error. A dialect derives it from SQLSTATE or error number, never
// from text.
type Class string

// The classes.
const (
	Fatal               Class = "fatal"             // nothing helps: bad SQL, a missing object, a full disk
	Retryable           Class = "retryable"         // deadlock, serialization failure, throttling: retry the whole transaction
	LockTimeout         Class = "lock timeout"      // another session holds the row: retry the whole transaction later
	UniqueViolation     Class = "unique violation"  // two rows with one unique value
	ForeignKeyViolation Class = "foreign key"       // a referring row still exists, or the referenced row doesn't
	OtherConstraint     Class = "constraint"        // check, NOT NULL, exclusion, a trigger's refusal
	DoesNotFit          Class = "does not fit"      // too long, out of range, not of the type
	LostConnection      Class = "lost connection"   // the transaction is gone; a commit's outcome is unknown
	PermissionDenied    Class = "permission denied" // a missing privilege
	ReadOnly            Class = "read-only"         // a transaction, database or server that refuses writes, whatever is granted
	Cancelled           Class = "cancelled"         // the context ended
)

// Error is the error of every failure of a DB or Tx. Its text holds the class, the engine's code
// and the names of objects. It never holds the engine's own message nor the statement's values:
// those quote rows ("Key (email)=(…) already exists"). It has no Unwrap for the same reason;
// errors.Is works for context.Canceled and context.DeadlineExceeded.
type Error struct {
	Class  Class
	Code   string // SQLSTATE or the engine's number
	Doing  string // the failed action: "delete from", "overwrite", "commit", …
	Table  Name   // zero where it isn't about one table
	Usual  string // the schema that the text leaves out of Table; set by the code that knows Schema.Default
	Object string // constraint, index or column in the engine's error
	// Detail is a text that certainly names only objects and settings.
	Detail string
	ctx    error
}

// NewError makes an Error; it records whether cause is the end of a context and drops everything
// else of it.
func NewError(class Class, code, doing string, table Name, cause error) *Error {
	e := &Error{Class: class, Code: code, Doing: doing, Table: table}
	switch {
	case errors.Is(cause, context.Canceled):
		e.Class, e.ctx = Cancelled, context.Canceled
	case errors.Is(cause, context.DeadlineExceeded):
		e.Class, e.ctx = Cancelled, context.DeadlineExceeded
	}
	return e
}

// Error returns the failed action, its object, and the engine's code.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Doing)
	switch {
	case e.Table == (Name{}):
	case e.Table.Schema == e.Usual:
		b.WriteString(" " + e.Table.Table)
	default:
		b.WriteString(" " + e.Table.String())
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(string(e.Class))
	if e.Object != "" {
		fmt.Fprintf(&b, " (%s)", e.Object)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, " [%s]", e.Code)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

// Is makes errors.Is find the end of a context.
func (e *Error) Is(target error) bool { return e.ctx != nil && target == e.ctx }

// OmitSchema has an error's text name tables of the usual schema as a plan's text does.
func OmitSchema(err error, usual string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Usual = usual
	}
	return err
}

// ClassOf returns the class of an error of this package's contract; Cancelled for the end of a
// context, Fatal for any other error, "" for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Cancelled
	}
	return Fatal
}

// ErrClaimed is returned by DB.Claim when another session has the claim.
var ErrClaimed = errors.New("dialect: claimed by another session")
