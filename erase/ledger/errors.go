package ledger

import (
	"errors"
	"fmt"
)

// The errors of a ledger. Each but ErrNoRecipient comes in a *FileError; test with errors.Is.
var (
	// ErrForeign: a file or directory that no ledger wrote. Move it elsewhere.
	ErrForeign = errors.New("not a ledger's file")
	// ErrTruncated: the file ends too early. Restore it from a copy of the ledger.
	ErrTruncated = errors.New("the ledger's file is truncated")
	// ErrDamaged: the file was altered, or has another file's name. Restore it from a copy of the
	// ledger.
	ErrDamaged = errors.New("the ledger's file is damaged")
	// ErrVersion: a later release wrote the file. Read it with that one.
	ErrVersion = errors.New("the ledger's file is of a version that this release doesn't know")
	// ErrIdentity: none of the given identities opens the entry. Give an identity of one of its
	// recipients.
	ErrIdentity = errors.New("no given identity opens the ledger's entry")
	// ErrNoRecipient: the ledger was opened without a recipient, and so only for reading.
	ErrNoRecipient = errors.New("the ledger was opened without a recipient: give the public keys of those who will replay")
)

// FileError is an error of one file. Other files are not affected.
type FileError struct {
	Name string // within the ledger's directory: nothing personal
	Err  error
}

// Error names the file.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
