package dialecttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// testConds tries every condition, as a WHERE and as a flag. The table has the rows
//
//	id  n     word    day
//	1   10    apple   2020-01-01
//	2   20    Banana  2021-06-15
//	3   NULL  NULL    NULL
//	4   -5    ''      1999-12-31
//	5   20    long…   2020-01-02
func (s *suite) testConds(t *testing.T) {
	env := s.openEnv(t,
		Table{Name: "thing", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "n", Type: integer}, {Name: "word", Type: text(50)}, {Name: "day", Type: date}, {Name: "price", Type: decimal}, {Name: "ok", Type: boolean}}, Primary: []string{"id"}},
		Table{Name: "link", Columns: []Column{{Name: "a", Type: integer, NotNull: true}, {Name: "b", Type: integer, NotNull: true}, {Name: "thing_id", Type: integer}, {Name: "kind", Type: text(10)}}, Primary: []string{"a", "b"}})
	thing, link := env.Name("thing"), env.Name("link")
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		for _, r := range []dialect.Row{
			{int64(1), int64(10), "apple", "2020-01-01", "1.50", "true"},
			{int64(2), int64(20), "Banana", "2021-06-15", "2", "false"},
			{int64(3), nil, nil, nil, nil, nil},
			{int64(4), int64(-5), "", "1999-12-31", "-0.01", "true"},
			{int64(5), int64(20), "long enough, isn't it?", "2020-01-02", "100", "false"},
		} {
			insertRow(t, tx, thing, []string{"id", "n", "word", "day", "price", "ok"}, r...)
		}
		for _, r := range []dialect.Row{{int64(1), int64(1), int64(1), "x"}, {int64(1), int64(2), int64(1), "y"}, {int64(2), int64(1), int64(2), "x"}, {int64(2), int64(2), nil, "x"}, {int64(3), int64(1), int64(77), "y"}} {
			insertRow(t, tx, link, []string{"a", "b", "thing_id", "kind"}, r...)
		}
	})
	n := func(v ...dialect.Value) (keys []dialect.Key) {
		for _, k := range v {
			keys = append(keys, dialect.Key{k})
		}
		return keys
	}
	in := func(c string, v ...dialect.Value) dialect.In {
		return dialect.In{Columns: []string{c}, Keys: n(v...)}
	}
	compare := func(c, op string, v dialect.Value) dialect.Cond {
		return dialect.Compare{Column: c, Op: op, Value: v}
	}
	ref := dialect.Referenced{Table: link, Columns: []string{"thing_id"}, RefColumns: []string{"id"}}
	refWhere, refExcept := ref, ref
	equals := func(column, value string) string { return s.Quote(column) + " " + s.testOperator("=") + " " + value }
	refWhere.Where = equals("kind", "'y'") + " -- a comment"
	refExcept.Except = &dialect.In{Columns: []string{"a", "b"}, Keys: []dialect.Key{{int64(2), int64(1)}, {int64(1), int64(1)}}}
	nothing := ref
	nothing.Except = &dialect.In{Columns: []string{"a", "b"}}
	var odd dialect.Any // holds for no ordinary value
	for _, column := range []string{"id", "n", "word", "day", "price", "ok"} {
		for _, o := range []dialect.Oddity{dialect.ZeroDate, dialect.InvalidDate, dialect.NaN, dialect.Infinite, dialect.TooLarge, dialect.Misfit} {
			odd = append(odd, dialect.Odd{Column: column, Oddity: o})
		}
	}
	cases := []struct {
		name string
		cond dialect.Cond
		want []int64
	}{
		{"odd values", odd, nil},
		{"in", in("id", int64(1), int64(3), int64(99)), []int64{1, 3}},
		{"in text", in("word", "apple", "", "nope"), []int64{1, 4}},
		{"in with a null", in("n", int64(20), nil), []int64{2, 5}},
		{"in decimal", in("price", "1.50", "-0.01", "100"), []int64{1, 4, 5}},
		{"in bool", in("ok", "true"), []int64{1, 4}},
		{"in date", in("day", "2020-01-01", "1999-12-31"), []int64{1, 4}},
		{"in composite", dialect.In{Columns: []string{"n", "word"}, Keys: []dialect.Key{{int64(20), "Banana"}, {int64(10), "Banana"}, {int64(10), nil}}}, []int64{2}},
		{"in no keys", in("id"), nil},
		{"not in", dialect.Not{Cond: in("n", int64(20))}, []int64{1, 3, 4}},
		{"not in with a null", dialect.Not{Cond: in("n", int64(20), nil)}, []int64{1, 3, 4}},
		{"not in no keys", dialect.Not{Cond: in("id")}, []int64{1, 2, 3, 4, 5}},
		{"after", dialect.After{Columns: []string{"id"}, Key: dialect.Key{int64(3)}}, []int64{4, 5}},
		{"after nothing", dialect.After{Columns: []string{"id"}}, []int64{1, 2, 3, 4, 5}},
		{"up to", dialect.UpTo{Columns: []string{"id"}, Key: dialect.Key{int64(3)}}, []int64{1, 2, 3}},
		{"up to the end", dialect.UpTo{Columns: []string{"id"}}, []int64{1, 2, 3, 4, 5}},
		{"compare int =", compare("n", "=", int64(20)), []int64{2, 5}},
		{"compare int <>", compare("n", "<>", int64(20)), []int64{1, 4}},
		{"compare int <", compare("n", "<", int64(10)), []int64{4}},
		{"compare int <=", compare("n", "<=", int64(10)), []int64{1, 4}},
		{"compare int >", compare("n", ">", int64(10)), []int64{2, 5}},
		{"compare int >=", compare("n", ">=", int64(10)), []int64{1, 2, 5}},
		{"compare text =", compare("word", "=", "apple"), []int64{1}},
		{"compare text <>", compare("word", "<>", "apple"), []int64{2, 4, 5}},
		{"compare date <", compare("day", "<", "2020-01-02"), []int64{1, 4}},
		{"compare date >=", compare("day", ">=", "2020-01-02"), []int64{2, 5}},
		{"compare decimal >", compare("price", ">", "1.5"), []int64{2, 5}},
		{"compare decimal =", compare("price", "=", "2.00"), []int64{2}},
		{"compare bool =", compare("ok", "=", "false"), []int64{2, 5}},
		{"not compare", dialect.Not{Cond: compare("n", "=", int64(20))}, []int64{1, 3, 4}},
		{"is null", dialect.IsNull{Column: "n"}, []int64{3}},
		{"not null", dialect.Not{Cond: dialect.IsNull{Column: "n"}}, []int64{1, 2, 4, 5}},
		{"longer", dialect.LongerThan{Column: "word", N: 5}, []int64{2, 5}},
		{"not longer", dialect.Not{Cond: dialect.LongerThan{Column: "word", N: 5}}, []int64{1, 3, 4}},
		{"match", dialect.Match{SQL: equals("n", "10") + " OR " + equals("word", "'Banana'")}, []int64{1, 2}},
		{"match among others", dialect.All{dialect.Match{SQL: equals("n", "10") + " OR 1 " + s.testOperator("=") + " 1 -- all"}, in("id", int64(2))}, []int64{2}},
		{"referenced", ref, []int64{1, 2}},
		{"not referenced", dialect.Not{Cond: ref}, []int64{3, 4, 5}},
		{"referenced where", refWhere, []int64{1}},
		{"referenced except", refExcept, []int64{1}},
		{"referenced except nothing", nothing, []int64{1, 2}},
		{"any", dialect.Any{in("id", int64(1)), dialect.IsNull{Column: "n"}}, []int64{1, 3}},
		{"any of nothing", dialect.Any{}, nil},
		{"all", dialect.All{in("n", int64(20)), compare("word", "=", "Banana")}, []int64{2}},
		{"all of nothing", dialect.All{}, []int64{1, 2, 3, 4, 5}},
		{"nested", dialect.Not{Cond: dialect.Any{dialect.All{in("id", int64(1), int64(2)), dialect.Not{Cond: compare("n", "=", int64(20))}}, dialect.All{dialect.IsNull{Column: "word"}}}}, []int64{2, 4, 5}},
	}
	for _, c := range cases {
		s.runSub(t, c.name, func(_ *suite, t *testing.T) {
			inReadTx(t, env.DB, func(tx dialect.Tx) {
				var got []int64
				for _, r := range readRows(t, tx, dialect.Select{Table: thing, Columns: []string{"id"}, Where: []dialect.Cond{c.cond}, Order: []string{"id"}}) {
					got = append(got, r[0].(int64))
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("rows (-want +got):\n%s", d)
				}
				if k := countRows(t, tx, thing, c.cond); k != int64(len(c.want)) {
					t.Errorf("count %d, want %d", k, len(c.want))
				}
				var flagged []int64
				for _, r := range readRows(t, tx, dialect.Select{Table: thing, Columns: []string{"id"}, Flags: []dialect.Cond{c.cond, dialect.Not{Cond: c.cond}}, Order: []string{"id"}}) {
					if r[1] == int64(1) {
						flagged = append(flagged, r[0].(int64))
					}
					if a, b := r[1].(int64), r[2].(int64); a+b != 1 {
						t.Errorf("a condition and its negation are flagged %d and %d", a, b)
					}
				}
				if d := cmp.Diff(c.want, flagged); d != "" {
					t.Errorf("flags (-want +got):\n%s", d)
				}
			})
		})
	}
	s.runSub(t, "orphan", func(_ *suite, t *testing.T) {
		got := selectRows(t, env.DB, dialect.Select{Table: link, Columns: []string{"a", "b"}, Order: []string{"a", "b"},
			Where: []dialect.Cond{dialect.Orphan{Columns: []string{"thing_id"}, RefTable: thing, RefColumns: []string{"id"}}}})
		if d := cmp.Diff([]dialect.Row{{int64(3), int64(1)}}, got); d != "" {
			t.Errorf("a NULL reference is no orphan (-want +got):\n%s", d)
		}
	})
	s.runSub(t, "self reference", func(_ *suite, t *testing.T) {
		got := selectRows(t, env.DB, dialect.Select{Table: link, Columns: []string{"a", "b"}, Order: []string{"a", "b"},
			Where: []dialect.Cond{dialect.Referenced{Table: link, Columns: []string{"thing_id"}, RefColumns: []string{"a"}, Where: equals("kind", "'x'")}}})
		want := []dialect.Row{{int64(1), int64(1)}, {int64(1), int64(2)}, {int64(2), int64(1)}, {int64(2), int64(2)}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
	s.runSub(t, "several conditions and many keys", func(_ *suite, t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			if got := countRows(t, tx, thing, dialect.In{Columns: []string{"id"}, Keys: intKeys(-5001, 5001)}, dialect.After{Columns: []string{"id"}, Key: dialect.Key{int64(1)}}); got != 4 {
				t.Errorf("count %d, want 4", got)
			}
		})
	})
}
