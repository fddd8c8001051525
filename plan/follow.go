package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// follower is a reference whose rows take the new values of columns overwritten elsewhere, so that
// they refer to the same rows as before. Its RefTable is the overwritten table itself: a row
// referring to a follower is a follower too.
type follower struct {
	Reference
	key     *relation         // the foreign key, which may refer to another follower
	through *follower         // that one, or nil
	of      map[string]string // the table's changing columns → those of the overwritten table
}

// source is the end of a foreign key: the overwritten table, or a follower.
type source struct {
	table    dialect.Name
	follower *follower
	of       func(column string) (string, bool) // the overwritten table's equal column
}

// findFollowers returns the followers of a table's changing columns, nearest first, and by column
// why one can't change. It skips references whose rows are all deleted or detached before the
// change.
func (b *builder) findFollowers(t *dialect.Table, changed []string) ([]*follower, map[string]string) {
	var out []*follower
	problems := map[string]string{}
	refuse := func(column, format string, args ...any) {
		if problems[column] == "" {
			problems[column] = fmt.Sprintf(format, args...)
		}
	}
	sources := []source{{table: t.Name, of: func(c string) (string, bool) { return c, true }}}
	for i := 0; i < len(sources); i++ { // sources grows during the loop
		from := sources[i]
		for _, key := range b.into[from.table] {
			f := from.newFollower(key, t.Name, changed)
			if key.Link || f == nil || b.absent(key) {
				continue
			}
			first := slices.Sorted(maps.Values(f.of))[0]
			if reason := b.whyNotRekeyable(t, f); reason != "" {
				refuse(first, "%s", reason)
				continue
			}
			if other := overlappingFollower(out, f); other != nil {
				switch {
				case !slices.Equal(other.Columns, f.Columns) || !slices.Equal(other.RefColumns, f.RefColumns):
					refuse(first, "%s refers to it by %s and by %s, which may differ: remove one of them", f.Table, other.key.name, f.key.name)
				case !b.rekeys():
					refuse(first, "%s refers to it by %s and by %s, and either may cascade first: remove one of them", f.Table, other.key.name, f.key.name)
				}
				continue
			}
			out = append(out, f)
			sources = append(sources, source{table: f.Table, follower: f, of: func(c string) (string, bool) {
				i := slices.Index(f.Columns, c)
				if i < 0 {
					return "", false
				}
				return f.RefColumns[i], true
			}})
		}
	}
	b.refuseOtherReferences(t, changed, out, refuse)
	return out, problems
}

// newFollower makes the follower for a foreign key to the source; nil if none of the key's
// referenced columns changes.
func (s source) newFollower(key *relation, to dialect.Name, changed []string) *follower {
	f := &follower{
		Reference: Reference{Table: key.Table, RefTable: to},
		key:       key, through: s.follower, of: map[string]string{},
	}
	for i, c := range key.Columns {
		of, ok := s.of(key.RefColumns[i])
		if !ok {
			continue // of a composite key only some columns are the overwritten table's
		}
		f.Columns, f.RefColumns = append(f.Columns, c), append(f.RefColumns, of)
		if slices.Contains(changed, of) {
			f.of[c] = of
		}
	}
	if len(f.of) == 0 {
		return nil
	}
	return f
}

// overlappingFollower finds a follower with a changing column in common with f.
func overlappingFollower(all []*follower, f *follower) *follower {
	for _, other := range all {
		for c := range f.of {
			if _, ok := other.of[c]; ok && other.Table == f.Table {
				return other
			}
		}
	}
	return nil
}

// whyNotRekeyable returns why the rows of a follower can't take the new values, or "".
func (b *builder) whyNotRekeyable(t *dialect.Table, f *follower) string {
	child := b.schema.Table(f.Table)
	by := policy.TableName(f.Table, b.schema.Default) + " refers to it by " + f.key.name
	if !distinctTogether(t, f.RefColumns) {
		return by + ", and (" + joinColumns(f.RefColumns) + ") alone isn't unique: add a unique index on it"
	}
	if child.Unerasable != "" {
		return by + ", and the engine doesn't change its rows: " + child.Unerasable
	}
	for i, name := range f.Columns {
		c, of := child.Column(name), t.Column(f.RefColumns[i])
		switch {
		case c == nil || of == nil:
			return by + ", by an unknown column"
		case f.of[name] != "" && !c.Assignable():
			return by + ", whose column " + name + " can't be assigned to"
		case f.of[name] != "" && f.Table == t.Name && b.overwriteOf(t, name) != nil && b.findOrigin(t, name) == nil:
			return by + ", in a cycle"
		case c.Kind != of.Kind || c.Fixed != of.Fixed || c.FoldsCase != of.FoldsCase || c.FoldsAccents != of.FoldsAccents:
			return by + ", whose column " + name + " doesn't compare like " + of.Name + " (in type, padding or collation): make them alike"
		case c.Kind != dialect.Text && (c.Precision != of.Precision || c.Scale != of.Scale || c.Unsigned != of.Unsigned):
			return by + ", whose column " + name + " has another range than " + of.Name + ": make them alike"
		}
	}
	if !b.rekeys() {
		return b.whyNoCascade(t, f, by)
	}
	return ""
}

