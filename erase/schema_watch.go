package erase

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
)

// schemaWatch notices a schema that changes while the run is at work. Each batch compares
// the catalogue's mark after its locks: a table made meanwhile would lose rows by ON DELETE
// CASCADE that no step lists.
type schemaWatch struct {
	// inspecting lets one worker inspect for all. Nobody waits for it with a transaction
	// open: who inspects takes another connection, of which there may be none left.
	inspecting sync.Mutex
	mark       atomic.Pointer[string] // of a schema that has the plan's fingerprint
}

// errSchemaMoved ends a batch whose tables don't have the mark that was compared last.
var errSchemaMoved = errors.New("the catalogue has changed")

// watchSchema reads the mark. The catalogue is inspected after that.
func (o *order) watchSchema(ctx context.Context) (*schemaWatch, error) {
	mark, err := o.schemaMark(ctx)
	if err != nil {
		return nil, err
	}
	w := &schemaWatch{}
	w.mark.Store(&mark)
	return w, nil
}

func (o *order) schemaMark(ctx context.Context) (mark string, err error) {
	err = o.inReadTx(ctx, func(tx dialect.Reader) error {
		mark, err = tx.SchemaMark(ctx, o.plan.Covers)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading the catalogue: %w", err)
	}
	return mark, nil
}

// unchanged compares the mark in a batch's transaction, after its locks: a change of one
// of its tables after that waits for its end.
func (w *schemaWatch) unchanged(ctx context.Context, tx dialect.Reader, covers []dialect.Name) error {
	now, err := tx.SchemaMark(ctx, covers)
	if err != nil {
		return err
	}
	if now != *w.mark.Load() {
		return errSchemaMoved
	}
	return nil
}

// inspectAgain finds out what another mark means: ErrDrift, or nothing that the plan is about.
// Indexes are as the run has them: it may have suspended some.
func (r *run) inspectAgain(ctx context.Context) error {
	w := r.watch
	w.inspecting.Lock()
	defer w.inspecting.Unlock()
	mark, err := r.schemaMark(ctx)
	if err != nil || mark == *w.mark.Load() {
		return err
	}
	now, err := r.db.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("reading the catalogue: %w", err)
	}
	for _, n := range r.plan.Covers {
		if was, is := r.schema.Table(n), now.Table(n); was != nil && is != nil {
			is.Indexes = was.Indexes
		}
	}
	if err := checkDrift(r.plan, now); err != nil {
		return fmt.Errorf("%w; it was changed while the run was at work: undo the change and continue the run, or close it", err)
	}
	w.mark.Store(&mark)
	return nil
}

// explainBySchema puts the changed schema, if it was changed, before an error that may come of it.
func (r *run) explainBySchema(ctx context.Context, err error) error {
	switch class := dialect.ClassOf(err); {
	case errors.Is(err, closure.ErrTooMany): // which asks for smaller batches
		return err
	case errors.Is(err, errSchemaMoved), class == dialect.ForeignKeyViolation, class == dialect.Fatal:
	default:
		return err
	}
	if drifted := r.inspectAgain(ctx); errors.Is(drifted, ErrDrift) {
		return drifted
	}
	return err
}

// checkBeforeSigning compares the whole fingerprint. What changes after the only batch of a
// run has no part in what it did, unless the catalogue's mark says otherwise.
func (r *run) checkBeforeSigning(ctx context.Context, mark string, batches int) error {
	if batches <= 1 && mark == *r.watch.mark.Load() {
		return nil
	}
	now, err := r.db.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("reading the catalogue: %w", err)
	}
	if err := checkDrift(r.plan, now); err != nil {
		return fmt.Errorf("the receipt isn't signed: %w; or undo the change and continue the run, or close it", err)
	}
	return nil
}
