package sqlite

import (
	"database/sql"
	"strings"
	"testing"
)

func TestConditions(t *testing.T) {
	db := New(nil)
	for _, sql := range []string{
		`kind = 'a\' OR kind = 'b'`, "[odd ) name] = 1", "`odd ``) name` = 1", `"odd "") name" = x'ff'`, "doc ->> '$.a' = 'b'", "a || b == 'c'",
	} {
		if err := db.CheckCondition(sql); err != nil {
			t.Errorf("%q %v", sql, err)
		}
	}
	for sql, why := range map[string]string{
		"kind = [a]]":      "']'",
		"[a]) OR (1=1":     "closes a parenthesis",
		"a = ?1":           "parameter",
		"a = $a::b(')')":   "dollar sign",
		"a = #1":           "parameter (#)",
		"a = @b":           "@",
		"a = 1 /* b":       "comment",
		"a = 1\x0b OR 1=1": `'\v'`,
	} {
		if err := db.CheckCondition(sql); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want …%s…", sql, err, why)
		}
	}
}

func FuzzCheckCondition(f *testing.F) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE thing (id INTEGER PRIMARY KEY, n, word); INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b')"); err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"n = 1", "word = 'it''s' OR [n] = `n`", "(n) IN (1, 2)", "x'00' <> \"n\"", "n = [a') OR (1=1", "n = 1e5.a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, condition string) {
		if New(nil).CheckCondition(condition) != nil {
			return
		}
		var rows int
		err := db.QueryRow("SELECT count(*) FROM thing WHERE (" + condition + "\n) AND 0").Scan(&rows)
		if err == nil && rows > 0 {
			t.Errorf("%q takes %d rows beside a condition that never holds", condition, rows)
		}
	})
}
