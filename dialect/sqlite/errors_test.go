package sqlite_test

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// An error from a trigger names the missing object, and never a value.
func TestErrorsOutOfTriggersNameObjectsAndNoValue(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"a missing table":                 {"INSERT INTO change_counter VALUES (1);", "change_counter"},
		"a missing column":                {"UPDATE p SET id = id WHERE no_such_column = 1;", "no_such_column"},
		"a missing function":              {"UPDATE p SET v = no_such_function(v);", "no_such_function"},
		"a message of the trigger's own":  {"SELECT RAISE(ABORT, 'no such table: canary');", ""},
		"a value that a function refuses": {"SELECT json_extract(OLD.v, '$.a');", ""},
		"a path that a function refuses":  {"SELECT json_extract('{}', OLD.v);", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, db := memory(t, "CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO p VALUES (1, 'canary@club.example')",
				"CREATE TRIGGER counted BEFORE UPDATE OF v ON p BEGIN "+test.body+" END")
			tx, err := db.Begin(t.Context(), dialect.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(t.Context()) //nolint:errcheck // the transaction has failed
			_, err = tx.BulkUpdate(t.Context(), dialect.BulkUpdate{Table: dialect.Name{Table: "p"}, Key: []string{"id"}, Set: []string{"v"}, Rows: []dialect.Row{{int64(1), "new"}}})
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "canary") {
				t.Error("the error holds a value")
			}
			if !strings.Contains(err.Error(), test.want) || test.want == "" && strings.Contains(err.Error(), "not found") {
				t.Errorf("error %q, want %q", err, test.want)
			}
		})
	}
}

// The error names the failed constraint, without its text and values.
func TestConstraintsThatFailAreNamed(t *testing.T) {
	for insert, want := range map[string]string{
		"2, 'a', 'canary', 1": "constraint (short) [275]",
		"2, 'a', 'x', 0":      "constraint [275]: a CHECK constraint without a name",
		"2, NULL, 'x', 1":     "constraint (p.v) [1299]",
		"2, 'v', 'x', 1":      "unique violation (p.v) [2067]",
		"1, 'a', 'x', 1":      "unique violation (p.id) [1555]",
	} {
		_, db := memory(t, "CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT NOT NULL UNIQUE, w TEXT CONSTRAINT short CHECK (length(w) < 5), n INT CHECK (n <> 0))",
			"INSERT INTO p VALUES (1, 'v', 'w', 1)", "CREATE TABLE q (id INTEGER PRIMARY KEY)", "CREATE TRIGGER copied AFTER INSERT ON q BEGIN INSERT INTO p VALUES ("+insert+"); END")
		tx, err := db.Begin(t.Context(), dialect.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		err = tx.Insert(t.Context(), dialect.Insert{Table: dialect.Name{Table: "q"}, Columns: []string{"id"}, Rows: []dialect.Row{{int64(1)}}})
		if got := "insert into q: " + want; err == nil || err.Error() != got {
			t.Errorf("%s: error %v, want %s", insert, err, got)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
