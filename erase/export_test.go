package erase

import (
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// RunAt is Run with failpoints: point is called with the name of each place
// that the run passes, from whichever worker passes it.
var RunAt = runAt

// VerifyAt is Verify at a moment.
var VerifyAt = verifyAt

// ParseSubject reads the key of a subject.
func ParseSubject(raw string, s *plan.Subject, t *dialect.Table) (dialect.Key, error) {
	sub, err := parseSubject(raw, s, t)
	return sub.key, err
}
