package erase_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// oddTable is a table with odd values of a column in some rows, and their owners.
type oddTable struct {
	ddl      string // of column v
	strategy string
	values   []string // one a row; the first is ordinary
	odd      map[dialect.Oddity]int64
	fits     []string // values that only seem odd and are replaced
}

func oddTables(engine string) map[string]oddTable {
	switch engine {
	case sample.MySQL, sample.MariaDB:
		dates := []string{"'1990-05-05'", "'0000-00-00'", "'1984-00-00'", "'1984-02-00'", "'1984-02-31'"}
		odd := map[dialect.Oddity]int64{dialect.ZeroDate: 1, dialect.InvalidDate: 3}
		return map[string]oddTable{
			"generalised date": {"date", "{generalise: month}", dates, odd, nil},
			"shifted date":     {"date", "{shift: {days: 10}}", dates, map[dialect.Oddity]int64{dialect.InvalidDate: 3}, nil},
			"datetime":         {"datetime", "{generalise: day}", dates, odd, nil},
			"timestamp":        {"timestamp NULL DEFAULT NULL", "{generalise: month}", []string{"'1990-05-05 01:02:03'", "'0000-00-00 00:00:00'"}, map[dialect.Oddity]int64{dialect.ZeroDate: 1}, nil},
		}
	case sample.Postgres:
		return map[string]oddTable{
			"noise on numeric":   {"numeric", "{noise: 0.1}", []string{"17", "'NaN'", "1e400", "-1e309"}, map[dialect.Oddity]int64{dialect.NaN: 1, dialect.TooLarge: 2}, []string{"1e300"}},
			"pseudonym":          {"numeric(9, 2)", "{pseudonym: }", []string{"17", "'NaN'"}, map[dialect.Oddity]int64{dialect.NaN: 1}, nil},
			"generalised double": {"float8", "{generalise: {step: 10}}", []string{"17", "'NaN'", "'Infinity'", "'-Infinity'"}, map[dialect.Oddity]int64{dialect.NaN: 1, dialect.Infinite: 2}, nil},
			"generalised date":   {"date", "{generalise: month}", []string{"'1990-05-05'"}, nil, []string{"'0044-03-15 BC'", "'12345-06-07'", "'infinity'"}},
			"shifted timestamp":  {"timestamptz", "{shift: {days: 10}}", []string{"'1990-05-05'"}, nil, []string{"'0044-03-15 BC'", "'12345-06-07'", "'-infinity'"}},
		}
	case sample.SQLite:
		return map[string]oddTable{
			"shifted date":       {"date", "{shift: {days: 10}}", []string{"'1990-05-05'", "'05.05.1990'", "'1984-00-00'", "19900505", "x'00ff'"}, map[dialect.Oddity]int64{dialect.Misfit: 4}, nil},
			"generalised moment": {"datetime", "{generalise: month}", []string{"'1990-05-05 01:02'", "'1990-05-05 25:02:03'", "641865600"}, map[dialect.Oddity]int64{dialect.Misfit: 2}, []string{"'1990-05-05T01:02:03.25'", "'1990-05-05'"}},
			"noise on an int":    {"integer", "{noise: 0.5}", []string{"1700", "'many'"}, map[dialect.Oddity]int64{dialect.Misfit: 1}, nil},
		}
	}
	return nil
}

