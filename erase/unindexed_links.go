package erase

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/internal/batch"
)

// scanChunk is the number of subjects in one scan: its statement stays within the engine's limits.
const scanChunk = 20_000

// scanUnindexedLinks scans the references without an index for all subjects, if more than one batch is
// to come.
func (r *run) scanUnindexedLinks(ctx context.Context, p *closure.Root, continued, several bool) error {
	if !several {
		return nil
	}
	links := p.BeginScan()
	if len(links) == 0 {
		return nil
	}
	var unnamed int64
	for given, err := range r.keyChunks(ctx, continued, scanChunk, &unnamed, nil) {
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.IsDropped() {
				continue
			}
			var fresh *closure.LinkIndex
			if err := batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
				return r.inReadTx(ctx, func(tx dialect.Reader) (err error) {
					fresh, err = l.Scan(ctx, tx, given)
					return err
				})
			}); err != nil {
				return err
			}
			if !l.Add(fresh) {
				r.Log.Info("too many rows refer to the subjects by a link without an index: the table is scanned for every batch", "run", r.RunID, "table", r.plan.TableName(l.To.Name))
			}
		}
	}
	r.failpoint("looked")
	return nil
}
