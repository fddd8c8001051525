package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// triedReplacements is the minimum of replacements for a check. If the table has fewer rows, each
// is replaced several times.
const triedReplacements = 100

// checkTrial tries one check of a table on the new values of a step.
type checkTrial struct {
	table *dialect.Table
	lead  *Step // the columns take its values; the step itself unless it follows another one
	step  *Step
	check *dialect.Check
	set   []*Assignment // those whose columns the check reads, or may read through a computed column
}

// tryChecks makes replacements for sampled rows and has the database compute the check constraints
// of the overwritten columns. It adds a hazard for each constraint with some refusals, and returns
// a problem for each that refuses all.
func (p *Plan) tryChecks(ctx context.Context, rows *sampling, s *dialect.Schema, rules map[dialect.Name]*policy.Table) (problems, error) {
	var found problems
	for _, c := range p.checkTrials(s) {
		h := Hazard{Name: CheckMayFail, Table: c.table.Name}
		columns, ok := c.columns()
		var refused, tried int64
		var err error
		if ok {
			err = rows.read(ctx, func(tx dialect.Reader) (err error) {
				refused, tried, err = c.count(ctx, tx, s, columns)
				return err
			})
		}
		switch class := dialect.ClassOf(err); {
		case !ok:
			h.Reason = fmt.Sprintf("the CHECK constraint %s can't be tried on %s: it reads a column computed by the database: rehearse the plan", c.constraint(), c.written())
		case class == dialect.PermissionDenied:
			h.Reason = fmt.Sprintf("the CHECK constraint %s can't be tried on %s: the user can't read the rows: build the plan as a user who can", c.constraint(), c.written())
		case class == dialect.Fatal || class == dialect.DoesNotFit || class == dialect.OtherConstraint:
			h.Reason = fmt.Sprintf("the CHECK constraint %s can't be tried on %s: the database can't compute it outside of the table: rehearse the plan", c.constraint(), c.written())
		case err != nil:
			return nil, fmt.Errorf("trying the check %s of %s: %w", c.check.Name, c.table.Name, err)
		case tried == 0:
			p.addUntried(c.table.Name, "the CHECK constraint %s on %s", c.constraint(), c.written())
			continue
		case refused == 0:
			continue
		case refused == tried && !c.corrected():
			found.add(c.posIn(rules), c.table.Name, "the CHECK constraint %s refuses %s: use a strategy whose values it accepts, such as template, pick, mask or fixed", c.constraint(), c.written())
			continue
		default:
			h.Reason = fmt.Sprintf("the CHECK constraint %s refuses some values of %s, and a batch with one of them fails as a whole: use a strategy whose values it accepts", c.constraint(), c.written())
		}
		if !slices.Contains(p.Hazards, h) {
			p.Hazards = append(p.Hazards, h)
		}
	}
	sortHazards(p.Hazards)
	return found, nil
}

// constraint is the check's name, with its partition's name if it belongs to one.
func (c *checkTrial) constraint() string {
	if c.check.Partition != nil {
		return c.check.Name + " of partition " + c.check.Partition.Table
	}
	return c.check.Name
}

// addUntried notes what the rows of a table couldn't prove.
func (p *Plan) addUntried(t dialect.Name, format string, args ...any) {
	u := Untried{t, fmt.Sprintf(format, args...)}
	if !slices.Contains(p.Untried, u) {
		p.Untried = append(p.Untried, u)
	}
}

// written are the assignments the check reads, as the policy says them.
func (c *checkTrial) written() string {
	parts := make([]string, len(c.set))
	for i, a := range c.set {
		parts[i] = "column " + a.Column
		if of := c.ledBy(a); of != a {
			parts[i] += ", which takes the values of " + c.lead.Table.Table + "." + of.Column + ","
		}
		parts[i] += " overwritten with " + a.Written()
	}
	return strings.Join(parts, " and ")
}

// ledBy is the assignment whose values a column takes: its own unless its row follows another one.
func (c *checkTrial) ledBy(a *Assignment) *Assignment {
	if c.step.Follow == nil {
		return a
	}
	of := c.step.Follow.RefColumns[slices.Index(c.step.Follow.Columns, a.Column)]
	return &c.lead.Set[slices.Index(columnsOf(c.lead.Set), of)]
}

// posIn is where the policy says how the first of the columns is overwritten.
func (c *checkTrial) posIn(rules map[dialect.Name]*policy.Table) policy.Pos {
	return rules[c.lead.Table].Column(c.ledBy(c.set[0]).Column).Pos
}

// corrected reports whether a trigger may write something else than the step does.
func (c *checkTrial) corrected() bool {
	return slices.ContainsFunc(c.table.Triggers, func(tr *dialect.Trigger) bool {
		return !tr.Disabled && tr.OnUpdate && tr.Timing != "after"
	})
}

// checkTrials are the checks to try, each once for the same assignments.
func (p *Plan) checkTrials(s *dialect.Schema) []checkTrial {
	var out []checkTrial
	seen := map[string]bool{}
	for i := range p.Roots {
		var lead *Step
		for j := range p.Roots[i].Steps {
			st := &p.Roots[i].Steps[j]
			if st.Op != Overwrite {
				continue
			}
			if st.Rows != Following {
				lead = st
			}
			t := s.Table(st.Table)
			for _, check := range t.Checks {
				c := checkTrial{table: t, lead: lead, step: st, check: check}
				for n := range st.Set {
					if _, ok := c.columns(); !ok || readsColumn(check, st.Set[n].Column) {
						c.set = append(c.set, &st.Set[n])
					}
				}
				if key := fmt.Sprintf("%q %q %q %q %s", t.Name, c.constraint(), check.Column, check.Condition, c.written()); len(c.set) > 0 && !seen[key] {
					seen[key] = true
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// readsColumn reports whether the check may read the column: its condition contains the name as a
// word, or is about the column's type.
func readsColumn(c *dialect.Check, column string) bool {
	if c.Column != "" {
		return c.Column == column
	}
	text, word := strings.ToLower(c.Condition), strings.ToLower(column)
	part := func(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(word):])
		if !part(before) && !part(after) {
			return true
		}
		from = at + 1
	}
}

// count makes replacements and has the database count how many the check refuses; columns are those
// it reads. It doesn't try a value that a strategy leaves to the database.
func (c *checkTrial) count(ctx context.Context, tx dialect.Reader, s *dialect.Schema, columns []string) (refused, tried int64, err error) {
	m, err := c.rowMaker(s, columns)
	if err != nil {
		return 0, 0, err
	}
	olds, err := m.read(ctx, tx)
	if err != nil || len(olds) == 0 {
		return 0, 0, err
	}
	trial := dialect.Trial{Table: c.table.Name, Check: c.check, Columns: columns}
	if trial.Rows = m.make(olds); len(trial.Rows) == 0 {
		return 0, 0, nil
	}
	refused, err = tx.Refused(ctx, trial)
	return refused, int64(len(trial.Rows)), err
}