// whyNoCascade returns why the database doesn't pass new values on to the follower by itself, or
// "".
func (b *builder) whyNoCascade(t *dialect.Table, f *follower, by string) string {
	if f.key.onUpdate != dialect.Cascade {
		return by + ", and this engine changes referring columns only by cascade: declare the foreign key ON UPDATE CASCADE"
	}
	for up := f.through; ; up = up.through {
		above := t.Name
		if up != nil {
			above = up.Table
		}
		if above == f.Table {
			return by + ", and this engine's cascade doesn't return to a table it came from: remove the foreign key, or write `overwrite: keep`"
		}
		if up == nil {
			return ""
		}
	}
}

// refuseOtherReferences refuses columns if a follower also refers to something that doesn't change
// with them.
func (b *builder) refuseOtherReferences(t *dialect.Table, changed []string, all []*follower, refuse func(column, format string, args ...any)) {
	changes := func(table dialect.Name, column string) bool {
		if table == t.Name && slices.Contains(changed, column) {
			return true
		}
		return slices.ContainsFunc(all, func(f *follower) bool { return f.Table == table && f.of[column] != "" })
	}
	for _, f := range all {
		for _, key := range b.from[f.Table] {
			for i, c := range key.Columns {
				if f.of[c] != "" && !key.Link && !changes(key.RefTable, key.RefColumns[i]) {
					refuse(f.of[c], "%s refers to it by %s, and by %s to %s, whose values don't change with it: remove one of the two foreign keys",
						f.Table, f.key.name, key.name, key.RefTable)
				}
			}
		}
	}
}

// distinctTogether reports whether a unique index over every row prevents two rows with the same
// values in the columns.
func distinctTogether(t *dialect.Table, columns []string) bool {
	return slices.ContainsFunc(t.Indexes, func(ix *dialect.Index) bool {
		return ix.Unique && ix.Where == "" && len(ix.Parts) > 0 && !slices.ContainsFunc(ix.Parts, func(p dialect.IndexPart) bool {
			return !slices.Contains(columns, p.Column) || p.Prefix > 0
		})
	})
}

// checkLeadingColumns reports strategies whose values followers can't take.
func (b *builder) checkLeadingColumns(t *dialect.Table, rule *policy.Table, all []*follower) {
	for _, f := range all {
		for _, name := range f.Columns {
			if f.of[name] == "" {
				continue
			}
			c, col, follows := rule.Column(f.of[name]), t.Column(f.of[name]), b.schema.Table(f.Table).Column(name)
			strategy, err := anonymise.New(*c.Overwrite)
			switch {
			case err != nil:
			case strategy.Info().Consistent && (col.Kind == dialect.Int || col.Kind == dialect.Decimal):
				b.found.add(c.Pos, t.Name, "column %s can't be overwritten: %s refers to it by %s, and a consistent number may be equal to another row's current one: use random, or `overwrite: keep`",
					c.Name, f.Table, f.key.name)
			case !strategy.Info().Keyed && follows.Length > 0 && (col.Length <= 0 || follows.Length < col.Length):
				// A keyed replacement is made as short as all its columns need.
				b.found.add(c.Pos, t.Name, "column %s can't be overwritten by `%s`: %s refers to it by %s, whose column %s holds only %d: make both equally long, or use a consistent strategy",
					c.Name, writtenSpec(*c.Overwrite), f.Table, f.key.name, name, follows.Length)
			}
		}
	}
}

// followingSteps are the steps of an overwrite's followers, in the order of the references.
func (b *builder) followingSteps(s Step) []Step {
	var out []Step
	all, _ := b.findFollowers(b.schema.Table(s.Table), columnsOf(s.Set))
	paths := map[*follower]string{nil: s.Path}
	for _, f := range all {
		paths[f] = paths[f.through] + " ← " + policy.TableName(f.Table, b.schema.Default) + "(" + joinColumns(f.key.Columns) + ")"
		step := Step{Op: Overwrite, Table: f.Table, Rows: Following, Follow: &f.Reference, Path: paths[f]}
		for _, c := range f.Columns {
			i := slices.IndexFunc(s.Set, func(a Assignment) bool { return a.Column == f.of[c] })
			if i < 0 {
				continue
			}
			a := Assignment{Column: c, Strategy: s.Set[i].Strategy, Technique: s.Set[i].Technique, Way: ThroughClient}
			if !b.rekeys() {
				a.Way = InDatabase // the foreign key's cascade
			}
			step.Set = append(step.Set, a)
		}
		out = append(out, step)
	}
	return out
}

func columnsOf(set []Assignment) []string {
	out := make([]string, len(set))
	for i, a := range set {
		out[i] = a.Column
	}
	return out
}

// rekeys reports whether the engine changes keys together with the references to them.
func (b *builder) rekeys() bool {
	_, able := dialect.AsRekeyer(b.engine)
	return able
}
