package erase

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// loadHeldState finds out whether the run has to do with rows that the journal has of what is
// held, and warns of those that no root of the plan finds.
func (e *acquired) loadHeldState(ctx context.Context, programs []*compiledRoot) (*heldState, error) {
	held := &heldState{receiptID: e.row.ReceiptID}
	if e.plan.Scope == plan.ScopeEverything {
		return held, nil
	}
	var known []string
	for _, p := range programs {
		if e.plan.Scope == plan.ScopeSubjects || p.root.Ended {
			known = append(known, p.rootTable().heldRoot())
		}
	}
	any, others, err := e.session.journal.AnyHeld(ctx, known)
	if err != nil {
		return nil, err
	}
	held.record = any || slices.ContainsFunc(programs, func(p *compiledRoot) bool { return p.seeksHeads(e.plan.Scope) })
	held.others.Store(others || len(known) > 1)
	if others && e.plan.Scope == plan.ScopeExpired {
		e.Log.Warn("the journal names rows of tables that are no root of the plan: what a hold kept of them isn't erased; a hold is ended by its `until`, not by taking it out of the policy", "run", e.RunID)
	}
	return held, nil
}

// heldItems makes items of the rows that the journal names for an ended root,
// and that weren't gone through as of the run's moment yet: those of an item
// were last gone through as of one moment. What an earlier process has
// done is noted as of this run, so that nothing is done twice.
func (e *reader) heldItems(ctx context.Context, p *compiledRoot, sizer *batch.Sizer, seq int64) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		var after *journal.Held
		for {
			var page []journal.Held
			err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) (err error) {
				page, err = journal.Read(e.db).HeldPage(ctx, p.rootTable().heldRoot(), after, sizer.Size())
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			after = &page[len(page)-1]
			for _, it := range itemsOf(p, page) {
				it.seq = seq
				if !yield(it, nil) {
					return
				}
				seq++
			}
		}
	}
}

// notedItems are heldItems of a database that may have no journal.
func (e *reader) notedItems(ctx context.Context, p *compiledRoot, size int) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		if any, err := journal.Read(e.db).HasHeld(ctx); err != nil || !any {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		e.heldItems(ctx, p, batch.NewSizer(size, size, e.TargetTime), 1)(yield)
	}
}

// itemsOf groups noted rows by the moment as of which they were last gone through.
func itemsOf(p *compiledRoot, page []journal.Held) []*workItem {
	var out []*workItem
	own := journal.HeldThemselves(page)
	for _, h := range journal.NewestHeld(page) {
		if h.Since >= journal.SortableTime(p.asOf) {
			continue
		}
		if n := len(out); n == 0 || !out[n-1].since.Equal(h.SinceTime()) {
			out = append(out, &workItem{prog: p, roots: listedRoots, since: h.SinceTime(), own: own})
		}
		it := out[len(out)-1]
		it.keys = append(it.keys, h.Key)
	}
	return out
}

// resumeHeld does for an item of an ended root what holds kept from the erasure of
// its rows: as far as they have ended.
func (e *batchExecutor) resumeHeld(ctx context.Context, tx dialect.Tx, it *workItem, source *anonymise.Source, limit int) (*batchResult, error) {
	notes, err := e.journal.HeldRows(ctx, tx, digestsOf(it.prog.rootTable(), it.keys), dialect.NoLock)
	if err != nil {
		return nil, err
	}
	keys := it.dueKeys(notes)
	if len(keys) == 0 {
		return &batchResult{}, nil // another run was faster
	}
	g := newClosure(it.prog, tx, dialect.Exclusive)
	g.limit = limit
	if err := e.regatherHeld(ctx, g, keys, it.since, journal.HeldThemselves(notes)); err != nil {
		return nil, err
	}
	e.failpoint("gathered")
	heads, err := g.entryPoints(ctx)
	if err != nil {
		return nil, err
	}
	if notes, err = e.notesOn(ctx, g, keys, heads); err != nil {
		return nil, err
	}
	noted := byDigest(notes)
	switch {
	case len(it.dueKeys(notes)) != len(keys):
		return nil, errMoved
	case len(it.keys) > 1 && slices.ContainsFunc(heads, func(h entryPoint) bool { return noted[h.digest()] == nil }):
		return nil, errTooMany // alone, so that it is known from whose erasure that is left
	}
	d, err := g.runSteps(ctx, source, e.MaxRows)
	if err != nil {
		return nil, err
	}
	d.stayed = nil // the notes say what was done
	g.countVanished(d, len(keys))
	return d, e.updateHeldNotes(ctx, g, heads, notes, d)
}

