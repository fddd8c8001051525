package erase

import (
	"context"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// subjectSearch searches for the subjects of a receipt, and for rows reached from them.
type subjectSearch struct {
	*verifier
	*closure.Root
	stays    map[dialect.Name]map[tally.Reason]int64 // rows kept on purpose
	linked   map[*plan.Reach]int64                   // of these, rows linked to a deleted subject
	gone     bool                                    // a given subject isn't in the database
	nameless bool                                    // and its key is unknown
}

// verifySubjects searches for the given subjects and for rows referring to them.
func (v *verifier) verifySubjects(ctx context.Context, p *closure.Root) error {
	if v.Subjects == nil {
		v.addFinding(p.RootTable().Name, OutcomeCannotTell, 0, "no subject was given to look for")
		return nil
	}
	p.UseEngine(v.db, v.storedForms)
	s := &subjectSearch{verifier: v, Root: p, stays: map[dialect.Name]map[tally.Reason]int64{}, linked: map[*plan.Reach]int64{}}
	var unnamed int64
	for keys, err := range v.keyChunks(ctx, true, chunk, &unnamed, nil) {
		if err != nil {
			return err
		}
		if err := s.searchKeys(ctx, keys); err != nil {
			return err
		}
	}
	if s.nameless = unnamed > 0; s.nameless {
		v.addFinding(p.RootTable().Name, OutcomeCannotTell, 0, "%s named by an identifier that no row has: name them by their keys to search what is linked to them", countOf(unnamed, "subject"))
	}
	if err := s.findOrphans(ctx); err != nil {
		return err
	}
	if err := s.findUnowned(ctx); err != nil {
		return err
	}
	s.explainOutcomes()
	return nil
}

// searchKeys checks the rows reached from the given subjects: none may be one to delete. A subject
// without a row is searched by its key.
func (v *subjectSearch) searchKeys(ctx context.Context, keys []dialect.Key) error {
	return v.inReadTx(ctx, func(tx dialect.Reader) error {
		found, err := v.Search(ctx, tx, keys)
		if err != nil {
			return err
		}
		v.gone = v.gone || found.HasDeleted
		if err := v.searchUnseen(ctx, tx, found.Unseen); err != nil {
			return err
		}
		if err := v.searchDetached(ctx, tx, found.Detached); err != nil {
			return err
		}
		for _, l := range found.Linked {
			n, err := tx.Count(ctx, l.Reach.Table, l.Where)
			if err != nil {
				return err
			}
			v.linked[l.Reach] += n
		}
		for _, t := range found.Tables {
			if err := v.explainRows(ctx, tx, &t); err != nil {
				return err
			}
		}
		return nil
	})
}

// explainRows reports the rows found of one table.
func (v *subjectSearch) explainRows(ctx context.Context, tx dialect.Reader, t *closure.FoundRows) error {
	if t.Deleted > 0 {
		v.addFinding(t.Name, OutcomeBroken, t.Deleted, "%s that should be gone", rowsOf(t.Deleted))
	}
	for why, n := range t.Remaining {
		v.noteStaying(t.Name, why, n)
	}
	if t.Overwritten == 0 || v.rowsOnly {
		return nil
	}
	return v.compareValues(ctx, tx, t.Name, t.OverwrittenColumns(), t.Overwritten)
}

// noteStaying counts rows kept on purpose.
func (v *subjectSearch) noteStaying(t dialect.Name, why tally.Reason, rows int64) {
	if v.stays[t] == nil {
		v.stays[t] = map[tally.Reason]int64{}
	}
	v.stays[t][why] += rows
}

// searchUnseen searches for leaves deleted by reference, without their keys.
func (v *subjectSearch) searchUnseen(ctx context.Context, tx dialect.Reader, leaves []closure.UnseenLeaves) error {
	for _, l := range leaves {
		n, err := tx.Count(ctx, l.Table, l.Where)
		switch {
		case err != nil:
			return err
		case n == 0:
		case l.Held:
			v.noteStaying(l.Table, tally.WithHeld, n)
		default:
			v.addFinding(l.Table, OutcomeBroken, n, "%s that should be gone", rowsOf(n))
		}
	}
	return nil
}

// searchDetached searches for references to be set NULL.
func (v *subjectSearch) searchDetached(ctx context.Context, tx dialect.Reader, detached []closure.DetachedRows) error {
	for _, d := range detached {
		if v.rowsOnly {
			return nil
		}
		n, err := tx.Count(ctx, d.Reference.Table, d.Where)
		if err != nil {
			return err
		}
		if n > 0 {
			v.addFinding(d.Reference.Table, OutcomeBroken, n, "%s whose reference by (%s) to %s should be NULL", rowsOf(n), strings.Join(d.Reference.Columns, ", "), v.tableName(d.Reference.RefTable))
		}
	}
	return nil
}
