// Package grace gives unfinished work some more time after its context has ended, and no longer:
// hanging work doesn't block its caller.
package grace

import (
	"context"
	"time"
)

// Extend returns a context. It ends a time (by) after ctx, with ctx's cause, or when the caller
// calls cancel. Always call cancel: it frees the resources.
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