// dueKeys are those of the item's keys that are noted as of the item's moment.
func (it *workItem) dueKeys(notes []journal.Held) []dialect.Key {
	mine := make(map[string]bool, len(it.keys))
	for _, digest := range digestsOf(it.prog.rootTable(), it.keys) {
		mine[digest] = true
	}
	var out []dialect.Key
	for _, h := range journal.NewestHeld(notes) {
		if mine[h.Digest] && h.SinceTime().Equal(it.since) {
			out = append(out, h.Key)
		}
	}
	return out
}

// regatherHeld gathers the closures of rows that were gone through before, together
// with what was done to each row then: as the holds were at that moment. Of the rows
// own says to which a hold applied themselves, by their digests.
func (e *reader) regatherHeld(ctx context.Context, g *closure, keys []dialect.Key, since time.Time, own map[string]bool) error {
	roots := []dialect.Cond{dialect.In{Columns: g.rootTable().Key, Keys: keys}}
	if err := g.collectRows(ctx, roots); err != nil {
		return err
	}
	then, err := compileRoot(e.plan, g.index, e.schema, since, g.tracking)
	if err != nil {
		return err
	}
	before := newClosure(then, g.tx, dialect.NoLock)
	if err := before.collectRows(ctx, roots); err != nil {
		return err
	}
	for i, s := range g.sets {
		for id, r := range s.index {
			if was := before.sets[i].index[id]; was != nil {
				r.earlier = &earlierErasure{
					outcome: before.sets[i].outcomeOf(was),
					// A row that was to be deleted is there since its hold's condition was met.
					holdEnded: !r.isHeldSelf() && (was.isHeldSelf() || s.Hold != nil && s.Hold.Where != "" && r.isDeleted()),
				}
			}
		}
	}
	g.markKnownHeld(g.sets[0], own)
	return nil
}

// markKnownHeld marks the roots to which a hold applied whose condition no longer holds.
func (g *closure) markKnownHeld(s *tableRows, own map[string]bool) {
	for _, r := range s.rows {
		if r.isHeldSelf() || r.earlier == nil || s.Hold == nil || s.Hold.Where == "" || !own[s.heldDigest(r.key(s))] {
			continue
		}
		o := left
		if s.Hold.Keep != nil {
			o = partly
		}
		r.earlier = &earlierErasure{outcome: o, holdEnded: true}
	}
}

// countVanished counts the noted rows that are not in the database any more.
func (g *closure) countVanished(d *batchResult, given int) {
	gone := int64(given - len(g.sets[0].rows))
	if id := rootStep(g.root); id != "" && gone > 0 {
		d.Step(id).Add(tally.Counts{Matched: gone, AlreadyGone: gone})
	}
}

func digestsOf(t *table, keys []dialect.Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = t.heldDigest(k)
	}
	return out
}

// noteHeld records, in the batch's transaction, from which rows what a hold keeps of
// the batch is found again, and forgets the roots of which nothing is held any more.
func (e *batchExecutor) noteHeld(ctx context.Context, g *closure, heads []entryPoint, d *batchResult) error {
	notes, err := e.notesOn(ctx, g, keysOf(g.sets[0], g.sets[0].rows), heads)
	if err != nil {
		return err
	}
	return e.updateHeldNotes(ctx, g, heads, notes, d)
}

