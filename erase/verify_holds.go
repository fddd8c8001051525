package erase

import (
	"context"
	"maps"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// findOverdue searches for data that the receipt's erasure left to a hold that has ended. The journal
// says where to search, and no subject is needed. It reports whether the journal has notes of the
// receipt.
func (v *receiptVerifier) findOverdue(ctx context.Context, known, schema *dialect.Schema) (noted bool, err error) {
	j := journal.Read(v.db)
	if stored, err := j.HasHeld(ctx); err != nil || !stored {
		return false, err
	}
	held, err := j.HeldOfReceipt(ctx, v.statement.Predicate.ReceiptID)
	if err != nil || len(held) == 0 {
		return false, err
	}
	p, err := plan.FromSchema(known, v.db, v.rules, plan.ScopeExpired)
	if err != nil {
		v.addFinding(dialect.Name{}, OutcomeCannotTell, 0, "whether a hold has ended can't be found out, as the plan of scope expired can't be built: %s", err)
		return true, nil
	}
	r := newReader(newOrder(v.db, unconditional(p), Options{}), schema)
	left := map[dialect.Name]int64{}
	for i := range p.Roots {
		if !p.Roots[i].Ended {
			continue
		}
		root, err := closure.Compile(p, i, schema, v.now, closure.Untracked)
		if err != nil {
			return true, err
		}
		name := heldRoot(root.RootTable())
		of := slices.DeleteFunc(slices.Clone(held), func(h journal.Held) bool { return h.Root != name })
		for page := range slices.Chunk(of, 200) {
			for _, it := range itemsOf(root, page) {
				if err := r.countUnheld(ctx, it, left); err != nil {
					return true, err
				}
			}
		}
	}
	for _, n := range tablesOf(left) {
		v.addFinding(n, OutcomeHoldEnded, left[n], "%s kept by a hold that has ended: a run of scope expired erases what it kept", rowsOf(left[n]))
	}
	return true, nil
}

// countUnheld counts the rows of an item's closure that scope expired would erase now and a hold may
// have kept then.
func (r *reader) countUnheld(ctx context.Context, it *workItem, left map[dialect.Name]int64) error {
	return r.inReadTx(ctx, func(tx dialect.Reader) error {
		g := closure.New(it.root, tx, dialect.NoLock)
		if err := r.regatherHeld(ctx, g, it.keys, it.since, it.own); err != nil {
			return err
		}
		t := g.RootTable()
		g.CountDue(left, func(k dialect.Key) bool { return it.own[heldDigest(t, k)] })
		return nil
	})
}

// verifyEnded searches, among the journal's notes, for data kept by holds that had ended at the
// receipt's moment.
func (v *verifier) verifyEnded(ctx context.Context, p *closure.Root) error {
	j := journal.Read(v.db)
	left := map[dialect.Name]int64{}
	if stored, err := j.HasHeld(ctx); err != nil {
		return err
	} else if stored {
		lenient, err := closure.Compile(unconditional(v.plan), p.Index, v.schema, p.AsOf, closure.Untracked)
		if err != nil {
			return err
		}
		var after *journal.Held
		for {
			page, err := j.HeldPage(ctx, heldRoot(p.RootTable()), after, 200)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			after = &page[len(page)-1]
			if err := v.countEnded(ctx, lenient, page, left); err != nil {
				return err
			}
		}
	}
	for _, n := range tablesOf(left) {
		v.addFinding(n, OutcomeBroken, left[n], "%s kept by a hold that had ended", rowsOf(left[n]))
	}
	if len(left) == 0 {
		v.addFinding(p.RootTable().Name, OutcomeHolds, 0, "of what holds had kept from erasures, nothing is there that no hold keeps any more")
	}
	return nil
}

// countEnded counts the rows processed by then that should be deleted.
func (v *verifier) countEnded(ctx context.Context, p *closure.Root, page []journal.Held, left map[dialect.Name]int64) error {
	var keys []dialect.Key
	for _, h := range journal.NewestHeld(page) {
		if h.Since >= journal.SortableTime(p.AsOf) {
			keys = append(keys, h.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return v.inReadTx(ctx, func(tx dialect.Reader) error {
		g := closure.New(p, tx, dialect.NoLock)
		if err := g.CollectRows(ctx, []dialect.Cond{dialect.In{Columns: p.RootTable().Key, Keys: keys}}); err != nil {
			return err
		}
		for t, keys := range g.DeletedKeys() {
			if len(keys) > 0 {
				left[t.Name] += int64(len(keys))
			}
		}
		return nil
	})
}

func tablesOf(rows map[dialect.Name]int64) []dialect.Name {
	return slices.SortedFunc(maps.Keys(rows), dialect.Name.Compare)
}

// unconditional is the plan with holds on every row until they end: a hold's condition can't be
// evaluated for the past.
func unconditional(p *plan.Plan) *plan.Plan {
	out := *p
	out.Roots = slices.Clone(p.Roots)
	for i := range out.Roots {
		r := &out.Roots[i]
		r.Tables = slices.Clone(r.Tables)
		for j := range r.Tables {
			if h := r.Tables[j].Hold; h != nil && h.Where != "" {
				all := *h
				all.Where = ""
				r.Tables[j].Hold = &all
			}
		}
	}
	return &out
}
