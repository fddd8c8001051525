package postgres_test

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
)

// An error from a trigger names the missing object and the function, and never a value. SQL in the
// function's text quotes names alone. SQL built from values or taken from a row may quote anything.
func TestErrorsOutOfTriggersNameObjectsAndNoValue(t *testing.T) {
	const canary = "canary@club.example"
	for _, test := range []struct {
		name, body string
		want       string // "": only the function
	}{
		{"a missing table", `PERFORM 1 FROM change_counter;`, `relation "change_counter" does not exist`},
		{"a missing table, in several lines", "INSERT INTO change_counter\n  SELECT NEW.v\n  WHERE true;", `relation "change_counter" does not exist`},
		{"a missing column", `PERFORM nothing FROM p;`, `column "nothing" does not exist`},
		{"a missing function", `PERFORM no_such_function(NEW.id);`, `function no_such_function(integer) does not exist`},
		{"a missing schema", `PERFORM 1 FROM nowhere.change_counter;`, `"nowhere.change_counter" does not exist`},
		{"SQL that is put together", `EXECUTE format('SELECT 1 FROM %I', OLD.v);`, ""},
		{"a loop over SQL that is put together", `FOR OLD IN EXECUTE format('SELECT * FROM %I', OLD.v) LOOP END LOOP;`, ""},
		{"a value as a setting's name", `PERFORM set_config(OLD.v, 'x', true);`, ""},
		{"a value as a table's name", `PERFORM OLD.v::regclass;`, ""},
		{"a value as a function's name", `PERFORM OLD.v::regproc;`, ""},
		{"a value as a unit of time", `PERFORM date_trunc(OLD.v, now());`, ""},
		{"a value that is no number", `PERFORM OLD.v::int;`, ""},
		{"a message of the function's own", `RAISE EXCEPTION 'relation "%" does not exist', OLD.v USING ERRCODE = '42P01', TABLE = OLD.v;`, ""},
		{"a message raised again", `BEGIN EXECUTE format('SELECT 1 FROM %I', OLD.v); EXCEPTION WHEN undefined_table THEN RAISE; END;`, ""},
		{"a value in SQL that looks like a function", `EXECUTE 'SELECT 1 FROM "' || OLD.v || e'\nPL/pgSQL function ' || OLD.v || e'() line 1 at PERFORM"';`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, env *dialecttest.Env) {
				env.Exec(t, "CREATE TABLE p (id int PRIMARY KEY, v text)", "INSERT INTO p VALUES (1, '"+canary+"')",
					"CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+test.body+" RETURN NEW; END $$",
					"CREATE TRIGGER member_counted BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION count_change()")
				tx, err := env.DB.Begin(t.Context(), dialect.TxOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback(t.Context()) //nolint:errcheck // the transaction has failed
				_, err = tx.BulkUpdate(t.Context(), dialect.BulkUpdate{Table: env.Name("p"), Key: []string{"id"}, Set: []string{"v"}, Rows: []dialect.Row{{int64(1), "new"}}})
				if err == nil {
					t.Fatal("no error")
				}
				if strings.Contains(err.Error(), "canary") {
					t.Fatal("the error holds a value")
				}
				if !strings.Contains(err.Error(), "count_change()") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %q, want the function and %q", err, test.want)
				}
				if quotes := strings.Contains(err.Error(), "does not exist"); quotes != (test.want != "") {
					t.Errorf("error %q", err)
				}
			})
		})
	}
}

// A condition of a policy may also take names from rows.
func TestErrorsOfConditionsNameObjectsAndNoValue(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE TABLE p (id int PRIMARY KEY, v text)", "INSERT INTO p VALUES (1, 'canary@club.example')")
		for sql, want := range map[string]string{
			"nothing > 1":             `column "nothing" does not exist`,
			"v::regclass IS NOT NULL": "",
			"v::int > 1":              "",
		} {
			tx, err := env.DB.Begin(t.Context(), dialect.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.Count(t.Context(), env.Name("p"), []dialect.Cond{dialect.Match{SQL: sql}})
			switch {
			case err == nil:
				t.Errorf("%s: no error", sql)
			case strings.Contains(err.Error(), "canary"):
				t.Errorf("%s: the error holds a value", sql)
			case !strings.Contains(err.Error(), want):
				t.Errorf("%s: error %q, want %q", sql, err, want)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
