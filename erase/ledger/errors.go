package ledger

import (
	"errors"
	"fmt"
)

// What can be wrong with a ledger. Each but ErrNoRecipient comes in a
// *FileError; test with errors.Is.
var (
	// ErrForeign: a file or directory that no ledger wrote. Move it elsewhere.
	ErrForeign = errors.New("not a ledger's file")
	// ErrTruncated: the file ends too early. Take it from a copy of the ledger.
	ErrTruncated = errors.New("the ledger's file is truncated")
	// ErrDamaged: the file was altered, or stands under another's name. Take
	// it from a copy of the ledger.
	ErrDamaged = errors.New("the ledger's file is damaged")
	// ErrVersion: a later release wrote the file. Read it with that one.
	ErrVersion = errors.New("the ledger's file is of a version that this release doesn't know")
	// ErrIdentity: none of the given identities opens the entry. Give an
	// identity of one of the recipients that it was encrypted to.
	ErrIdentity = errors.New("no given identity opens the ledger's entry")
	// ErrNoRecipient: the ledger was opened without a recipient, and so only to be read.
	ErrNoRecipient = errors.New("the ledger was opened without a recipient: give the public keys of those who will replay")
)

// FileError says what is wrong with one file. Other files are not affected.
type FileError struct {
	Name string // within the ledger's directory: nothing personal
	Err  error
}

// Error names the file.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }
