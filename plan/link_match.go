package plan

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

const (
	// sampledRows is how many rows of a link are tried from each end of the table's key.
	sampledRows = 100
	// enoughValues is the minimum of different values to try, and of rows to refer to, before a
	// link without a match is a hazard. Fewer may well be leftovers of deleted rows.
	enoughValues = 20
)

// addUnmatchedLinks samples the links followed by the plan, and adds a hazard for each without a
// match. It stops at the first match, so a working link costs few look-ups. If few rows meet the
// link's condition, the database may read the whole table.
func (p *Plan) addUnmatchedLinks(ctx context.Context, rows *sampling, s *dialect.Schema) error {
	for _, link := range p.followedLinks() {
		from, to := p.linkEnd(link.Table, link.Columns)+link.whereText(), p.linkEnd(link.RefTable, link.RefColumns)
		outcome := linkMatches
		err := rows.read(ctx, func(tx dialect.Reader) (err error) {
			outcome, err = tryLink(ctx, tx, s.Table(link.Table), &link)
			return err
		})
		h := Hazard{Name: LinkNeverMatches, Table: link.Table}
		switch {
		case dialect.ClassOf(err) == dialect.PermissionDenied:
			h.Reason = fmt.Sprintf("the link from %s to %s can't be tried: the user can't read the values: build the plan as a user who can", from, to)
		case err != nil:
			return fmt.Errorf("sampling the link %s -> %s: %w", from, to, err)
		case outcome == linkNeverMatches:
			h.Reason = fmt.Sprintf("none of the sampled values of %s is in %s, so the link may find no rows: link a column with only the key in it", from, to)
		case outcome == linkUntried:
			p.addUntried(link.Table, "the link from %s to %s", from, to)
			continue
		default:
			continue
		}
		p.Hazards = append(p.Hazards, h)
	}
	sortHazards(p.Hazards)
	return nil
}

// followedLinks are the references a run finds rows by and no database enforces.
func (p *Plan) followedLinks() []Reference {
	var out []Reference
	add := func(refs ...Reference) {
		for _, ref := range refs {
			known := func(o Reference) bool {
				return o.Table == ref.Table && o.RefTable == ref.RefTable && o.Where == ref.Where && samePairs(o.Columns, o.RefColumns, ref.Columns, ref.RefColumns)
			}
			if ref.Link && !slices.ContainsFunc(out, known) {
				out = append(out, ref)
			}
		}
	}
	if p.Scope == ScopeEverything {
		return nil // every row is meant, whatever it refers to
	}
	for _, r := range p.Roots {
		for _, t := range r.Tables {
			for _, w := range t.Reach {
				add(w.Reference)
			}
			for _, a := range t.Keeps {
				add(a.Reference)
			}
			add(t.AnchoredBy...)
			add(t.SharedBy...)
		}
		for _, s := range r.Steps {
			if s.Detach != nil {
				add(*s.Detach)
			}
		}
	}
	return out
}

// linkEnd is one end of a link, as a policy writes it: users(id).
func (p *Plan) linkEnd(table dialect.Name, columns []string) string {
	return policy.TableName(table, p.Default) + "(" + joinColumns(columns) + ")"
}

// linkOutcome is what sampled values tell about a link.
type linkOutcome int

const (
	linkMatches      linkOutcome = iota
	linkNeverMatches             // enough values were tried, and no row has any of them
	linkUntried                  // none of the values matches, and there are too few to decide
)

// tryLink tries values of the link. The dialect compares them, as in a run.
func tryLink(ctx context.Context, tx dialect.Reader, t *dialect.Table, link *Reference) (linkOutcome, error) {
	where := notNull(link.Columns)
	if link.Where != "" {
		where = append(where, dialect.Match{SQL: link.Where})
	}
	sample := dialect.Select{
		Table: link.Table, Columns: link.Columns, Where: where, Order: t.Key(), Limit: sampledRows,
		Flags: []dialect.Cond{dialect.Orphan{Columns: link.Columns, RefTable: link.RefTable, RefColumns: link.RefColumns}},
	}
	values := &unmatchedValues{seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	if matched, err := values.tryRows(ctx, tx, sample); err != nil || matched {
		return linkMatches, err
	}
	if len(sample.Order) > 0 {
		sample.Descending = true
		if matched, err := values.tryRows(ctx, tx, sample); err != nil || matched {
			return linkMatches, err
		}
	}
	if len(values.seen) < enoughValues {
		return linkUntried, nil
	}
	referred := 0
	for _, err := range tx.Query(ctx, dialect.Select{Table: link.RefTable, Columns: link.RefColumns, Where: notNull(link.RefColumns), Limit: enoughValues}) {
		if err != nil {
			return linkMatches, err
		}
		referred++
	}
	if referred < enoughValues {
		return linkUntried, nil
	}
	return linkNeverMatches, nil
}

// unmatchedValues counts the different values tried, by their hashes.
type unmatchedValues struct {
	seed maphash.Seed
	seen map[uint64]bool
}

// tryRows tries the values of the rows, until one matches.
func (u *unmatchedValues) tryRows(ctx context.Context, tx dialect.Reader, sample dialect.Select) (matched bool, err error) {
	for row, err := range tx.Query(ctx, sample) {
		if err != nil {
			return false, err
		}
		last := len(row) - 1
		if row[last] != int64(1) {
			return true, nil
		}
		u.seen[maphash.String(u.seed, fmt.Sprintf("%q", row[:last]))] = true
	}
	return false, nil
}

// notNull holds for rows in which none of the columns is NULL.
func notNull(columns []string) []dialect.Cond {
	out := make([]dialect.Cond, len(columns))
	for i, c := range columns {
		out[i] = dialect.Not{Cond: dialect.IsNull{Column: c}}
	}
	return out
}

func sortHazards(hazards []Hazard) {
	slices.SortFunc(hazards, func(x, y Hazard) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), x.Table.Compare(y.Table), cmp.Compare(x.Reason, y.Reason))
	})
}
