package mysql_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

func keys(values ...dialect.Value) []dialect.Key {
	var out []dialect.Key
	for _, v := range values {
		out = append(out, dialect.Key{v})
	}
	return out
}

func table(t testing.TB, d *mysql.DB, n string) *dialect.Table {
	t.Helper()
	s, err := d.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Table(name(n))
}

func rows(t testing.TB, tx dialect.Tx, s dialect.Select) (out []dialect.Row) {
	t.Helper()
	for r, err := range tx.Query(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// Values are read as they were written, with any options of the driver.
func TestValuesTravelUnchanged(t *testing.T) {
	cases := []struct {
		typ    string
		values []dialect.Value
	}{
		{"tinyint(1)", []dialect.Value{"true", "false", int64(7), int64(-128), nil}}, // pitfall 13: numbers in a boolean column
		{"bigint unsigned", []dialect.Value{"18446744073709551615", int64(0), int64(9223372036854775807)}},
		{"bit(9)", []dialect.Value{"000000101", "111111111", nil}},
		{"bit(64)", []dialect.Value{strings.Repeat("1", 64)}},
		{"year", []dialect.Value{int64(2026), int64(0)}},
		{"decimal(65,30)", []dialect.Value{"-12345678901234567890123456789012345.123456789012345678901234567891"}},
		{"float", []dialect.Value{"0.1", "1.6777216e+07", "-3.4028235e+38", "1e-40"}},
		{"double", []dialect.Value{"0.1", "1.7976931348623157e+308", "5e-324"}},
		{"char(5)", []dialect.Value{"ab", "", "日本"}},
		{"varchar(40) CHARACTER SET utf8mb4", []dialect.Value{"a\x00b", "😀 \"quoted\\\" 'x'", "<&> \u2028", " padded  ", "?"}},
		{"varchar(10) CHARACTER SET latin1", []dialect.Value{"Ünal", "?"}},
		{"enum('a','b''c','d\\\\e')", []dialect.Value{"a", "b'c", `d\e`}},
		{"set('x','y z','w')", []dialect.Value{"x,y z", "", "w"}},
		{"binary(16)", []dialect.Value{[]byte("0123456789abcde\x00")}},
		{"varbinary(20)", []dialect.Value{[]byte{0, 0xff, '\'', '\\'}, []byte{}, []byte("ends in a space ")}},
		{"binary(16) COMMENT 'uuid'", []dialect.Value{"3b241101-e2bb-4255-8caf-4136c566a962"}},
		{"date", []dialect.Value{"2024-02-29", "0000-00-00", "2024-00-00", "9999-12-31"}}, // zero dates
		{"datetime(6)", []dialect.Value{"2024-03-31 02:30:00.000001", "0000-00-00 00:00:00", "2024-10-27 02:30:00"}},
		{"timestamp(6) NULL", []dialect.Value{"2024-03-31 02:30:00.5+00", "2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00"}},
		{"time(6)", []dialect.Value{"-838:59:59", "101:02:03.123456", "00:00:00"}}, // beyond a day
		{"json", []dialect.Value{`{"a": "😀"}`, `null`, `[1, "\"", "\\"]`}},
		{"longblob", []dialect.Value{make([]byte, 100_000)}},
	}
	each(t, func(t *testing.T, db *testdb.Database) {
		for options, dsn := range dsns {
			d := mysql.New(testdb.OpenMySQL(t, db, dsn...))
			for i, c := range cases {
				t.Run(c.typ+"/"+options, func(t *testing.T) {
					n := name(fmt.Sprintf("%s_%d", options, i))
					run(t, db, "SET sql_mode = ''", fmt.Sprintf("CREATE TABLE %s (id int PRIMARY KEY, inserted %s, updated %[2]s%s)", n.Table, c.typ, index(c.typ)))
					holder := table(t, d, n.Table)
					write(t, d, func(tx dialect.Tx) {
						update := dialect.BulkUpdate{Table: n, Key: []string{"id"}, Set: []string{"updated"}}
						var want []dialect.Row
						for id, v := range c.values {
							if err := tx.Insert(t.Context(), dialect.Insert{Table: n, Columns: []string{"id", "inserted"}, Rows: []dialect.Row{{int64(id), v}}}); err != nil {
								t.Fatal(err)
							}
							update.Rows = append(update.Rows, dialect.Row{int64(id), v})
							want = append(want, dialect.Row{v, v})
						}
						if found, err := tx.BulkUpdate(t.Context(), update); err != nil || found != int64(len(c.values)) {
							t.Fatalf("updated %d rows, %v, want %d", found, err, len(c.values))
						}
						got := rows(t, tx, dialect.Select{Table: n, Columns: []string{"inserted", "updated"}, Order: []string{"id"}})
						if d := cmp.Diff(want, got); d != "" {
							t.Errorf("values (-want +got):\n%s", d)
						}
						if equal, err := dialect.CountStored(t.Context(), tx, holder, update, nil); err != nil || equal.Same != int64(len(c.values)) {
							t.Errorf("%d rows are equal, %v, want %d", equal.Same, err, len(c.values))
						}
						if c.typ == "json" {
							return // no key
						}
						for id, v := range c.values {
							if v == nil {
								continue
							}
							found := rows(t, tx, dialect.Select{Table: n, Columns: []string{"id"}, Where: []dialect.Cond{dialect.In{Columns: []string{"inserted"}, Keys: keys(v)}}})
							if d := cmp.Diff([]dialect.Row{{int64(id)}}, found); d != "" {
								t.Errorf("looking for value %d by key (-want +got):\n%s", id, d)
							}
						}
					})
				})
			}
		}
	})
}

// index is the index on a column of the type, where the type permits one.
func index(typ string) string {
	switch typ {
	case "longblob":
		return ", KEY (inserted(20))"
	case "json":
		return ""
	}
	return ", KEY (inserted)"
}

func TestAnUnrepresentableKeyFindsNoOtherRow(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (k varchar(3) CHARACTER SET latin1 PRIMARY KEY, d decimal(5,2), u int unsigned)", "INSERT INTO a VALUES ('?', 1.23, 0), ('abc', 2, 4294967295)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		write(t, d, func(tx dialect.Tx) {
			for _, c := range []struct {
				column string
				key    dialect.Value
			}{
				{"k", "日"}, {"k", "abcd"}, {"d", "1.234"}, {"d", "x"}, {"u", int64(-1)}, {"u", "x"}, {"k", nil},
			} {
				got, err := tx.Count(t.Context(), name("a"), []dialect.Cond{dialect.In{Columns: []string{c.column}, Keys: keys(c.key)}})
				if err != nil || got != 0 {
					t.Errorf("a key that column %s can't hold finds %d rows, %v", c.column, got, err)
				}
			}
		})
	})
}

