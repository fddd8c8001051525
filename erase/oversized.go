package erase

import (
	"context"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
)

// splitOversized carries out one root with a closure larger than a transaction may be. It splits off
// deletes that nothing else depends on, leaf first, in as many transactions as needed. The root remains
// until the last one, so all remaining rows can be found from it. Then it does the rest at once.
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
