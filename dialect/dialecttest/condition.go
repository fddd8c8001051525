package dialecttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// whole are conditions of every engine's SQL.
var whole = []string{
	"word = 'apple'", "(n = 1) OR word IN ('x', 'y')", "word = 'it''s; -- /* ) $$ \" # ?'", "n - -1 > 0", "word = ')'", "n IS NOT NULL AND NOT (n = 2)",
	"word LIKE 'a%' OR n BETWEEN 1 AND 2", "CASE WHEN n = 1 THEN 'a' ELSE 'b' END = 'a'", "n * 1.5 <= 3e1", "EXISTS (SELECT 1 WHERE 1 = 1)", "word = 'ä' or n <> 1",
}

// notWhole are conditions that every engine has to refuse.
var notWhole = []string{
	"", " ", "n = 1) OR (1 = 1", "n = 1; DELETE FROM thing", "n = 1 -- b", "n /* b */ = 1", "n = 1 /*! OR 1 = 1 */", "(n = 1", "n = 1)", "word = 'b", `"n = 1`, "`n = 1",
	"n = ?", "n = $1", "n = :n", "n = @n", "n = @@version", "word = $$'$$) OR (1 = 1 AND word <> $$'$$", "word = $a$'$a$", "n = {fn abs(1)}",
	"n = 1\x00", "word = '\x00'", "word = '\xff'", "n = 1e'a'", "n = 1 ]", "n = 1\\", "*/",
	"n = [a') OR (1=1", "n = 1e5.a",
}

// fragments are the parts of random conditions.
var fragments = []string{
	"'", "''", `"`, "`", "[", "]", "(", ")", "$$", "$a$", "E'", "e'", "U&'", "u&\"", "N'", "X'", "b'", "q'[", "_gbk'", "\\", "\\'", "\\\\", "--", "/*", "*/", "/*!", "#", ";", "\n", "\r", ":", "::", "@", "?",
	"{", "}", "0x", "1", ".", "e", "||", "|", "&", "é", "中", ",", "word", "n", "kind",
	" ", " ", " ", " OR ", " OR ", " AND ", "NOT ", " = ", " = ", "1 = 1", "1 = 1", "n = 1", "'a'", "'b'", "word = 'a'", "(1 = 1)", "('a')", "'a' = 'a'", "word = 'it''s'", "SELECT ", "UNION ", "FROM thing",
}

// policyConditions tests accepted conditions on the engine: beside a condition that never holds,
// they match no row.
func (s *suite) policyConditions(t *testing.T) {
	c := s.openConditions(t)
	env, thing := c.env, c.thing
	s.runSub(t, "whole ones", func(_ *suite, t *testing.T) {
		for _, sql := range whole {
			if err := env.DB.CheckCondition(sql); err != nil {
				t.Errorf("%q %v", sql, err)
				continue
			}
			if n, err := c.beside(t, sql, dialect.Any{}); err != nil || n > 0 {
				t.Errorf("%q takes %d rows: %v", sql, n, err)
			}
		}
	})
	s.runSub(t, "broken ones", func(_ *suite, t *testing.T) {
		for _, sql := range notWhole {
			if err := env.DB.CheckCondition(sql); err == nil {
				t.Errorf("%q is accepted", sql)
			}
		}
	})
	s.runSub(t, "a text", (*suite).equalConditions)
	s.runSub(t, "random ones", func(_ *suite, t *testing.T) {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		accepted := 0
		for range 200_000 {
			var b strings.Builder
			for range 1 + random.IntN(9) {
				b.WriteString(fragments[random.IntN(len(fragments))])
			}
			sql := b.String()
			if env.DB.CheckCondition(sql) != nil {
				continue
			}
			if broken := c.escapes(t, sql); broken != "" {
				t.Errorf("seed %d: %s", seed, broken)
			}
			if accepted++; accepted == 120 {
				break
			}
		}
		if accepted < 100 {
			t.Errorf("seed %d: %d conditions were accepted, too few to tell", seed, accepted)
		}
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			if n := countRows(t, tx, thing); n != 3 {
				t.Errorf("seed %d: %d rows are left of 3", seed, n)
			}
		})
	})
}

// conditions is a table of three rows to try conditions on.
type conditions struct {
	env   *Env
	thing dialect.Name
}

func (s *suite) openConditions(t testing.TB) *conditions {
	env := s.openEnv(t, Table{Name: "thing", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "n", Type: integer}, {Name: "word", Type: text(50)}}, Primary: []string{"id"}})
	c := &conditions{env: env, thing: env.Name("thing")}
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		for i := range int64(3) {
			insertRow(t, tx, c.thing, []string{"id", "n", "word"}, i, i, "apple")
		}
	})
	return c
}

// beside counts the rows that meet both conditions.
func (c *conditions) beside(t testing.TB, sql string, other dialect.Cond) (int64, error) {
	return c.count(t, dialect.Match{SQL: sql}, other)
}

func (c *conditions) count(t testing.TB, conds ...dialect.Cond) (int64, error) {
	tx, err := c.env.DB.Begin(contextFor(t), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(contextFor(t))) //nolint:errcheck // nothing is to stay
	return tx.Count(contextFor(t), c.thing, conds)
}

// escapes describes an accepted condition's effect on its neighbours; "" where it has none or the
// engine refuses it.
func (c *conditions) escapes(t testing.TB, sql string) string {
	if n, err := c.beside(t, sql, dialect.Any{}); err == nil && n > 0 {
		return fmt.Sprintf("%q takes %d rows beside a condition that never holds", sql, n)
	}
	if n, err := c.count(t, dialect.Any{dialect.Match{SQL: sql}, dialect.All{}}); err == nil && n != 3 {
		return fmt.Sprintf("%q takes %d rows of 3 beside a condition that always holds", sql, n)
	}
	return ""
}

// equalConditions tests the conditions that an engine writes, on a column's name and texts that need
// its quotes.
func (s *suite) equalConditions(t *testing.T) {
	const column = "Kind of \"it's\""
	texts := []any{"apple", "it's", `App\Models\User`, `'; -- "x"`, `a\`, "ä", "(x) OR 1 = 1"}
	env := s.openEnv(t, Table{Name: "equal", Primary: []string{"id"},
		Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: column, Type: text(40)}}})
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		insert := dialect.Insert{Table: env.Name("equal"), Columns: []string{"id", column}}
		for i, v := range texts {
			insert.Rows = append(insert.Rows, dialect.Row{int64(i), v})
		}
		if err := tx.Insert(contextFor(t), insert); err != nil {
			t.Fatal(err)
		}
		for _, v := range texts {
			sql := env.DB.EqualsCondition(column, v.(string))
			if err := env.DB.CheckCondition(sql); err != nil {
				t.Errorf("%q %v", sql, err)
			}
			if n := countRows(t, tx, env.Name("equal"), dialect.Match{SQL: sql}); n != 1 {
				t.Errorf("%q takes %d rows, want 1", sql, n)
			}
		}
	})
}

// FuzzConditions fuzzes CheckCondition against the engine.
func FuzzConditions(f *testing.F, factory Factory) {
	c := (&suite{Factory: factory, used: map[string]bool{}}).openConditions(f)
	for _, sql := range slices.Concat(whole, notWhole, fragments) {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if c.env.DB.CheckCondition(sql) != nil {
			return
		}
		if broken := c.escapes(t, sql); broken != "" {
			t.Error(broken)
		}
		if n, err := c.count(t); err != nil || n != 3 {
			t.Errorf("after %q %d rows are left of 3: %v", sql, n, err)
		}
	})
}
