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

// schemaWatch notices a schema change during the run. Each batch compares the catalogue's mark after
// its locks: otherwise a new table could lose rows by ON DELETE CASCADE, missing in the steps.
type schemaWatch struct {
	// inspecting lets one worker inspect for all. Nobody waits for it with a transaction open:
	// inspecting takes another connection, and none may be free.
	inspecting sync.Mutex
	mark       atomic.Pointer[string] // of a schema with the plan's fingerprint
}

// errSchemaMoved ends a batch whose tables have another mark than at the last comparison.
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

// unchanged compares the mark in a batch's transaction, after its locks: altering one of its tables
// then waits for its end.
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

// inspectAgain finds out what a new mark means: ErrDrift, or a change outside of the plan. It takes
// indexes as known to the run: the run may have suspended some.
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
		return fmt.Errorf("%w; the change was during the run: undo it and continue the run, or close the run", err)
	}
	w.mark.Store(&mark)
	return nil
}

// explainBySchema returns the drift instead of an error that a schema change may have caused.
func (r *run) explainBySchema(ctx context.Context, err error) error {
	switch class := dialect.ClassOf(err); {
	case errors.Is(err, closure.ErrTooMany): // smaller batches help
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

// checkBeforeSigning compares the whole fingerprint. A change after a run's only batch doesn't affect
// its result, unless the catalogue's mark says otherwise.
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
