package erase

import (
	"context"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
)

// JournalDDL returns the statements that make the journal's tables, for a
// database administrator who wants to run them beforehand. Run makes what is
// missing by itself where its user may.
func JournalDDL(db dialect.DB) []string { return db.JournalDDL(journal.Tables(db)) }

// checkJournalPrivileges refuses an account that may not keep the journal, before it has anything to store.
func (e *session) checkJournalPrivileges(ctx context.Context) error {
	problems, err := e.db.Check(ctx, journal.Accesses(e.db))
	if err != nil {
		return fmt.Errorf("checking privileges on the journal: %w", err)
	}
	if len(problems) > 0 {
		return &AccessError{Problems: problems}
	}
	return nil
}

// heldRoot names a table and its key in the journal's rows of what is held.
func heldRoot(t *closure.Table) string { return journal.RootOf(t.Name, t.Key) }

// heldDigest is the digest of one of the table's rows there.
func heldDigest(t *closure.Table, key dialect.Key) string {
	return journal.HeldDigest(heldRoot(t), key)
}