func TestKeysThatTheCollationTakesForOneFindARowOnce(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (k varchar(10) COLLATE utf8mb4_general_ci PRIMARY KEY, n int)", "INSERT INTO a VALUES ('müller', 1), ('x', 2)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		write(t, d, func(tx dialect.Tx) {
			where := []dialect.Cond{dialect.In{Columns: []string{"k"}, Keys: keys("Müller", "MULLER", "müller")}}
			if n, err := tx.Count(t.Context(), name("a"), where); err != nil || n != 1 {
				t.Errorf("found %d rows, %v, want 1", n, err)
			}
			if n, err := tx.Delete(t.Context(), dialect.Delete{Table: name("a"), Where: where}); err != nil || n != 1 {
				t.Errorf("deleted %d rows, %v, want 1", n, err)
			}
		})
	})
}

func TestEqualMeansBytewise(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, v varchar(10) COLLATE utf8mb4_general_ci)", "INSERT INTO a VALUES (1, 'abc'), (2, NULL), (3, 'x ')")
		d := mysql.New(testdb.OpenMySQL(t, db))
		a := table(t, d, "a")
		tx := begin(t, d, dialect.TxOptions{})
		for _, c := range []struct {
			row  dialect.Row
			want int64
		}{
			{dialect.Row{int64(1), "abc"}, 1}, {dialect.Row{int64(1), "ABC"}, 0}, {dialect.Row{int64(1), "äbc"}, 0}, {dialect.Row{int64(1), nil}, 0},
			{dialect.Row{int64(2), nil}, 1}, {dialect.Row{int64(2), ""}, 0}, {dialect.Row{int64(3), "x "}, 1}, {dialect.Row{int64(3), "x"}, 0},
		} {
			got, err := dialect.CountStored(t.Context(), tx, a, dialect.BulkUpdate{Table: name("a"), Key: []string{"id"}, Set: []string{"v"}, Rows: []dialect.Row{c.row}}, nil)
			if err != nil || got.Same != c.want {
				t.Errorf("row %v: %d equal, %v, want %d", c.row[0], got.Same, err, c.want)
			}
		}
	})
}

