package erase

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// loadHeldState finds out whether the run concerns the journal's held rows, and warns of those that no
// root of the plan finds.
func (a *acquired) loadHeldState(ctx context.Context, roots []*closure.Root) (*heldState, error) {
	held := &heldState{receiptID: a.row.ReceiptID}
	if a.plan.Scope == plan.ScopeEverything {
		return held, nil
	}
	var known []string
	for _, p := range roots {
		if a.plan.Scope == plan.ScopeSubjects || p.Plan.Ended {
			known = append(known, heldRoot(p.RootTable()))
		}
	}
	stored, others, err := a.session.journal.AnyHeld(ctx, known)
	if err != nil {
		return nil, err
	}
	held.record = stored || slices.ContainsFunc(roots, func(p *closure.Root) bool { return p.SeeksEntryPoints(a.plan.Scope) })
	held.others.Store(others || len(known) > 1)
	if others && a.plan.Scope == plan.ScopeExpired {
		a.Log.Warn("the journal names rows of tables that are no root of the plan: what a hold kept of them isn't erased; a hold is ended by its `until`, not by taking it out of the policy", "run", a.RunID)
	}
	return held, nil
}

// heldItems makes items of the journal's rows for an ended root that weren't processed yet as of the
// run's moment. Rows of one item were last processed at the same time. Rows done by an earlier process
// are noted as of this run: nothing is done twice.
func (r *reader) heldItems(ctx context.Context, p *closure.Root, sizer *batch.Sizer, seq int64) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		var after *journal.Held
		for {
			var page []journal.Held
			err := batch.Retry(ctx, r.backoff(), isRetryable, func(int) (err error) {
				page, err = journal.Read(r.db).HeldPage(ctx, heldRoot(p.RootTable()), after, sizer.Size())
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

// notedItems are heldItems of a database with or without a journal.
func (r *reader) notedItems(ctx context.Context, p *closure.Root, size int) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		if stored, err := journal.Read(r.db).HasHeld(ctx); err != nil || !stored {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		r.heldItems(ctx, p, batch.NewSizer(size, size, r.TargetTime), 1)(yield)
	}
}

// itemsOf groups noted rows by the time of their last processing.
func itemsOf(p *closure.Root, page []journal.Held) []*workItem {
	var out []*workItem
	own := journal.HeldThemselves(page)
	for _, h := range journal.NewestHeld(page) {
		if h.Since >= journal.SortableTime(p.AsOf) {
			continue
		}
		if n := len(out); n == 0 || !out[n-1].since.Equal(h.SinceTime()) {
			out = append(out, &workItem{root: p, roots: listedRoots, since: h.SinceTime(), own: own})
		}
		it := out[len(out)-1]
		it.keys = append(it.keys, h.Key)
	}
	return out
}

// resumeHeld erases, for an item of an ended root, what holds kept from the erasure of its rows, as far
// as they have ended.
func (x *batchExecutor) resumeHeld(ctx context.Context, tx dialect.Tx, it *workItem, source *anonymise.Source, limits closure.Limits) (*closure.Result, error) {
	notes, err := x.journal.HeldRows(ctx, tx, digestsOf(it.root.RootTable(), it.keys), dialect.NoLock)
	if err != nil {
		return nil, err
	}
	keys := it.dueKeys(notes)
	if len(keys) == 0 {
		return &closure.Result{}, nil // another run was faster
	}
	g := closure.New(it.root, tx, dialect.Exclusive)
	g.Limits = limits
	if err := x.regatherHeld(ctx, g, keys, it.since, journal.HeldThemselves(notes)); err != nil {
		return nil, err
	}
	x.failpoint("gathered")
	heads, err := g.EntryPoints(ctx)
	if err != nil {
		return nil, err
	}
	if notes, err = x.notesOn(ctx, tx, g, keys, heads); err != nil {
		return nil, err
	}
	noted := byDigest(notes)
	switch {
	case len(it.dueKeys(notes)) != len(keys):
		return nil, closure.ErrMoved
	case len(it.keys) > 1 && slices.ContainsFunc(heads, func(h closure.EntryPoint) bool { return noted[heldDigest(h.Table, h.Key)] == nil }):
		return nil, closure.ErrTooMany // a single row, so that its earlier erasure is known
	}
	d, err := g.RunSteps(ctx, tx, source, x.MaxRows)
	if err != nil {
		return nil, err
	}
	d.Stayed = nil // the notes say what was done
	g.CountVanished(d, len(keys))
	return d, x.updateHeldNotes(ctx, tx, g, heads, notes, d)
}

// dueKeys are the item's keys whose note has the item's time.
func (it *workItem) dueKeys(notes []journal.Held) []dialect.Key {
	mine := make(map[string]bool, len(it.keys))
	for _, digest := range digestsOf(it.root.RootTable(), it.keys) {
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

// regatherHeld gathers the closures of rows processed before, at the time since. own contains the
// digests of the rows to which a hold applied directly.
func (r *reader) regatherHeld(ctx context.Context, g *closure.Closure, keys []dialect.Key, since time.Time, own map[string]bool) error {
	t := g.RootTable()
	then, err := closure.Compile(r.plan, g.Index, r.schema, since, g.Tracking)
	if err != nil {
		return err
	}
	return g.CollectAgain(ctx, then, keys, func(k dialect.Key) bool { return own[heldDigest(t, k)] })
}

func digestsOf(t *closure.Table, keys []dialect.Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = heldDigest(t, k)
	}
	return out
}

// noteHeld records, in the batch's transaction, the rows from which held data can be found. It deletes
// the notes of roots with nothing held any more.
func (x *batchExecutor) noteHeld(ctx context.Context, tx dialect.Tx, g *closure.Closure, heads []closure.EntryPoint, d *closure.Result) error {
	notes, err := x.notesOn(ctx, tx, g, g.RootKeys(), heads)
	if err != nil {
		return err
	}
	return x.updateHeldNotes(ctx, tx, g, heads, notes, d)
}

// notesOn reads and locks the notes on the batch's roots and entry points, and on other deleted rows if
// such rows are noted at all.
func (x *batchExecutor) notesOn(ctx context.Context, tx dialect.Tx, g *closure.Closure, roots []dialect.Key, heads []closure.EntryPoint) ([]journal.Held, error) {
	first := g.RootTable()
	digests := digestsOf(first, roots)
	for _, h := range heads {
		if h.Table != first {
			digests = append(digests, heldDigest(h.Table, h.Key))
		}
	}
	if x.held.others.Load() {
		for t, keys := range g.DeletedKeys() {
			if t != first && !t.Address {
				digests = append(digests, digestsOf(t, keys)...)
			}
		}
	}
	return x.journal.HeldRows(ctx, tx, digests, dialect.Exclusive)
}

// byDigest groups the notes by row.
func byDigest(notes []journal.Held) map[string][]journal.Held {
	out := map[string][]journal.Held{}
	for _, n := range notes {
		out[n.Digest] = append(out[n.Digest], n)
	}
	return out
}

// updateHeldNotes updates the journal's notes on the batch's rows.
func (x *batchExecutor) updateHeldNotes(ctx context.Context, tx dialect.Tx, g *closure.Closure, heads []closure.EntryPoint, notes []journal.Held, d *closure.Result) error {
	fresh, err := x.newHeld(g, heads, notes)
	if err != nil {
		return err
	}
	if err := x.journal.InsertHeld(ctx, tx, fresh); err != nil {
		return err
	}
	waiting, own := map[string]bool{}, map[string]bool{}
	for _, h := range heads {
		digest := heldDigest(h.Table, h.Key)
		waiting[digest], own[digest] = true, h.HeldSelf
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
		if err := x.journal.TouchHeld(ctx, tx, slices.Compact(still[is]), journal.SortableTime(g.AsOf), is); err != nil {
			return err
		}
	}
	return x.journal.DeleteHeld(ctx, tx, slices.Compact(done))
}

// newHeld are the missing notes. In an ended root each is stored for every run that left something of
// the batch's rows.
func (x *batchExecutor) newHeld(g *closure.Closure, heads []closure.EntryPoint, notes []journal.Held) ([]journal.Held, error) {
	type runID struct{ id, receipt string }
	under := []runID{{x.RunID, x.held.receiptID}}
	if g.Plan.Ended {
		under = nil
		for _, h := range notes {
			if r := (runID{h.Run, h.Receipt}); !slices.Contains(under, r) {
				under = append(under, r)
			}
		}
	}
	noted := byDigest(notes)
	var fresh []journal.Held
	for _, h := range heads {
		if h.Table.Address || len(h.Table.Key) == 0 {
			return nil, fmt.Errorf("table %s: a held row would become unreachable, and the table has no key: name its references in hold.keep", h.Table.Name)
		}
		digest := heldDigest(h.Table, h.Key)
		if g.Plan.Ended && noted[digest] != nil {
			continue
		}
		for _, r := range under {
			if slices.ContainsFunc(noted[digest], func(n journal.Held) bool { return n.Run == r.id }) {
				continue
			}
			if h.Table != g.RootTable() {
				x.held.others.Store(true)
			}
			fresh = append(fresh, journal.Held{Digest: digest, Run: r.id, Receipt: r.receipt, Root: heldRoot(h.Table), Key: h.Key, Since: journal.SortableTime(g.AsOf), Own: h.HeldSelf})
		}
	}
	return fresh, nil
}

// followedReceipts says for each receipt whether a hold still keeps something of its erasure.
func (a *acquired) followedReceipts(ctx context.Context, receipts []string) ([]receipt.Followed, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	open, err := a.session.journal.UnfinishedReceipts(ctx, receipts)
	if err != nil {
		return nil, err
	}
	var out []receipt.Followed
	for _, id := range slices.Sorted(slices.Values(receipts)) {
		out = append(out, receipt.Followed{ReceiptID: id, Complete: !open[id]})
	}
	return out, nil
}
