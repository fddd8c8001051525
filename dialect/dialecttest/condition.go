package dialecttest

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// whole are conditions that every engine understands.
var whole = []string{
	"word = 'apple'", "(n = 1) OR word IN ('x', 'y')", "word = 'it''s; -- /* ) $$ \" # ?'", "n - -1 > 0", "word = ')'", "n IS NOT NULL AND NOT (n = 2)",
	"word LIKE 'a%' OR n BETWEEN 1 AND 2", "CASE WHEN n = 1 THEN 'a' ELSE 'b' END = 'a'", "n * 1.5 <= 3e1", "EXISTS (SELECT 1 WHERE 1 = 1)", "word = 'ä' or n <> 1",
}

// notWhole are conditions that no engine may be given.
var notWhole = []string{
	"", " ", "n = 1) OR (1 = 1", "n = 1; DELETE FROM thing", "n = 1 -- b", "n /* b */ = 1", "n = 1 /*! OR 1 = 1 */", "(n = 1", "n = 1)", "word = 'b", `"n = 1`, "`n = 1",
	"n = ?", "n = $1", "n = :n", "n = @n", "n = @@version", "word = $$'$$) OR (1 = 1 AND word <> $$'$$", "word = $a$'$a$", "n = {fn abs(1)}",
	"n = 1\x00", "word = '\x00'", "word = '\xff'", "n = 1e'a'", "n = 1 ]", "n = 1\\", "*/",
}

// fragments are what conditions are put together from at random.
var fragments = []string{
	"'", "''", `"`, "`", "[", "]", "(", ")", "$$", "$a$", "E'", "e'", "U&'", "u&\"", "N'", "X'", "b'", "q'[", "_gbk'", "\\", "\\'", "\\\\", "--", "/*", "*/", "/*!", "#", ";", "\n", "\r", ":", "::", "@", "?",
	"{", "}", "0x", "1", ".", "e", "||", "|", "&", "é", "中", ",", "word", "n", "kind",
	" ", " ", " ", " OR ", " OR ", " AND ", "NOT ", " = ", " = ", "1 = 1", "1 = 1", "n = 1", "'a'", "'b'", "word = 'a'", "(1 = 1)", "('a')", "'a' = 'a'", "word = 'it''s'", "SELECT ", "UNION ", "FROM thing",
}

// policyConditions holds what CheckCondition accepts against the engine: beside a
// condition that never holds, it takes no row.
func (s *suite) policyConditions(t *testing.T) {
	env := s.open(t, Table{Name: "thing", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "n", Type: integer}, {Name: "word", Type: text(50)}}, Primary: []string{"id"}})
	thing := env.Name("thing")
	write(t, env.DB, func(tx dialect.Tx) {
		for i := range int64(3) {
			insert(t, tx, thing, []string{"id", "n", "word"}, i, i, "apple")
		}
	})
	// taken counts the rows that meet a condition beside one that none meets.
	taken := func(t *testing.T, sql string) (n int64, err error) {
		tx, err := env.DB.Begin(ctx(t), dialect.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(context.WithoutCancel(ctx(t))) //nolint:errcheck // nothing is to stay
		return tx.Count(ctx(t), thing, []dialect.Cond{dialect.Match{SQL: sql}, dialect.Any{}})
	}
	s.sub(t, "whole ones", func(_ *suite, t *testing.T) {
		for _, sql := range whole {
			if err := env.DB.CheckCondition(sql); err != nil {
				t.Errorf("%q %v", sql, err)
				continue
			}
			if n, err := taken(t, sql); err != nil || n > 0 {
				t.Errorf("%q takes %d rows: %v", sql, n, err)
			}
		}
	})
	s.sub(t, "broken ones", func(_ *suite, t *testing.T) {
		for _, sql := range notWhole {
			if err := env.DB.CheckCondition(sql); err == nil {
				t.Errorf("%q is accepted", sql)
			}
		}
	})
	s.sub(t, "random ones", func(_ *suite, t *testing.T) {
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
			if n, err := taken(t, sql); err == nil && n > 0 {
				t.Errorf("seed %d: %q takes %d rows beside a condition that never holds", seed, sql, n)
			}
			if accepted++; accepted == 120 {
				break
			}
		}
		if accepted < 100 {
			t.Errorf("seed %d: %d conditions were accepted, too few to tell", seed, accepted)
		}
		read(t, env.DB, func(tx dialect.Tx) {
			if n := count(t, tx, thing); n != 3 {
				t.Errorf("seed %d: %d rows are left of 3", seed, n)
			}
		})
	})
}
