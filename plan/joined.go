package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// ColumnName names a column of the schema.
type ColumnName struct {
	Table  dialect.Name `json:"table"`
	Column string       `json:"column"`
}

// joinedColumns are the columns whose values are compared with a column's, directly or through
// others, ordered by name. Foreign keys and links compare them, and so do readers who rely on one
// consistent strategy to keep equal values equal.
func (b *builder) joinedColumns(t *dialect.Table, column string) []ColumnName {
	start := ColumnName{t.Name, column}
	seen := []ColumnName{start}
	meet := func(c ColumnName) {
		if !slices.Contains(seen, c) {
			seen = append(seen, c)
		}
	}
	for i := 0; i < len(seen); i++ { // seen grows during the loop
		c := seen[i]
		for _, ref := range b.from[c.Table] {
			if at := slices.Index(ref.Columns, c.Column); at >= 0 {
				meet(ColumnName{ref.RefTable, ref.RefColumns[at]})
			}
		}
		for _, ref := range b.into[c.Table] {
			if at := slices.Index(ref.RefColumns, c.Column); at >= 0 {
				meet(ColumnName{ref.Table, ref.Columns[at]})
			}
		}
		for _, other := range b.madeAlike(c) {
			meet(other)
		}
	}
	out := append([]ColumnName(nil), seen[1:]...)
	slices.SortFunc(out, func(x, y ColumnName) int {
		return cmp.Or(x.Table.Compare(y.Table), cmp.Compare(x.Column, y.Column))
	})
	return out
}

// Bind makes the strategy and binds it to its column, as Build did. The error says why the strategy
// can't work there.
func (a *Assignment) Bind(s *dialect.Schema, t *dialect.Table) (anonymise.Strategy, anonymise.Replacer, error) {
	return bindStrategy(s, t, a.Strategy, t.Column(a.Column), a.Joined)
}

// Bind makes a strategy and binds it to a column joined with no other. The error says why the
// strategy can't work there.
func Bind(t *dialect.Table, spec anonymise.Spec, col *dialect.Column) (anonymise.Strategy, anonymise.Replacer, error) {
	return bindStrategy(nil, t, spec, col, nil)
}

func bindStrategy(s *dialect.Schema, t *dialect.Table, spec anonymise.Spec, col *dialect.Column, joined []ColumnName) (anonymise.Strategy, anonymise.Replacer, error) {
	strategy, err := anonymise.New(spec)
	if err != nil {
		return nil, nil, err
	}
	unique := t.UniqueIndexes(col.Name)
	target := anonymise.Target{
		Column: col,
		Unique: len(unique) > 0,
		Sole:   slices.ContainsFunc(unique, func(ix *dialect.Index) bool { return soleColumn(ix, col.Name) }),
		Rows:   t.RowEstimate,
		Key:    t.Key(),
	}
	for _, j := range joined {
		// A missing table is drift, reported elsewhere.
		if other := s.Table(j.Table); other != nil && other.Column(j.Column) != nil {
			target.Joined = append(target.Joined, other.Column(j.Column))
			target.Unique = target.Unique || len(other.UniqueIndexes(j.Column)) > 0
		}
	}
	replacer, err := strategy.Bind(target)
	return strategy, replacer, err
}

// soleColumn reports whether two rows with one value in the column certainly conflict in the index:
// it has no other column, and contains all rows.
func soleColumn(ix *dialect.Index, column string) bool {
	other := func(c string) bool { return c != column }
	return ix.Where == "" && !slices.ContainsFunc(ix.Columns(), other) && !slices.ContainsFunc(ix.Mentions, other)
}

// checkLinks reports links, and foreign keys that aren't enforced, whose two ends scope everything
// would separate. It overwrites each end in its own table's walk, so only a consistent strategy
// keeps them together.
func (b *builder) checkLinks() {
	for _, t := range b.schema.Tables {
		for _, ref := range b.from[t.Name] {
			parent := b.schema.Table(ref.RefTable)
			if !ref.Link || b.ruleOf(t.Name).Everything == policy.EraseDelete || b.ruleOf(parent.Name).Everything == policy.EraseDelete {
				continue
			}
			for i, c := range ref.Columns {
				b.checkLinkEnds(ref, t, c, parent, ref.RefColumns[i])
			}
		}
	}
}

