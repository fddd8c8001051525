package erase

import (
	"context"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
)

// splitOversized carries out one root whose closure is larger than a transaction
// may be. Deletes that nothing else depends on are split off, leaf first, over as many
// transactions as it takes; the root stays until the last one, so that what is
// left can always be found from it. Then the rest is done at once.
func (r *run) splitOversized(ctx context.Context, it *workItem, skip map[string]bool) error {
	split := it.root.NewSplit()
	it.size = drainedSize
	for {
		d, err := r.runTransaction(ctx, it, func(ctx context.Context, tx dialect.Tx, _ *anonymise.Source) (*closure.Result, error) {
			return split.DeleteSome(ctx, tx, it.rangeCond(), r.MaxRows, skip)
		})
		if err != nil {
			return err
		}
		if d.IsEmpty() {
			break
		}
	}
	it.size = wholeSize
	_, err := r.runTransaction(ctx, it, func(ctx context.Context, tx dialect.Tx, source *anonymise.Source) (*closure.Result, error) {
		return r.executor.executeBatch(ctx, tx, it, source, skip)
	})
	return err
}
