package erase

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// markKeys are the caller's keys: the one of the row commitments, the secret, and one from each
// deterministic signer (Ed25519), derived from its signature of one text.
func (s *session) markKeys(ctx context.Context) [][]byte {
	var keys [][]byte
	derive := func(from []byte) {
		mac := hmac.New(sha256.New, from)
		mac.Write([]byte("expunge-subjects-derived/v1"))
		keys = append(keys, mac.Sum(nil))
	}
	if s.makesCommitments() {
		derive(s.Commitments.Key)
	}
	if !s.Secret.IsZero() {
		keys = append(keys, s.Secret.Derive("expunge-subjects/v1"))
	}
	text := []byte("expunge-subjects/v1\x00" + s.RunID)
	for _, signer := range s.Signers {
		first, err := signer.Sign(ctx, text)
		if err != nil {
			continue // it may sign later, for the receipt
		}
		if second, err := signer.Sign(ctx, text); err == nil && string(first) == string(second) {
			derive(first)
		}
	}
	return keys
}

// encodeMarks encodes the marks of a new run.
func (s *session) encodeMarks(ctx context.Context, subjects *journal.Subjects) string {
	var marks []journal.Mark
	for _, k := range s.markKeys(ctx) {
		marks = append(marks, subjects.Mark(k, s.RunID))
	}
	return journal.EncodeMarks(marks)
}

// What a mark tells about the subjects given now.
type likeness int

const (
	unknownSubjects likeness = iota // no key is known, or an identifier matches no row any more
	otherSubjects
	sameSubjects
	sameTexts // an identifier among them may belong to another person by now
)

// compareSubjects compares the subjects with the marks, by a key of the caller.
func (s *session) compareSubjects(ctx context.Context, row *journal.Run, c *subjectCounts) (likeness, error) {
	marks, err := row.DecodeMarks()
	if err != nil {
		return unknownSubjects, err
	}
	for _, k := range s.markKeys(ctx) {
		id := journal.MarkKeyID(k, s.RunID)
		i := slices.IndexFunc(marks, func(m journal.Mark) bool { return m.Key == id })
		if i < 0 {
			continue
		}
		switch now := c.set.Mark(k, s.RunID); {
		case c.unnamed == 0 && now.Rows == marks[i].Rows:
			return sameSubjects, nil
		case now.Given == marks[i].Given:
			return sameTexts, nil
		case c.unnamed > 0 && c.matchesCount(row.Subjects):
			return unknownSubjects, fmt.Errorf("%w: a given identifier matches no row any more, and the other subjects aren't all of the run's: write each subject as at the run's start", ErrRunDiffers)
		}
		return otherSubjects, nil
	}
	return unknownSubjects, nil
}

// readDeleted reads the subjects deleted in earlier batches. It needs the key of the run's first mark
// among the caller's.
func (a *acquired) readDeleted(ctx context.Context, batches []journal.Batch) (journal.Deleted, error) {
	if a.plan.Scope != plan.ScopeSubjects {
		return journal.Deleted{}, nil
	}
	marks, err := a.row.DecodeMarks()
	if err != nil || marks == nil {
		return journal.Deleted{}, err
	}
	var key []byte
	for _, k := range a.session.markKeys(ctx) {
		if journal.MarkKeyID(k, a.RunID) == marks[0].Key {
			key = k
		}
	}
	var columns []*dialect.Column
	t := a.schema.Table(a.plan.Subject.Table)
	for _, name := range a.plan.Subject.Key {
		columns = append(columns, t.Column(name))
	}
	return journal.ReadDeleted(key, columns, batches)
}
