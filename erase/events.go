package erase

import (
	"log/slog"
	"sync"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// EventKind is what an Event reports.
type EventKind string

// The kinds, in the order in which they first appear in a run.
const (
	EventBegan     EventKind = "began"     // the run is in the journal
	EventResumed   EventKind = "resumed"   // it was in the journal already, unfinished
	EventSuspended EventKind = "suspended" // an index is dropped until its table is overwritten
	// EventCopyNoticed: the database is a copy of the one with the journal UUID in Reason, or this one was
	// moved; see Adopt. It has a new identity.
	EventCopyNoticed EventKind = "copy noticed"
	EventBatch       EventKind = "batch"     // a batch was committed
	EventRetry       EventKind = "retry"     // a batch was rolled back and will be retried
	EventChecked     EventKind = "checked"   // a batch's rows were verified after its commit
	EventRestored    EventKind = "restored"  // the index is restored
	EventThrottled   EventKind = "throttled" // no batch begins at the moment: Reason says why
	EventReleased    EventKind = "released"  // batches begin again, after Took
	EventScanning    EventKind = "scanning"  // all batches are done; the roots are scanned again
	EventSigned      EventKind = "signed"    // the receipt is signed and stored
)

// Event is something that happened in a run. It contains counts and names of tables, never a value or a
// key.
type Event struct {
	Kind   EventKind
	At     time.Time
	RunID  string
	Root   dialect.Name // the table of the batch's roots
	Class  dialect.Class
	Reason string // why batches wait; another event tells of a change
	Index  string // the suspended or restored one
	// Rows is the number of rows changed by the batch, Took its duration.
	Rows int64
	Took time.Duration
	// Done and Total count roots over the whole run. Total is an estimate for a scope that walks
	// tables, and -1 without one.
	Done, Total int64
	// Rate is roots per second since the run began in this process; Remaining is the estimate by it, 0
	// without one.
	Rate      float64
	Remaining time.Duration
}

// reporter reports a run's events, one at a time. Tests stop the process at its failpoints.
type reporter struct {
	runID string
	now   func() time.Time
	log   *slog.Logger
	tell  func(Event)
	point func(name string)

	mu    sync.Mutex
	meter progressMeter
}

func newReporter(o *Options, point func(name string)) *reporter {
	if point == nil {
		point = func(string) {}
	}
	return &reporter{runID: o.RunID, now: o.Now, log: o.Log, tell: o.Progress, point: point}
}

// failpoint lets a test stop the process here.
func (p *reporter) failpoint(name string) { p.point(name) }

func (p *reporter) emitEvent(ev Event) {
	ev.At, ev.RunID = p.now(), p.runID
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meter.fillEvent(&ev)
	p.tell(ev)
}

// emitWait reports why batches wait, and with "" that they continue.
func (p *reporter) emitWait(why string, waited time.Duration) {
	if why == "" {
		p.log.Info("batches continue", "run", p.runID, "waited", waited)
		p.emitEvent(Event{Kind: EventReleased, Took: waited})
		return
	}
	p.log.Warn("batches wait", "run", p.runID, "why", why)
	p.emitEvent(Event{Kind: EventThrottled, Reason: why, Took: waited})
}

// startMeter counts from the roots done by earlier processes. An unknown total is -1.
func (p *reporter) startMeter(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meter = progressMeter{began: p.now(), before: done, done: done, total: total}
}

// countDone counts roots as done.
func (p *reporter) countDone(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meter.done += n
}

// progressMeter counts what events report.
type progressMeter struct {
	began       time.Time
	before      int64 // done by earlier processes
	done, total int64
}

func (m *progressMeter) fillEvent(e *Event) {
	e.Done, e.Total = m.done, m.total
	if passed := e.At.Sub(m.began).Seconds(); passed > 0 {
		e.Rate = float64(m.done-m.before) / passed
	}
	if e.Rate > 0 && m.total > m.done {
		e.Remaining = time.Duration(float64(m.total-m.done) / e.Rate * float64(time.Second))
	}
}