// Pitfall 25.
func TestOnUpdateCurrentTimestampKeepsItsValue(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, v varchar(10), at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)", "INSERT INTO a VALUES (1, 'x', '2001-02-03 04:05:06')")
		d := mysql.New(testdb.OpenMySQL(t, db))
		a := table(t, d, "a")
		check := func(want string) {
			t.Helper()
			got := rows(t, begin(t, d, dialect.TxOptions{}), dialect.Select{Table: a.Name, Columns: []string{"v", "at"}})
			if !strings.HasPrefix(fmt.Sprint(got[0][1]), want) {
				t.Errorf("the moment isn't %s… any more", want)
			}
		}
		write(t, d, func(tx dialect.Tx) {
			if _, err := tx.Update(t.Context(), dialect.Update{Table: a.Name, Set: []dialect.Assign{{Column: a.Column("v"), Expr: dialect.Literal{Value: "y", Column: a.Column("v")}}}}); err != nil {
				t.Fatal(err)
			}
		})
		check("2001-")
		write(t, d, func(tx dialect.Tx) {
			if _, err := tx.BulkUpdate(t.Context(), dialect.BulkUpdate{Table: a.Name, Key: []string{"id"}, Set: []string{"v"}, Rows: []dialect.Row{{int64(1), "z"}}}); err != nil {
				t.Fatal(err)
			}
		})
		check("2001-")
		write(t, d, func(tx dialect.Tx) {
			if _, err := tx.Update(t.Context(), dialect.Update{Table: a.Name, Set: []dialect.Assign{{Column: a.Column("at"), Expr: dialect.Literal{Value: "2010-01-01 00:00:00+00", Column: a.Column("at")}}}}); err != nil {
				t.Fatal(err)
			}
		})
		check("2010-")
	})
}

func TestAssignmentsReadOldValues(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		d := mysql.New(testdb.OpenMySQL(t, db))
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, x int, y int, z int)")
		a := table(t, d, "a")
		set := func(column, from string) dialect.Assign {
			return dialect.Assign{Column: a.Column(column), Expr: dialect.Current{Column: a.Column(from)}}
		}
		for _, c := range []struct {
			name string
			set  []dialect.Assign
			want dialect.Row
		}{
			{"a chain", []dialect.Assign{set("x", "y"), set("y", "z"), set("z", "id")}, dialect.Row{int64(20), int64(30), int64(1)}},
			{"a chain the other way", []dialect.Assign{set("z", "y"), set("y", "x")}, dialect.Row{int64(10), int64(10), int64(20)}},
			{"a swap", []dialect.Assign{set("x", "y"), set("y", "x")}, dialect.Row{int64(20), int64(10), int64(30)}},
			{"a circle", []dialect.Assign{set("x", "y"), set("y", "z"), set("z", "x")}, dialect.Row{int64(20), int64(30), int64(10)}},
		} {
			run(t, db, "DELETE FROM a", "INSERT INTO a VALUES (1, 10, 20, 30), (2, 0, 0, 0)")
			write(t, d, func(tx dialect.Tx) {
				u, err := tx.Update(t.Context(), dialect.Update{Table: a.Name, Set: c.set, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: keys(int64(1))}}})
				if err != nil || u.Rows != 1 {
					t.Fatalf("%s: %d rows, %v, want 1", c.name, u.Rows, err)
				}
				got := rows(t, tx, dialect.Select{Table: a.Name, Columns: []string{"x", "y", "z"}, Order: []string{"id"}, Limit: 1})
				if d := cmp.Diff([]dialect.Row{c.want}, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", c.name, d)
				}
			})
		}
	})
}

