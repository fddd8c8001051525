package grace

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestItEndsWithItsCauseAWhileAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := errors.New("over")
		ctx, end := context.WithCancelCause(t.Context())
		longer, cancel := Extend(ctx, time.Minute)
		defer cancel()
		end(over)
		began := time.Now()
		synctest.Wait()
		if longer.Err() != nil {
			t.Error("it ended at once")
		}
		<-longer.Done()
		if d := time.Since(began); d != time.Minute || !errors.Is(context.Cause(longer), over) {
			t.Errorf("it ended after %v, by %v", d, context.Cause(longer))
		}
	})
}

func TestItHoldsNothingOnceItIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine remains
		for _, first := range []bool{true, false} {
			ctx, end := context.WithCancel(t.Context())
			longer, cancel := Extend(ctx, time.Hour)
			if first {
				end()
				synctest.Wait()
			}
			cancel()
			end()
			if longer.Err() == nil {
				t.Error("it goes on")
			}
		}
	})
}
