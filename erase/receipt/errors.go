package receipt

import "errors"

// The errors of a receipt. Errors of this package wrap one of them where a caller can react to it;
// test with errors.Is.
var (
	// ErrTruncated: the input ends too early. Ask for the file again.
	ErrTruncated = errors.New("receipt is truncated")
	// ErrMalformed: the input isn't a receipt in this package's form, or is contradictory (counts
	// that don't add up).
	ErrMalformed = errors.New("receipt is malformed")
	// ErrSignature: no signature is good under the given keys. Either the content was altered or it
	// was signed with another key.
	ErrSignature = errors.New("receipt isn't signed by a given key")
	// ErrThreshold: some signatures are good, but fewer than required.
	ErrThreshold = errors.New("receipt has too few good signatures")
	// ErrVersion: the signature is good, but this package doesn't know the statement's type or
	// version.
	ErrVersion = errors.New("receipt has an unknown type or version")
)