// notesOn reads and locks what is noted of the batch's roots, of its heads, and
// of other rows that go where such rows are noted at all.
func (e *batchExecutor) notesOn(ctx context.Context, g *closure, roots []dialect.Key, heads []entryPoint) ([]journal.Held, error) {
	first := g.sets[0]
	digests := digestsOf(first.table, roots)
	for _, h := range heads {
		if h.tableRows != first {
			digests = append(digests, h.digest())
		}
	}
	for _, s := range g.sets[1:] {
		if e.held.others.Load() && !s.Address {
			digests = append(digests, digestsOf(s.table, keysOf(s, s.deletedRows()))...)
		}
	}
	return e.journal.HeldRows(ctx, g.tx, digests, dialect.Exclusive)
}

func (h entryPoint) digest() string { return h.heldDigest(h.key(h.tableRows)) }

// byDigest gives the notes of each row.
func byDigest(notes []journal.Held) map[string][]journal.Held {
	out := map[string][]journal.Held{}
	for _, n := range notes {
		out[n.Digest] = append(out[n.Digest], n)
	}
	return out
}

// updateHeldNotes brings the notes of the batch's roots up to date. In an ended root what
// has to be noted anew is noted under the runs that left it.
func (e *batchExecutor) updateHeldNotes(ctx context.Context, g *closure, heads []entryPoint, notes []journal.Held, d *batchResult) error {
	since := journal.SortableTime(g.asOf)
	type run struct{ id, receipt string }
	under := []run{{e.RunID, e.held.receiptID}}
	if g.root.Ended {
		under = nil
		for _, h := range notes {
			if r := (run{h.Run, h.Receipt}); !slices.Contains(under, r) {
				under = append(under, r)
			}
		}
	}
	noted, waiting, own := byDigest(notes), map[string]bool{}, map[string]bool{}
	var fresh []journal.Held
	for _, h := range heads {
		if h.Address || len(h.Key) == 0 {
			return fmt.Errorf("table %s: a hold keeps a row that nothing leads to any more, and without a key it isn't found again: name its references in hold.keep", h.Name)
		}
		digest := h.digest()
		waiting[digest], own[digest] = true, h.isHeldSelf()
		if g.root.Ended && noted[digest] != nil {
			continue
		}
		for _, r := range under {
			if slices.ContainsFunc(noted[digest], func(n journal.Held) bool { return n.Run == r.id }) {
				continue
			}
			if h.tableRows != g.sets[0] {
				e.held.others.Store(true)
			}
			fresh = append(fresh, journal.Held{Digest: digest, Run: r.id, Receipt: r.receipt, Root: h.heldRoot(), Key: h.key(h.tableRows), Since: since, Own: h.isHeldSelf()})
		}
	}
	if err := e.journal.InsertHeld(ctx, g.tx, fresh); err != nil {
		return err
	}
	var done []string
	still := map[bool][]string{} // by whether a hold applies to the row itself
	for _, n := range notes {
		if waiting[n.Digest] {
			still[own[n.Digest]] = append(still[own[n.Digest]], n.Digest)
			continue
		}
		done = append(done, n.Digest)
		d.AddFollowed(n.Receipt)
	}
	for _, is := range []bool{false, true} {
		if err := e.journal.TouchHeld(ctx, g.tx, slices.Compact(still[is]), since, is); err != nil {
			return err
		}
	}
	return e.journal.DeleteHeld(ctx, g.tx, slices.Compact(done))
}

// followedReceipts says of the receipts whether something is held still of what their
// erasures left.
func (e *acquired) followedReceipts(ctx context.Context, receipts []string) ([]receipt.Followed, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	open, err := e.session.journal.UnfinishedReceipts(ctx, receipts)
	if err != nil {
		return nil, err
	}
	var out []receipt.Followed
	for _, id := range slices.Sorted(slices.Values(receipts)) {
		out = append(out, receipt.Followed{ReceiptID: id, Complete: !open[id]})
	}
	return out, nil
}