// Error 1093: a statement that reads the table it changes.
func TestConditionsOverTheTableItself(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, boss int, n int, KEY (boss))", "INSERT INTO a VALUES (1, NULL, 0), (2, 1, 0), (3, 2, 0), (4, 99, 0)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		a := table(t, d, "a")
		unreferenced := dialect.Not{Cond: dialect.Referenced{Table: a.Name, Columns: []string{"boss"}, RefColumns: []string{"id"}}}
		orphan := dialect.Orphan{Columns: []string{"boss"}, RefTable: a.Name, RefColumns: []string{"id"}}
		write(t, d, func(tx dialect.Tx) {
			u, err := tx.Update(t.Context(), dialect.Update{Table: a.Name, Where: []dialect.Cond{orphan}, Set: []dialect.Assign{{Column: a.Column("boss"), Expr: dialect.Null{}}}})
			if err != nil || u.Rows != 1 {
				t.Errorf("updated %d rows, %v, want 1", u.Rows, err)
			}
			n, err := tx.Delete(t.Context(), dialect.Delete{Table: a.Name, Where: []dialect.Cond{unreferenced}})
			if err != nil || n != 2 {
				t.Errorf("deleted %d rows, %v, want 2", n, err)
			}
			n, err = tx.Delete(t.Context(), dialect.Delete{Table: a.Name, Where: []dialect.Cond{dialect.Match{SQL: "id IN (SELECT boss FROM a) -- those with staff"}}})
			if err != nil || n != 1 {
				t.Errorf("deleted %d rows, %v, want 1", n, err)
			}
		})
	})
}

func TestALinkOverTwoCollations(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id varchar(10) COLLATE utf8mb4_unicode_ci PRIMARY KEY)", "INSERT INTO a VALUES ('one'), ('two')",
			"CREATE TABLE b (id varchar(10) COLLATE utf8mb4_general_ci PRIMARY KEY)", "INSERT INTO b VALUES ('ONE'), ('three')")
		tx := begin(t, mysql.New(testdb.OpenMySQL(t, db)), dialect.TxOptions{})
		for _, c := range []dialect.Cond{
			dialect.Referenced{Table: name("b"), Columns: []string{"id"}, RefColumns: []string{"id"}},
			dialect.Orphan{RefTable: name("b"), Columns: []string{"id"}, RefColumns: []string{"id"}},
		} {
			if n, err := tx.Count(t.Context(), name("a"), []dialect.Cond{c}); err != nil || n != 1 {
				t.Errorf("%T: %d rows, %v, want 1", c, n, err)
			}
		}
	})
}

func TestAValueLargerThanAPacketIsRefused(t *testing.T) {
	for _, engine := range []string{"mysql", "mariadb"} {
		t.Run(engine, func(t *testing.T) {
			s := small(t, engine)()
			db := s.Database(t)
			run(t, db, "CREATE TABLE a (id int PRIMARY KEY, v longtext)", "INSERT INTO a VALUES (1, '')")
			for options, dsn := range dsns {
				tx := begin(t, mysql.New(testdb.OpenMySQL(t, db, dsn...)), dialect.TxOptions{})
				_, err := tx.BulkUpdate(t.Context(), dialect.BulkUpdate{Table: name("a"), Key: []string{"id"}, Set: []string{"v"},
					Rows: []dialect.Row{{int64(1), strings.Repeat("x", 2<<20)}}})
				if e, ok := errors.AsType[*dialect.Error](err); !ok || !strings.Contains(e.Error(), "max_allowed_packet") {
					t.Errorf("%s: %v, want an error that names max_allowed_packet", options, err)
				}
			}
		})
	}
}
