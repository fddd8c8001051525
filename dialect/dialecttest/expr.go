package dialecttest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// exprRows is the number of rows to compute an expression for: a random one has to differ among
// them.
const exprRows = 200

// testExpressions computes every expression that the engine renders, for rows with values and for a
// row with NULLs.
func (s *suite) testExpressions(t *testing.T) {
	tab := Table{Name: "subject", Columns: []Column{
		{Name: "id", Type: integer, NotNull: true}, {Name: "word", Type: text(200)}, {Name: "n", Type: integer}, {Name: "price", Type: decimal},
		{Name: "ratio", Type: float}, {Name: "day", Type: date}, {Name: "at", Type: timestamp}, {Name: "attz", Type: momentTZ},
		{Name: "ident", Type: uuid}, {Name: "data", Type: Type{Kind: dialect.Bytes, Length: 100}}, {Name: "ok", Type: boolean}, {Name: "def", Type: text(20), Default: "'fallback'"},
	}, Primary: []string{"id"}}
	const word = "Straße Nr. 12-b, Ünal नीला① 😀 x"
	filled := dialect.Row{word, int64(1234), "12.34", "2.5", "2024-02-29", "2024-02-29 13:14:15.5", "2024-02-29 13:14:15.5+00", "0188a5eb-1111-7222-8333-444455556666", []byte{1, 2, 3, 4, 5, 6, 7, 8}, "true", "set"}
	env := s.openEnv(t, tab)
	n := env.Name("subject")
	var names []string
	for _, c := range tab.Columns {
		names = append(names, c.Name)
	}
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		for i := range exprRows {
			insertRow(t, tx, n, names, append(dialect.Row{int64(i)}, filled...)...)
		}
		insertRow(t, tx, n, names, append(dialect.Row{int64(exprRows)}, make(dialect.Row, len(filled))...)...)
	})
	schema := tableOf(t, env, "subject")
	col := schema.Column
	cur := func(name string) dialect.Expr { return dialect.Current{Column: col(name)} }
	lit := func(name string, v dialect.Value) dialect.Expr { return dialect.Literal{Value: v, Column: col(name)} }
	same := func(want dialect.Value) func(dialect.Value) bool {
		return func(got dialect.Value) bool { return cmp.Equal(want, got) }
	}
	number := func(ok func(f float64) bool) func(dialect.Value) bool {
		return func(v dialect.Value) bool {
			text, _ := dialect.TextOf(v)
			f, err := strconv.ParseFloat(text, 64)
			return err == nil && ok(f)
		}
	}
	about := func(want float64) func(dialect.Value) bool {
		return number(func(f float64) bool { return math.Abs(f-want) < 1e-6 })
	}
	between := func(low, high string) func(dialect.Value) bool {
		return func(v dialect.Value) bool { s, ok := v.(string); return ok && s >= low && s <= high }
	}
	const null = "NULL"
	cases := []struct {
		name     string
		column   string
		expr     dialect.Expr
		ok       func(dialect.Value) bool // of a row with values
		ofNull   any                      // the result for a row of NULLs: null, "same as others" or a value
		distinct int                      // the fewest different values among the rows
	}{
		{"null", "word", dialect.Null{}, nil, null, 0},
		{"default", "def", dialect.Default{}, same("fallback"), "any", 1},
		{"literal", "word", lit("word", `it's "x" \ % $1 ? 😀`), same(`it's "x" \ % $1 ? 😀`), "any", 1},
		{"literal number", "n", lit("n", int64(-9007199254740993)), same(int64(-9007199254740993)), "any", 1},
		{"literal date", "day", lit("day", "1999-12-31"), same("1999-12-31"), "any", 1},
		{"literal bytes", "data", lit("data", []byte{0, 255}), same([]byte{0, 255}), "any", 1},
		{"literal boolean", "ok", lit("ok", "false"), same("false"), "any", 1},
		{"literal uuid", "ident", lit("ident", "00000000-0000-4000-8000-000000000001"), same("00000000-0000-4000-8000-000000000001"), "any", 1},
		{"current", "word", cur("word"), same(word), null, 1},
		{"if then", "word", dialect.If{Cond: dialect.Compare{Column: "n", Op: ">", Value: int64(5)}, Then: lit("word", "big"), Else: lit("word", "small")}, same("big"), "any", 1},
		{"if null stays null", "word", dialect.If{Cond: dialect.IsNull{Column: "word"}, Then: dialect.Null{}, Else: lit("word", "x")}, same("x"), null, 1},
		{"concat", "word", dialect.Concat{lit("word", "<"), dialect.Left{Of: cur("word"), N: 6}, lit("word", ">")}, same("<Straße>"), null, 1},
		{"left", "word", dialect.Left{Of: cur("word"), N: 5}, same("Straß"), null, 1},
		{"left of more", "word", dialect.Left{Of: cur("word"), N: 150}, same(word), null, 1},
		{"left of none", "word", dialect.Left{Of: cur("word"), N: 0}, same(""), null, 1},
		{"right", "word", dialect.Right{Of: cur("word"), N: 3}, same("😀 x"), null, 1},
		{"right of more", "word", dialect.Right{Of: cur("word"), N: 150}, same(word), null, 1},
		{"right of none", "word", dialect.Right{Of: cur("word"), N: 0}, same(""), null, 1},
		{"fill", "word", dialect.Repeat{Of: dialect.Left{Of: cur("word"), N: 6}, With: "*", Less: 2}, same("****"), null, 1},
		{"fill of nothing", "word", dialect.Repeat{Of: dialect.Left{Of: cur("word"), N: 6}, With: "*", Less: 9}, same(""), null, 1},
		{"random like", "word", dialect.RandomLike{Of: cur("word")}, sameShapeAs(word), null, exprRows},
		{"random like of a literal", "word", dialect.RandomLike{Of: lit("word", "abcdefgh-12345678")}, sameShapeAs("abcdefgh-12345678"), "any", exprRows},
		{"random int", "n", dialect.RandomInt{Low: -5, High: 1_000_000}, number(func(f float64) bool { return f >= -5 && f <= 1_000_000 }), "any", exprRows - 10},
		{"random int of one", "n", dialect.RandomInt{Low: 7, High: 7}, same(int64(7)), "any", 1},
		{"random uuid", "ident", dialect.RandomUUID{}, func(v dialect.Value) bool {
			u, _ := v.(string)
			return len(u) == 36 && u[14] == '4' && strings.IndexByte("89ab", u[19]) >= 0 && u == strings.ToLower(u)
		}, "any", exprRows},
		{"random bytes", "data", dialect.RandomBytes{Of: cur("data")}, func(v dialect.Value) bool { b, ok := v.([]byte); return ok && len(b) == 8 }, null, exprRows},
		{"random date", "day", dialect.RandomMoment{Low: "1900-01-01", High: "2020-12-31", Column: col("day")}, between("1900-01-01", "2020-12-31"), "any", exprRows / 2},
		{"random timestamp", "at", dialect.RandomMoment{Low: "1900-01-01 00:00:00", High: "2020-12-31 23:59:59", Column: col("at")}, between("1900-01-01 00:00:00", "2020-12-31 23:59:59"), "any", exprRows - 10},
		{"random timestamp with zone", "attz", dialect.RandomMoment{Low: "1971-01-01 00:00:00+00", High: "2020-12-31 23:59:59+00", Column: col("attz")}, func(v dialect.Value) bool {
			s, _ := v.(string)
			return between("1971-01-01 00:00:00+00", "2020-12-31 23:59:59+00")(v) && strings.HasSuffix(s, "+00")
		}, "any", exprRows - 10},
		{"choose", "word", dialect.Choose{Values: []dialect.Value{"a", "it's", "ü"}, Column: col("word")}, func(v dialect.Value) bool { return v == "a" || v == "it's" || v == "ü" }, "any", 3},
		{"choose by weight", "n", dialect.Choose{Values: []dialect.Value{int64(1), int64(2), int64(3)}, Weights: []int{50, 50, 0}, Column: col("n")}, func(v dialect.Value) bool { return v == int64(1) || v == int64(2) }, "any", 2},
		{"add", "n", dialect.Arith{Op: '+', A: cur("n"), B: lit("n", int64(6))}, same(int64(1240)), null, 1},
		{"subtract", "n", dialect.Arith{Op: '-', A: cur("n"), B: lit("n", int64(2000))}, same(int64(-766)), null, 1},
		{"multiply", "price", dialect.Arith{Op: '*', A: cur("price"), B: lit("n", int64(2))}, about(24.68), null, 1},
		{"divide exactly", "ratio", dialect.Arith{Op: '/', A: cur("n"), B: lit("n", int64(8))}, about(154.25), null, 1},
		{"random", "ratio", dialect.Random{}, number(func(f float64) bool { return f >= 0 && f < 1 }), "any", exprRows - 5},
		{"random times a column", "ratio", dialect.Arith{Op: '*', A: dialect.Random{}, B: cur("ratio")}, number(func(f float64) bool { return f >= 0 && f < 2.5 }), null, exprRows - 5},
		{"floor", "n", dialect.Cast{Of: dialect.Floor{Of: dialect.Arith{Op: '/', A: cur("n"), B: lit("n", int64(100))}}, Column: col("n")}, same(int64(12)), null, 1},
		{"floor below zero", "n", dialect.Cast{Of: dialect.Floor{Of: lit("ratio", "-1.5")}, Column: col("n")}, same(int64(-2)), "any", 1},
		{"floor of random", "n", dialect.Cast{Of: dialect.Floor{Of: dialect.Arith{Op: '*', A: dialect.Random{}, B: lit("n", int64(1000))}}, Column: col("n")}, number(func(f float64) bool { return f >= 0 && f < 1000 }), "any", 120},
		{"round", "price", dialect.Cast{Of: dialect.Round{Of: cur("price"), Digits: 1}, Column: col("price")}, about(12.3), null, 1},
		{"round to hundreds", "n", dialect.Cast{Of: dialect.Round{Of: cur("n"), Digits: -2}, Column: col("n")}, same(int64(1200)), null, 1},
		{"date to year", "day", dialect.TruncateMoment{Of: cur("day"), Unit: "year"}, same("2024-01-01"), null, 1},
		{"date to month", "day", dialect.TruncateMoment{Of: cur("day"), Unit: "month"}, same("2024-02-01"), null, 1},
		{"timestamp to year", "at", dialect.TruncateMoment{Of: cur("at"), Unit: "year"}, same("2024-01-01 00:00:00"), null, 1},
		{"timestamp to day", "at", dialect.TruncateMoment{Of: cur("at"), Unit: "day"}, same("2024-02-29 00:00:00"), null, 1},
		{"timestamp to hour", "at", dialect.TruncateMoment{Of: cur("at"), Unit: "hour"}, same("2024-02-29 13:00:00"), null, 1},
		{"timestamp with zone to month", "attz", dialect.TruncateMoment{Of: cur("attz"), Unit: "month"}, same("2024-02-01 00:00:00+00"), null, 1},
		{"shift a date", "day", dialect.ShiftMoment{Of: cur("day"), Seconds: dialect.Literal{Value: int64(2 * 86400), Column: col("n")}}, same("2024-03-02"), null, 1},
		{"shift a date back", "day", dialect.ShiftMoment{Of: cur("day"), Seconds: dialect.Literal{Value: int64(-60 * 86400), Column: col("n")}}, same("2023-12-31"), null, 1},
		{"shift a timestamp", "at", dialect.ShiftMoment{Of: cur("at"), Seconds: dialect.Literal{Value: int64(11 * 3600), Column: col("n")}}, same("2024-03-01 00:14:15.5"), null, 1},
		{"shift a timestamp with zone", "attz", dialect.ShiftMoment{Of: cur("attz"), Seconds: dialect.Literal{Value: int64(-1), Column: col("n")}}, same("2024-02-29 13:14:14.5+00"), null, 1},
		{"shift by a random number", "day", dialect.ShiftMoment{Of: cur("day"), Seconds: dialect.Arith{Op: '*', A: dialect.RandomInt{Low: -500, High: 500}, B: dialect.Literal{Value: int64(86400), Column: col("n")}}}, between("2022-10-01", "2025-08-01"), null, 100},
		{"cast to text", "word", dialect.Cast{Of: cur("n"), Column: col("word")}, same("1234"), null, 1},
		{"cast to a number", "n", dialect.Cast{Of: lit("word", "42"), Column: col("n")}, same(int64(42)), "any", 1},
	}
	for _, c := range cases {
		s.runSub(t, c.name, func(s *suite, t *testing.T) {
			if !env.DB.Renders(c.expr, col(c.column)) {
				t.Skipf("EXCUSED on %s: Renders says that it can't; the value goes through the client", s.Engine)
			}
			inReadTx(t, env.DB, func(tx dialect.Tx) {
				u, err := tx.Update(contextFor(t), dialect.Update{Table: n, Set: []dialect.Assign{{Column: col(c.column), Expr: c.expr}}})
				if err != nil || u.Rows != exprRows+1 {
					t.Fatalf("updated %d rows: %v", u.Rows, err)
				}
				seen := map[string]bool{}
				for _, r := range readRows(t, tx, dialect.Select{Table: n, Columns: []string{"id", c.column}}) {
					v := r[1]
					if r[0] == int64(exprRows) {
						if c.ofNull == null && v != nil {
							t.Errorf("the row of NULLs got %q", fmt.Sprint(v))
						}
						if c.ofNull != null && v == nil {
							t.Error("the row of NULLs got NULL from an expression that doesn't depend on it")
						}
						continue
					}
					if c.ok == nil && v != nil || c.ok != nil && !c.ok(v) {
						t.Fatalf("unexpected value %q", fmt.Sprint(v))
					}
					seen[fmt.Sprint(v)] = true
				}
				// Pitfall 21: a random expression computed once for all rows.
				if len(seen) < c.distinct {
					t.Errorf("%d different values in %d rows, want at least %d", len(seen), exprRows, c.distinct)
				}
			})
		})
	}
	s.runSub(t, "several assignments see old values", func(_ *suite, t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			if _, err := tx.Update(contextFor(t), dialect.Update{Table: n, Set: []dialect.Assign{{Column: col("word"), Expr: lit("word", "new")}, {Column: col("def"), Expr: dialect.Left{Of: cur("word"), N: 6}}}}); err != nil {
				t.Fatal(err)
			}
			got := readRows(t, tx, dialect.Select{Table: n, Columns: []string{"word", "def"}, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(1, 1)}}})
			if d := cmp.Diff([]dialect.Row{{"new", "Straße"}}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	})
	s.runSub(t, "unchanged", func(s *suite, t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			u, err := tx.Update(contextFor(t), dialect.Update{Table: n, Compare: true, Set: []dialect.Assign{
				{Column: col("n"), Expr: dialect.If{Cond: dialect.Compare{Column: "id", Op: "<", Value: int64(10)}, Then: cur("n"), Else: lit("n", int64(0))}},
				{Column: col("word"), Expr: lit("word", strings.ToLower(word))}}})
			if err != nil || u.Rows != exprRows+1 {
				t.Fatalf("updated %d rows: %v", u.Rows, err)
			}
			if u.Unchanged == nil {
				t.Skipf("EXCUSED on %s: it can't compare old and new values inside an update", s.Engine)
			}
			if d := cmp.Diff([]int64{10, 0}, u.Unchanged); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	})
}

// sameShapeAs checks RandomLike's promise on a text.
func sameShapeAs(old string) func(dialect.Value) bool {
	return func(v dialect.Value) bool {
		text, _ := v.(string)
		a, b := []rune(old), []rune(text)
		if len(a) != len(b) || old == text {
			return false
		}
		for i, o := range a {
			n, ok := b[i], false
			switch {
			case o >= 'a' && o <= 'z':
				ok = n >= 'a' && n <= 'z'
			case o >= 'A' && o <= 'Z':
				ok = n >= 'A' && n <= 'Z'
			case o >= '0' && o <= '9':
				ok = n >= '0' && n <= '9'
			case unicode.In(o, unicode.L, unicode.M, unicode.N):
				ok = n >= 'a' && n <= 'z'
			default:
				ok = n == o
			}
			if !ok {
				return false
			}
		}
		return true
	}
}
