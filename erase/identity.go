package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
)

// Adopt states that this database is the one named by its journal: moved, or restored from a backup,
// and not a copy beside the original. If a run has already taken it for a copy, it gets its former
// identity back.
//
// A run notices by the engine's own identity when its journal was created in another database. It can't
// see whether that one is still in use, and takes its own for a copy: receipts say so, and Replay keeps
// the two apart. Call Adopt after a move to another server, a failover with a new server identity, or a
// restore elsewhere. Replay does it by itself.
func Adopt(ctx context.Context, db dialect.DB) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	id, err := db.Identity(ctx)
	if err != nil {
		return err
	}
	found, err := journal.Open(db, "", time.Now).Adopt(ctx, id.Marks)
	if err == nil && !found {
		return fmt.Errorf("%w: its journal names no database: nothing to adopt", ErrOtherDatabase)
	}
	return err
}
