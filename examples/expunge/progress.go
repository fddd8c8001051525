package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/expungedb/expunge/erase"
)

// progress shows a run's events: as a bar on a terminal, else as a line every few seconds. It isn't
// safe for concurrent use; erase calls it from one goroutine at a time.
type progress struct {
	w       io.Writer
	began   bool // the run is in the journal
	resumed bool // and was before
	last    time.Time
	why     string // why batches wait, "" where they don't
	now     atomic.Pointer[erase.Event]
	wait    *mpb.Progress
	bar     *mpb.Bar
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if isTerminal(w) {
		p.wait = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40))
	}
	return p
}

// every is the time between two lines without a terminal.
const every = 5 * time.Second

// event takes an event of erase.Options.Progress.
func (p *progress) event(e erase.Event) {
	if !p.began && e.Kind == erase.EventRestored {
		fmt.Fprintf(p.w, "restored what a run that died left suspended: index %s of %s\n", printable(e.Index), printable(e.Root.String()))
		return
	}
	if e.Kind == erase.EventCopyNoticed {
		fmt.Fprintf(p.w, "expunge: this database is a copy of the one with journal %s, and has a new identity; where that one was moved or restored, run expunge adopt\n", e.Reason)
		return
	}
	if !p.began {
		p.began, p.last = true, e.At
		if e.Kind == erase.EventResumed {
			p.resumed = true
			fmt.Fprintf(p.w, "run %s is continued\n", e.RunID)
		}
	}
	switch e.Kind {
	case erase.EventThrottled:
		begins := p.why == ""
		p.why = waitingText(e.Reason, e.Took)
		if p.wait == nil && (begins || e.At.Sub(p.last) >= every) {
			p.last = e.At
			fmt.Fprintf(p.w, "run %s: %s\n", e.RunID, p.why)
		}
	case erase.EventReleased:
		p.why = ""
		if p.wait == nil {
			fmt.Fprintf(p.w, "run %s: goes on after %s\n", e.RunID, e.Took.Round(100*time.Millisecond))
		}
	}
	if p.wait != nil {
		e.Reason = p.why
		p.draw(e)
		return
	}
	if e.Kind == erase.EventBatch && e.At.Sub(p.last) >= every {
		p.last = e.At
		fmt.Fprintf(p.w, "run %s: %s%s roots, %s a second%s\n", e.RunID, thousands(e.Done), ofTotal(e.Total), thousands(int64(e.Rate)), timeLeft(e.Remaining))
	}
}

func ofTotal(total int64) string {
	if total < 0 {
		return ""
	}
	return " of " + thousands(total)
}

func timeLeft(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ", about " + d.Round(time.Second).String() + " left"
}

// draw makes the bar with the first event. The bar's goroutine reads the last event while others
// follow.
func (p *progress) draw(e erase.Event) {
	p.now.Store(&e)
	if p.bar == nil {
		var style mpb.BarFillerBuilder = mpb.SpinnerStyle().PositionLeft()
		if e.Total > 0 {
			style = mpb.BarStyle().Lbound("").Filler("█").Tip("█").Padding("░").Rbound("")
		}
		p.bar = p.wait.New(max(e.Total, 1), style,
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return "  " })),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
				e := p.now.Load()
				if e.Reason != "" {
					return fmt.Sprintf(" %s%s roots, %s", thousands(e.Done), ofTotal(e.Total), e.Reason)
				}
				return fmt.Sprintf(" %s%s roots, %s a second%s", thousands(e.Done), ofTotal(e.Total), thousands(int64(e.Rate)), timeLeft(e.Remaining))
			})))
	}
	if e.Total > 0 {
		// An estimate may be too low; the bar ends with the run, not with the count.
		p.bar.SetTotal(max(e.Total, e.Done+1), false)
		p.bar.SetCurrent(e.Done)
	}
}

// end removes the bar. It must be called before anything else is printed.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Abort(true)
	}
	if p.wait != nil {
		p.wait.Wait()
	}
}
