// Package grace lets what was begun be finished for a while after its context
// has ended, and no longer: nothing that hangs keeps whoever gave up on it.
package grace

import (
	"context"
	"time"
)

// Extend returns a context that ends so long after ctx has ended, with ctx's
// cause, or when cancel is called, which must be done to free what it holds.
func Extend(ctx context.Context, by time.Duration) (_ context.Context, cancel context.CancelFunc) {
	longer, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(by)
		defer timer.Stop()
		select {
		case <-longer.Done():
		case <-timer.C:
			end(context.Cause(ctx))
		}
	})
	return longer, func() {
		stop()
		end(context.Canceled)
	}
}
