package erase

import (
	"context"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
)

// JournalDDL returns the statements that create the journal's tables, for a database administrator to
// run beforehand. Run creates missing tables by itself if its user may.
func JournalDDL(db dialect.DB) []string { return db.JournalDDL(journal.Tables(db)) }

// checkPrivileges refuses an account that may not carry the plan out, or not write the existing journal
// tables. It reports whether all of these exist.
func (s *session) checkPrivileges(ctx context.Context) (journalThere bool, err error) {
	ofJournal := journal.Accesses(s.db)
	problems, err := s.db.Check(ctx, slices.Concat(requiredAccess(s.plan), ofJournal))
	if err != nil {
		return false, fmt.Errorf("checking privileges: %w", err)
	}
	found := len(problems)
	problems = slices.DeleteFunc(problems, func(p dialect.Problem) bool {
		return p.Absent && slices.ContainsFunc(ofJournal, func(a dialect.Access) bool { return a.Table == p.Table })
	})
	if len(problems) > 0 {
		return false, &AccessError{Problems: problems}
	}
	return found == 0, nil
}

// checkJournalPrivileges refuses an account that may not write the journal, before there is anything to
// store.
func (s *session) checkJournalPrivileges(ctx context.Context) error {
	problems, err := s.db.Check(ctx, journal.Accesses(s.db))
	if err != nil {
		return fmt.Errorf("checking privileges on the journal: %w", err)
	}
	if len(problems) > 0 {
		return &AccessError{Problems: problems}
	}
	return nil
}

// heldRoot names a table and its key in the journal's notes on held rows.
func heldRoot(t *closure.Table) string { return journal.RootOf(t.Name, t.Key) }

// heldDigest is the digest of one of the table's rows in these notes.
func heldDigest(t *closure.Table, key dialect.Key) string {
	return journal.HeldDigest(heldRoot(t), key)
}
