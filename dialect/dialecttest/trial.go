package dialecttest

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// testTrials compares Refused with the engine's own checks of inserted rows.
func (s *suite) testTrials(t *testing.T) {
	n, label, code, day := s.Quote("n"), s.Quote("label"), s.Quote("code"), s.Quote("day")
	for _, c := range []struct {
		name    string
		check   string
		columns []string
		rows    []dialect.Row
		refused int64
	}{
		{"a number", n + " > 17", []string{"n"}, []dialect.Row{{int64(18)}, {int64(17)}, {nil}, {int64(-5)}}, 2},
		{"a text", label + " <> 'it''s'", []string{"label"}, []dialect.Row{{"it's"}, {"its"}, {`a\b "c"`}, {nil}}, 1},
		{"a text with a backslash", label + ` <> 'a''\b'`, []string{"label"}, []dialect.Row{{`a'\b`}, {"é 漢"}}, -1},
		{"a text of digits", code + " < '5'", []string{"code"}, []dialect.Row{{"42"}, {"7"}, {""}}, 1},
		{"a text without case", label + " = 'Abc' OR " + label + " IS NULL", []string{"label"}, []dialect.Row{{"Abc"}, {"ABC"}, {nil}}, -1},
		{"two columns", n + " > 0 OR " + label + " IS NULL", []string{"n", "label"}, []dialect.Row{{int64(0), "x"}, {int64(0), nil}, {int64(1), "x"}, {nil, "x"}}, 1},
		{"a date", day + " < '2020-01-02'", []string{"day"}, []dialect.Row{{"2020-01-01"}, {"2020-01-02"}, {nil}}, 1},
		{"a comment at the end", n + " > 0 /* or so */", []string{"n"}, []dialect.Row{{int64(0)}}, 1},
		{"no rows", n + " > 0", []string{"n"}, nil, 0},
	} {
		s.runSub(t, c.name, func(s *suite, t *testing.T) {
			env := s.openEnv(t, Table{Name: "shape", Primary: []string{"id"}, Checks: []string{c.check}, Columns: []Column{
				{Name: "id", Type: integer, NotNull: true}, {Name: "n", Type: integer}, {Name: "label", Type: text(40)},
				{Name: "code", Type: text(9)}, {Name: "day", Type: date},
			}})
			check := tableOf(t, env, "shape").Checks[0]
			var inserts int64
			for i, row := range c.rows {
				var want int64
				if s.refusesInsert(t, env, c.columns, row) {
					want = 1
				}
				if got := s.testRefused(t, env, check, c.columns, row); got != want {
					t.Errorf("row %d is refused %d times, want %d", i, got, want)
				}
				inserts += want
			}
			got := s.testRefused(t, env, check, c.columns, c.rows...)
			if got != inserts || c.refused >= 0 && got != c.refused {
				t.Errorf("%d rows are refused, want %d; %d of the inserts were", got, c.refused, inserts)
			}
		})
	}
	s.runSub(t, "a check that can't be computed", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			_, err := tx.Refused(contextFor(t), dialect.Trial{Table: env.Name("parent"), Check: &dialect.Check{Name: "c", Condition: "no_such_column > 0"}, Columns: []string{"id"}, Rows: []dialect.Row{{int64(1)}}})
			if dialect.ClassOf(err) != dialect.Fatal {
				t.Errorf("error %v", err)
			}
		})
	})
}

func (s *suite) testRefused(t *testing.T, env *Env, check *dialect.Check, columns []string, rows ...dialect.Row) (n int64) {
	t.Helper()
	inReadTx(t, env.DB, func(tx dialect.Tx) {
		var err error
		if n, err = tx.Refused(contextFor(t), dialect.Trial{Table: env.Name("shape"), Check: check, Columns: columns, Rows: rows}); err != nil {
			t.Fatal(err)
		}
	})
	return n
}

// refusesInsert reports whether a check prevents the row's insert.
func (s *suite) refusesInsert(t *testing.T, env *Env, columns []string, row dialect.Row) bool {
	t.Helper()
	tx, err := env.DB.Begin(contextFor(t), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	err = tx.Insert(contextFor(t), dialect.Insert{Table: env.Name("shape"), Columns: append([]string{"id"}, columns...), Rows: []dialect.Row{append(dialect.Row{int64(1)}, row...)}})
	if e := tx.Rollback(contextFor(t)); e != nil {
		t.Fatal(e)
	}
	if class := dialect.ClassOf(err); class != "" && class != dialect.OtherConstraint {
		t.Fatalf("inserting: %v", err)
	}
	return err != nil
}
