package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
)

// Adopt states that this database is the one that its journal names: it was moved, or
// restored from a backup, and isn't a copy beside it. Where a run has already taken it for a copy,
// it gets back the identity that it had before.
//
// A run notices by the engine's own identity that its database is another one than the
// journal was made in. It can't see whether the other one goes on being used, and takes it for a
// copy: receipts then say so, and Replay doesn't mix up the two. Call Adopt after a move to
// another server, a failover that changes the server's identity, or a restore elsewhere. Replay does it by itself.
func Adopt(ctx context.Context, db dialect.DB) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	id, err := db.Identity(ctx)
	if err != nil {
		return err
	}
	found, err := journal.Open(db, "", time.Now).Adopt(ctx, id.Marks)
	if err == nil && !found {
		return fmt.Errorf("%w: its journal names no database: nothing is to be adopted", ErrOtherDatabase)
	}
	return err
}