// TestAnOddValueIsFoundBeforeTheFirstWrite: irreplaceable values are counted before anything is
// written, or replaced as the policy says.
func TestAnOddValueIsFoundBeforeTheFirstWrite(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for name, test := range oddTables(db.Engine) {
			t.Run(name, func(t *testing.T) {
				values := append(slices.Clone(test.values), test.fits...)
				fill := func() {
					db.exec(t, "DROP TABLE IF EXISTS person")
					db.exec(t, "CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, v "+test.ddl+")")
					conn, err := db.SQL.Conn(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					if db.Engine == sample.MySQL || db.Engine == sample.MariaDB {
						if _, err := conn.ExecContext(t.Context(), "SET sql_mode = 'ALLOW_INVALID_DATES'"); err != nil {
							t.Fatal(err)
						}
						defer conn.ExecContext(t.Context(), "SET sql_mode = DEFAULT") //nolint:errcheck // the pool may have lost it
					}
					for id, v := range values {
						if _, err := conn.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO person VALUES (%d, 'somebody', %s)", id, v)); err != nil {
							t.Fatal(err)
						}
					}
				}
				policy := func(otherwise string) string {
					return "version: 1\ndatabase: odd\nsubject: {table: person}\ntables:\n  person:\n    erase: overwrite\n    columns: {id: none, name: {pii: name, overwrite: {fake: name}}, v: {pii: other, overwrite: " + test.strategy + otherwise + "}}"
				}
				fill()
				all := make([]string, len(values))
				for id := range values {
					all[id] = fmt.Sprint(id)
				}
				for _, scope := range []plan.Scope{plan.ScopeEverything, plan.ScopeSubjects} {
					p := db.plan(t, policy(""), scope)
					preview, err := erase.Preview(t.Context(), db.DB, p, options(p, "", all...))
					if err != nil {
						t.Fatalf("%s: preview: %v", scope, err)
					}
					_, err = erase.Run(t.Context(), db.DB, p, options(p, name+" refused "+string(scope), all...))
					if test.odd == nil {
						if err != nil || len(preview.Odd) > 0 {
							t.Errorf("%s: error %v, the preview has %+v", scope, err, preview.Odd)
						}
						continue
					}
					var refused *erase.OddValuesError
					if !errors.As(err, &refused) {
						t.Fatalf("%s: error %v, want an *OddValuesError", scope, err)
					}
					if d := cmp.Diff(refused.Values, preview.Odd); d != "" {
						t.Errorf("%s: the preview has other values than the run (-run +preview):\n%s", scope, d)
					}
					got := map[dialect.Oddity]int64{}
					for _, v := range refused.Values {
						got[v.Oddity] = v.Rows
						if v.Table.Table != "person" || v.Column != "v" {
							t.Errorf("%s.%s is named", v.Table, v.Column)
						}
					}
					if d := cmp.Diff(test.odd, got); d != "" {
						t.Errorf("%s: %s", scope, d)
					}
					if db.count(t, "SELECT count(*) FROM person WHERE name = 'somebody'") != len(values) {
						t.Errorf("%s: something was written", scope)
					}
				}
				if test.odd == nil {
					return
				}
				if n := db.count(t, "SELECT count(*) FROM person WHERE v IS NULL"); n != 0 {
					t.Errorf("%d values are NULL", n)
				}
				// Another subject's odd value stops nobody.
				p := db.plan(t, policy(""), plan.ScopeSubjects)
				db.run(t, p, options(p, name+" the first", "0"))
				for _, otherwise := range []string{"null", "random"} {
					if otherwise == "random" && strings.HasPrefix(test.strategy, "{pseudonym") {
						continue // of numbers
					}
					for _, scope := range []plan.Scope{plan.ScopeEverything, plan.ScopeSubjects} {
						fill()
						p := db.plan(t, policy(", otherwise: "+otherwise), scope)
						st := db.run(t, p, options(p, name+" "+otherwise+" "+string(scope), all...))
						var sum, want int64
						for _, a := range st.Predicate.Actions {
							sum += a.Otherwise
						}
						for _, n := range test.odd {
							want += n
						}
						if sum != want {
							t.Errorf("%s, %s: the receipt counts %d odd values, want %d", otherwise, scope, sum, want)
						}
						if n := db.count(t, "SELECT count(*) FROM person WHERE v IS NULL"); otherwise == "null" && int64(n) != want || otherwise != "null" && n != 0 {
							t.Errorf("%s, %s: %d values are NULL", otherwise, scope, n)
						}
						if n := db.count(t, "SELECT count(*) FROM person WHERE name = 'somebody'"); n != 0 {
							t.Errorf("%s, %s: %d names stayed", otherwise, scope, n)
						}
					}
				}
			})
		}
	})
}

// Row numbers too long for a column are found before the first write, among the rows of the run.
func TestRowNumbersThatDoNotFitAreFoundBeforeTheFirstWrite(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, login varchar(7), badge smallint)",
			"INSERT INTO person VALUES (1, 'ada', 1), (22, 'bob', 2), (333, 'cem', 3), (40000, 'dee', 4)")
		text := func(prefix string) string {
			return "version: 1\ndatabase: d\nsubject: {table: person}\ntables:\n  person: {erase: overwrite, columns: {id: none, login: {pii: online, overwrite: {sequence: " + prefix + "}}, badge: {pii: other, overwrite: sequence}}}\n"
		}
		for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything} {
			p := db.plan(t, text("user-"), scope)
			_, err := erase.Run(t.Context(), db.DB, p, options(p, "all "+string(scope), "1", "22", "333", "40000"))
			var refused *erase.OddValuesError
			if !errors.As(err, &refused) {
				t.Fatalf("%s: error %v, want an *OddValuesError", scope, err)
			}
			found := map[string]int64{}
			for _, v := range refused.Values {
				if v.Oddity == dialect.NoNumber {
					found[v.Column] = v.Rows
				}
			}
			if found["login"] != 2 || found["badge"] != 1 {
				t.Errorf("%s: found %v", scope, found)
			}
			if n := db.count(t, "SELECT count(*) FROM person WHERE login IN ('ada', 'bob', 'cem', 'dee')"); n != 4 {
				t.Errorf("%s: something was written", scope)
			}
		}
		p := db.plan(t, text("user-"), plan.ScopeSubjects)
		db.run(t, p, options(p, "those that fit", "1", "22"))
		if _, err := db.build(t.Context(), mustParse([]byte(text("visitor-"))), plan.ScopeSubjects); err == nil || !strings.Contains(err.Error(), "the prefix leaves no room for a number in column login") {
			t.Errorf("a prefix that is too long: error %v", err)
		}
	})
}
