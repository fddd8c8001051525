package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	"github.com/expungedb/expunge/dialect"
)

func testDB(t testing.TB, statements ...string) *DB {
	t.Helper()
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = pool.Close() })
	for _, s := range statements {
		if _, err := pool.Exec(s); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
	return New(pool)
}

// SQLite stores any class of value in any column. Each is read, found by its key, written back and
// found equal, with its class.
func TestStorageClassesAreKept(t *testing.T) {
	for _, typ := range []string{"INTEGER", "TEXT", "BLOB", "", "DATETIME", "BOOLEAN", "REAL", "DECIMAL(10,2)", "JSON", "UUID"} {
		t.Run(typ, func(t *testing.T) {
			db := testDB(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, k "+typ+", typ TEXT)",
				`INSERT INTO t (k) VALUES (1), (0), (-7), (9007199254740993), (1.5), (0.1), (1e300), (5e-324), (9e999), ('text'), (''), ('yes'), ('12x'), (x''), (x'00ff'), (CAST(x'c3' AS TEXT)), (CAST(x'610062' AS TEXT))`,
				`UPDATE t SET typ = typeof(k)`)
			tx, err := db.Begin(t.Context(), dialect.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			name := dialect.Name{Table: "t"}
			table := &dialect.Table{Name: name, Columns: []*dialect.Column{{Name: "k"}}}
			all := dialect.BulkUpdate{Table: name, Key: []string{"id"}, Set: []string{"k"}}
			for r, err := range tx.Query(t.Context(), dialect.Select{Table: name, Columns: []string{"id", "k"}}) {
				if err != nil {
					t.Fatal(err)
				}
				all.Rows = append(all.Rows, r)
			}
			for _, r := range all.Rows {
				for _, in := range []dialect.In{{Columns: []string{"k"}, Keys: []dialect.Key{{r[1]}}}, {Columns: []string{"id", "k"}, Keys: []dialect.Key{r}}} {
					n, err := tx.Count(t.Context(), name, []dialect.Cond{in})
					if err != nil || n < 1 {
						t.Errorf("row %v isn't found by its key of %d columns (%v)", r[0], len(in.Columns), err)
					}
				}
			}
			want := int64(len(all.Rows))
			for _, f := range []func() (int64, error){
				func() (int64, error) { return tx.BulkUpdate(t.Context(), all) },
				func() (int64, error) {
					found, err := dialect.CountStored(t.Context(), tx, table, all, nil)
					return found.Same, err
				},
				func() (int64, error) {
					return tx.Count(t.Context(), name, []dialect.Cond{dialect.Match{SQL: "typ = typeof(k)"}})
				},
			} {
				if n, err := f(); err != nil || n != want {
					t.Errorf("%d of %d rows are as they were (%v)", n, want, err)
				}
			}
		})
	}
}

// A number must reach SQLite with every bit, or its key finds no row.
func TestFloatsTravelExactly(t *testing.T) {
	db := testDB(t)
	rapid.Check(t, func(r *rapid.T) {
		f := rapid.Float64().Draw(r, "f")
		if math.IsNaN(f) {
			return
		}
		doc, _ := appendJSON([]byte{'['}, f)
		var got float64
		query := "SELECT " + decodedExpr("j.value", "j.type", "j.value") + " FROM json_each(?) AS j"
		if err := db.pool.QueryRow(query, string(doc)+"]").Scan(&got); err != nil {
			r.Fatal(err)
		}
		if abs := math.Abs(f); got != f && abs > 1e-38 && abs < 1e34 {
			r.Errorf("%b became %b", f, got)
		}
	})
}

func TestErrorsOfOtherDrivers(t *testing.T) {
	type number int
	type fields struct {
		error
		Code, ExtendedCode number
	}
	for _, c := range []struct {
		err  error
		want dialect.Class
	}{
		{fields{errors.New("secret"), 19, 2067}, dialect.UniqueViolation},
		{&fields{errors.New("secret"), 19, 787}, dialect.ForeignKeyViolation},
		{fmt.Errorf("wrapped: %w", fields{errors.New("secret"), 5, 0}), dialect.LockTimeout},
		{fields{errors.New("secret"), 5, 517}, dialect.Retryable},
		{fields{errors.New("secret"), 19, 1811}, dialect.OtherConstraint},
		{fields{errors.New("secret"), 8, 0}, dialect.ReadOnly},
		{fields{errors.New("secret"), 13, 0}, dialect.Fatal},
		{errors.New("secret"), dialect.Fatal},
		{sql.ErrConnDone, dialect.LostConnection},
	} {
		err := engineError(t.Context(), "delete from", dialect.Name{Table: "t"}, c.err)
		if got := dialect.ClassOf(err); got != c.want {
			t.Errorf("%v has class %q, want %q", err, got, c.want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Error("the driver's text is in the error")
		}
	}
}

// SQLite takes an unknown name in double quotes for a text, and a text is never NULL: the delete
// would remove every row.
func TestUnknownColumnIsNoText(t *testing.T) {
	db := testDB(t, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Delete(t.Context(), dialect.Delete{Table: dialect.Name{Table: "t"}, Where: []dialect.Cond{dialect.Not{Cond: dialect.IsNull{Column: "gone"}}}})
	if dialect.ClassOf(err) != dialect.Fatal {
		t.Errorf("a column that isn't there: %v, want a fatal error", err)
	}
}

func TestDefaultOf(t *testing.T) {
	for def, want := range map[string]string{
		"7": "(7\n)", "'x'": "('x'\n)", "NULL": "(NULL\n)", "CURRENT_TIMESTAMP": "(CURRENT_TIMESTAMP\n)", "lower('X')": "(lower('X')\n)",
		`"it's"`: "'it''s'", "bare": "'bare'", "1 -- one": "(1 -- one\n)",
	} {
		if got := defaultOf(&dialect.Column{Default: &def}); got != want {
			t.Errorf("default %s is rendered as %s, want %s", def, got, want)
		}
	}
}

func TestMomentsKeepTheirForm(t *testing.T) {
	db := testDB(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME)",
		"INSERT INTO t VALUES (1, '2024-02-29T13:14:15Z'), (2, '2024-02-29'), (3, 1709212455), (4, '2024-02-29 13:14'), (5, NULL)")
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	at := &dialect.Column{Name: "at", Kind: dialect.Timestamp}
	_, err = tx.Update(t.Context(), dialect.Update{Table: dialect.Name{Table: "t"}, Set: []dialect.Assign{{Column: at,
		Expr: dialect.ShiftMoment{Of: dialect.Current{Column: at}, Seconds: dialect.Literal{Value: int64(86400), Column: &dialect.Column{Kind: dialect.Int}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []dialect.Value
	for r, err := range tx.Query(t.Context(), dialect.Select{Table: dialect.Name{Table: "t"}, Columns: []string{"at"}, Order: []string{"id"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r[0])
	}
	if d := cmp.Diff([]dialect.Value{"2024-03-01T13:14:15Z", "2024-03-01", int64(1709298855), "2024-03-01 13:14:00", nil}, got); d != "" {
		t.Errorf("a day later (-want +got):\n%s", d)
	}
}