// checkLinkEnds reports the two ends of a link if its overwrites would unjoin rows, or join others.
func (b *builder) checkLinkEnds(ref *relation, t *dialect.Table, column string, parent *dialect.Table, of string) {
	here, there := b.ruleFor(t, column), b.ruleFor(parent, of)
	end := func(t *dialect.Table, column string) string {
		return policy.TableName(t.Name, b.schema.Default) + "." + column
	}
	advice := "give both ends the same consistent strategy, such as `pseudonym`, or write `overwrite: null` at " + end(t, column)
	switch {
	case here == nil && there == nil:
	case here != nil && here.rule.Overwrite.Name == "null":
		if there != nil && !impliesCondition(here.rule.Overwrite.Modifiers.When, ref.Where) {
			b.found.add(here.rule.Pos, t.Name, "column %s is joined with %s by %s, and keeps its value where `when` doesn't hold: %s", column, end(parent, of), ref.name, ref.sameCondition())
		}
	case here == nil:
		b.found.add(there.rule.Pos, parent.Name, "column %s can't be overwritten: %s refers to it by %s and keeps its values: %s", of, t.Name, ref.name, advice)
	case there == nil:
		b.found.add(here.rule.Pos, t.Name, "column %s can't be overwritten: it refers to %s by %s: use null, unless %s is overwritten too: %s",
			column, parent.Name, ref.name, end(parent, of), advice)
	case here.table == there.table && here.rule == there.rule: // both follow one column
	case !impliesCondition(here.rule.Overwrite.Modifiers.When, ref.Where):
		b.found.add(here.rule.Pos, t.Name, "column %s is joined with %s by %s, and keeps its value where `when` doesn't hold: %s", column, end(parent, of), ref.name, ref.sameCondition())
	case forAllRows(*here.rule.Overwrite).String() != forAllRows(*there.rule.Overwrite).String():
		b.found.add(here.rule.Pos, t.Name, "column %s is joined with %s by %s, and `%s` here and `%s` there would separate them: %s",
			column, end(parent, of), ref.name, writtenSpec(*here.rule.Overwrite), writtenSpec(*there.rule.Overwrite), advice)
	default:
		if reason := b.whyInconsistent(there, here.rule.Overwrite.Sees(t.Column(column)), there.rule.Overwrite.Sees(parent.Column(of))); reason != "" {
			b.found.add(here.rule.Pos, t.Name, "column %s is joined with %s by %s, and %s: %s", column, end(parent, of), ref.name, reason, advice)
		}
	}
}

// impliesCondition reports whether a strategy with the condition replaces every value compared by a
// link with the other condition. It compares conditions as written.
func impliesCondition(when, link string) bool {
	return when == "" || link != "" && policy.SameCondition(when, link)
}

// sameCondition says how to change `when`.
func (r *relation) sameCondition() string {
	if r.Where == "" {
		return "remove it, or give the link the same condition"
	}
	return "remove it, or write the link's condition, `when: " + r.Where + "`"
}

// forAllRows is the strategy without its condition, and without the storage format of its own
// column.
func forAllRows(s anonymise.Spec) anonymise.Spec {
	s.Modifiers.When, s.Modifiers.As = "", ""
	return s
}

// ruleFor is the rule whose strategy replaces a column's values in this scope, its own or the rule
// of the column it follows; nil if they aren't replaced.
func (b *builder) ruleFor(t *dialect.Table, column string) *origin {
	if o := b.findOrigin(t, column); o != nil {
		return o
	}
	if rule := b.overwriteOf(t, column); rule != nil {
		return &origin{t, rule}
	}
	return nil
}

// whyInconsistent returns why one strategy at both ends of a link doesn't keep the same rows
// joined, or "".
func (b *builder) whyInconsistent(there *origin, column, of *dialect.Column) string {
	spec := *there.rule.Overwrite
	strategy, replacer, err := bindStrategy(b.schema, there.table, spec, there.table.Column(there.rule.Name), b.joinedColumns(there.table, there.rule.Name))
	switch {
	case err != nil:
		return "" // the problem of the column itself says why
	case !strategy.Info().Consistent:
		return fmt.Sprintf("`%s` gives equal values different replacements", writtenSpec(spec))
	case spec.Modifiers.When != "":
		return "rows outside of its condition (`when`) keep their values"
	case column.Kind != of.Kind:
		return fmt.Sprintf("a %s and a %s get different replacements", column.Type, of.Type)
	case replacer.Class() == anonymise.Lossy:
		return fmt.Sprintf("`%s` may give different values one replacement", writtenSpec(spec))
	}
	return ""
}
