package receipt

import "errors"

// What can be wrong with a receipt. Errors of this package wrap one of them
// where a caller decides on it; test with errors.Is.
var (
	// ErrTruncated: the input ends too early. Ask for the file again.
	ErrTruncated = errors.New("receipt is truncated")
	// ErrMalformed: the input isn't a receipt in the form that this package
	// writes, or says something that can't be true (counts that don't add up).
	ErrMalformed = errors.New("receipt is malformed")
	// ErrSignature: no signature is good under the given keys. Either the
	// content was altered or it was signed with another key.
	ErrSignature = errors.New("receipt isn't signed by a given key")
	// ErrThreshold: some signatures are good, but fewer than were asked for.
	ErrThreshold = errors.New("receipt has too few good signatures")
	// ErrVersion: the signature is good, but the statement is of a type or a
	// version that this package doesn't know.
	ErrVersion = errors.New("receipt has an unknown type or version")
)
