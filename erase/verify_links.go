package erase

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// findOrphans searches the links with unknown subject values: rows linked to nothing may belong to a
// subject of the receipt.
func (v *subjectSearch) findOrphans(ctx context.Context) error {
	for _, t := range v.Tables[1:] {
		for i := range t.Reach {
			w := &t.Reach[i]
			if !w.Link || w.Forwards || w.Erase != policy.EraseDelete && v.searchedByKey(&w.Reference) {
				continue
			}
			if err := v.orphansOf(ctx, &w.Reference, w.Erase, v.linked[w]); err != nil {
				return err
			}
		}
	}
	for _, ref := range v.DetachedReferences() {
		if ref.Link && !v.rowsOnly {
			if err := v.orphansOf(ctx, ref, policy.EraseDetach, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// searchedByKey reports whether the search covers every row referring to a given subject.
func (v *subjectSearch) searchedByKey(ref *plan.Reference) bool {
	return ref.RefTable == v.RootTable().Name && slices.Equal(ref.RefColumns, v.RootTable().Key) && !v.nameless
}

// orphansOf reports rows with a link to no row, except those known to be a given subject's.
func (v *subjectSearch) orphansOf(ctx context.Context, ref *plan.Reference, erase policy.Erase, known int64) error {
	where := []dialect.Cond{dialect.Orphan{Columns: ref.Columns, RefTable: ref.RefTable, RefColumns: ref.RefColumns}}
	if ref.Where != "" {
		where = append(where, dialect.Match{SQL: ref.Where})
	}
	var n int64
	err := v.inReadTx(ctx, func(tx dialect.Reader) (err error) {
		n, err = tx.Count(ctx, ref.Table, where)
		return err
	})
	if n -= known; err != nil || n <= 0 || v.hasOutcome(ref.Table, OutcomeBroken) {
		return err
	}
	by := rowsOf(n) + " linked by (" + strings.Join(ref.Columns, ", ") + ") to no row of " + v.tableName(ref.RefTable)
	switch erase {
	case policy.EraseKeep:
		v.addFinding(ref.Table, OutcomeHolds, n, "%s: the policy keeps such rows", by)
	case policy.EraseOverwrite:
		v.addFinding(ref.Table, OutcomeCannotTell, n, "%s: whether they were to be overwritten can't be told", by)
	default:
		v.addFinding(ref.Table, OutcomeCannotTell, n, "%s: whose they were can't be told", by)
	}
	return nil
}

// findUnowned searches the tables whose rows are deleted with their last owner: which of them a deleted
// subject owned is unknown now, but nothing refers to such a row.
func (v *subjectSearch) findUnowned(ctx context.Context) error {
	if !v.gone && !v.nameless {
		return nil
	}
	for _, t := range v.Tables {
		if len(t.SharedBy) == 0 || v.hasOutcome(t.Name, OutcomeBroken) {
			continue
		}
		var where []dialect.Cond
		for _, ref := range t.SharedBy {
			where = append(where, dialect.Not{Cond: dialect.Referenced{Table: ref.Table, Columns: ref.Columns, RefColumns: ref.RefColumns, Where: ref.Where}})
		}
		if err := v.inReadTx(ctx, func(tx dialect.Reader) error {
			n, err := tx.Count(ctx, t.Name, where)
			if err == nil && n > 0 {
				v.addFinding(t.Name, OutcomeCannotTell, n, "%s to which nothing refers: whose they were can't be told", rowsOf(n))
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// explainOutcomes reports for each table the rows kept on purpose or, without a finding, why the search
// suffices.
func (v *subjectSearch) explainOutcomes() {
	for _, t := range v.Tables {
		for _, why := range []tally.Reason{tally.ByPolicy, tally.ByHold, tally.WithHeld, tally.ByOthers} {
			if n := v.stays[t.Name][why]; n > 0 && !v.rowsOnly {
				v.addFinding(t.Name, OutcomeHolds, n, "%s", v.stayingRows(t, why, n))
			}
		}
	}
	for _, t := range v.Tables {
		if !v.isReported(t.Name) {
			v.addFinding(t.Name, OutcomeHolds, 0, "%s", v.whyAbsent(t))
		}
	}
	for _, ref := range v.DetachedReferences() {
		if !v.isReported(ref.Table) && !v.rowsOnly {
			v.addFinding(ref.Table, OutcomeHolds, 0, "no row refers by (%s) to one that is reached from a given subject", strings.Join(ref.Columns, ", "))
		}
	}
}

// stayingRows says how many rows remain, and why.
func (v *subjectSearch) stayingRows(t *closure.Table, why tally.Reason, n int64) string {
	of, stay, them := " reached from", " stay", "them"
	if t == v.RootTable() {
		of = " of"
	}
	if n == 1 {
		stay, them = " stays", "it"
	}
	out := rowsOf(n) + of + " a given subject" + stay
	switch why {
	case tally.ByPolicy:
		return out + ": the policy keeps " + them
	case tally.ByHold:
		verb := "keeps"
		if v.noted {
			verb = "keeps or kept"
		}
		return out + ": a hold " + verb + " " + them + " (" + t.Hold.Because + ")"
	case tally.WithHeld:
		return out + ": a hold of the row that led there keeps " + them
	}
	return out + ": rows of others refer to " + them
}

// whyAbsent says why nothing was found in a table.
func (v *subjectSearch) whyAbsent(t *closure.Table) string {
	links := slices.DeleteFunc(slices.Clone(t.Reach), func(w plan.Reach) bool { return !w.Link || w.Forwards })
	switch {
	case len(t.Reach) == 0:
		return "no row of a given subject is there"
	case len(t.SharedBy) > 0 && (v.gone || v.nameless):
		return "no row is reached from a given subject, and each is referred to by another"
	case len(t.SharedBy) > 0:
		return "no row is reached from a given subject"
	case len(links) == 0:
		return "no row is reached from a given subject; that none refers to a deleted row is left to the enforced foreign key"
	case slices.ContainsFunc(links, func(w plan.Reach) bool { return w.Erase != policy.EraseDelete && v.searchedByKey(&w.Reference) }):
		return "no row is linked to a given subject"
	}
	return "no row is linked to a given subject, and none is linked to nothing"
}
