package dialecttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// Collation is one of an engine's ways to compare texts.
type Collation struct {
	Name string
	Type string // of a column of 40 characters, its collation included
	// The properties that don't count in comparisons.
	FoldsCase, FoldsAccents, IgnoresBlanks bool // blanks at the end
	// OnlyASCII says that FoldsCase is about a to z.
	OnlyASCII bool
}

// equal compares texts as the collation does.
func (c Collation) equal(a, b string) bool { return c.folded(a) == c.folded(b) }

func (c Collation) folded(s string) string {
	switch {
	case c.FoldsCase && c.OnlyASCII:
		s = strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(s, "É", "\x00")), "\x00", "É")
	case c.FoldsCase:
		s = strings.ToLower(s)
	}
	if c.FoldsAccents {
		s = strings.NewReplacer("é", "e", "É", "E").Replace(s)
	}
	if c.IgnoresBlanks {
		s = strings.TrimRight(s, " ")
	}
	return s
}

// referredNames are compared with each other. Each has its own row; the row's id is its index.
var referredNames = []string{"rene", "RENE", "rené", "RENÉ", "rene ", "rené  ", "paul"}

// testCollations refers from columns of every collation to columns of every other. The referenced
// column decides equality, in searches for rows by keys, by their references, and as orphans.
func (s *suite) testCollations(t *testing.T) {
	env := s.openEnv(t)
	all := s.Collations(t, env)
	columns, list := []string{"id"}, make([]string, len(all))
	var index []string
	for i, c := range all {
		columns = append(columns, fmt.Sprintf("c%d", i))
		list[i] = fmt.Sprintf("c%d %s", i, c.Type)
		index = append(index, fmt.Sprintf("CREATE INDEX post_c%d ON post (c%[1]d)", i))
	}
	for _, name := range []string{"person", "post", "note", "single"} {
		env.Exec(t, "CREATE TABLE "+name+" (id int PRIMARY KEY, "+strings.Join(list, ", ")+")")
	}
	env.Exec(t, index...)
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		for i, name := range referredNames {
			row := dialect.Row{int64(i)}
			for range all {
				row = append(row, name)
			}
			for _, table := range []string{"person", "post", "note"} {
				insertRow(t, tx, env.Name(table), columns, row...)
			}
			if i == 0 {
				insertRow(t, tx, env.Name("single"), columns, row...)
			}
		}
	})
	for i, own := range all {
		for j, referred := range all {
			t.Run(strings.ReplaceAll(own.Name+" to "+referred.Name, " ", "_"), func(t *testing.T) {
				for _, table := range []string{"post", "note"} { // with an index, and without
					s.checkReferral(t, env, table, fmt.Sprintf("c%d", i), fmt.Sprintf("c%d", j), referred)
				}
			})
		}
	}
}

// checkReferral compares a column of the table with a column of table person.
func (s *suite) checkReferral(t *testing.T, env *Env, name, own, referred string, by Collation) {
	t.Helper()
	from, to := tableOf(t, env, name), env.Name("person")
	in := dialect.In{Columns: []string{own}, RefTable: to, RefColumns: []string{referred}}
	var some []string
	inReadTx(t, env.DB, func(tx dialect.Tx) {
		check := func(what string, n dialect.Name, want []int64, where ...dialect.Cond) {
			t.Helper()
			got := []int64{}
			for _, r := range readRows(t, tx, dialect.Select{Table: n, Columns: []string{"id"}, Where: where, Order: []string{"id"}}) {
				got = append(got, r[0].(int64))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, table %s (-want +got):\n%s", what, name, d)
			}
		}
		for _, r := range readRows(t, tx, dialect.Select{Table: to, Columns: []string{"id", referred}, Order: []string{"id"}}) {
			key := r[1]
			if from.Column(own).Kind == dialect.Text {
				key, _ = dialect.TextOf(key)
			}
			person := referredNames[r[0].(int64)]
			in.Keys = []dialect.Key{{key}}
			want := matchingIDs(by, person)
			check(fmt.Sprintf("the key of row %d", r[0]), from.Name, want, in)
			check(fmt.Sprintf("the key of row %d, beside another condition", r[0]), from.Name, want, dialect.In{Columns: []string{"id"}, Keys: intKeys(0, 99)}, dialect.Any{in})
			check(fmt.Sprintf("not the key of row %d", r[0]), from.Name, otherIDs(want), dialect.Not{Cond: in})
			check(fmt.Sprintf("what row %d refers to", r[0]), to, want,
				dialect.Referenced{Table: from.Name, Columns: []string{own}, RefColumns: []string{referred}, Where: fmt.Sprintf("%s %s %d", s.Quote("id"), s.testOperator("="), r[0])})
			some = append(some, person)
		}
		in.Keys = nil
		for _, r := range readRows(t, tx, dialect.Select{Table: to, Columns: []string{referred}}) {
			key := r[0]
			if from.Column(own).Kind == dialect.Text {
				key, _ = dialect.TextOf(key)
			}
			in.Keys = append(in.Keys, dialect.Key{key})
		}
		check("the keys of all rows, each row once", from.Name, matchingIDs(by, some...), in)
		check("orphans", from.Name, otherIDs(matchingIDs(by, referredNames[0])), dialect.Orphan{Columns: []string{own}, RefTable: env.Name("single"), RefColumns: []string{referred}})
	})
}

// matchingIDs returns the rows whose names equal one of the given ones.
func matchingIDs(by Collation, names ...string) []int64 {
	out := []int64{}
	for i, n := range referredNames {
		for _, name := range names {
			if by.equal(n, name) {
				out = append(out, int64(i))
				break
			}
		}
	}
	return out
}

func otherIDs(of []int64) []int64 {
	out, n := []int64{}, 0
	for i := range int64(len(referredNames)) {
		if n < len(of) && of[n] == i {
			n++
			continue
		}
		out = append(out, i)
	}
	return out
}
