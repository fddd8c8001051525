package mysql_test

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// Only InnoDB's own list has references from other databases.
func TestTheSchemaMarkIsOfReferencesFromOtherDatabases(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		other, third := db.Name+"-Ö", db.Name+"_third"
		run(t, db, "CREATE TABLE `A ö` (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)", "CREATE DATABASE `"+other+"`", "CREATE DATABASE `"+third+"`",
			"CREATE TABLE `"+other+"`.`A ö` (id int PRIMARY KEY)")
		t.Cleanup(func() { run(t, db, "DROP DATABASE `"+third+"`", "DROP DATABASE `"+other+"`") })
		d := mysql.New(testdb.OpenMySQL(t, db))
		marks := func() (out [2]string) {
			t.Helper()
			tx := begin(t, d, dialect.TxOptions{ReadOnly: true})
			defer func() { _ = tx.Rollback(t.Context()) }()
			for i, n := range []dialect.Name{name("A ö"), {Schema: other, Table: "A ö"}} {
				var err error
				if out[i], err = tx.SchemaMark(t.Context(), []dialect.Name{name("b"), n}); err != nil {
					t.Fatal(err)
				}
			}
			return out
		}
		refers := func(table, to string) string {
			return "CREATE TABLE `" + third + "`.`" + table + "` (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES " + to + " (id))"
		}
		for _, c := range []struct {
			name, statement string
			changes         [2]bool
		}{
			{"to the one here", refers("ß", "`"+db.Name+"`.`A ö`"), [2]bool{true, false}},
			{"to the other one of its name", refers("c/d", "`"+other+"`.`A ö`"), [2]bool{false, true}},
			{"to none of them", refers("f", "`"+third+"`.`ß`"), [2]bool{false, false}},
		} {
			before := marks()
			run(t, db, c.statement)
			after := marks()
			for i, want := range c.changes {
				if got := before[i] != after[i]; got != want {
					t.Errorf("%s: mark %d changes: %t, want %t", c.name, i, got, want)
				}
			}
		}
	})
}

func TestAUserWithoutPROCESSGetsASchemaMark(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		user := db.Name
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE USER "+user+"@'%' IDENTIFIED BY 'secret'", "GRANT ALL ON `"+db.Name+"`.* TO "+user+"@'%'")
		t.Cleanup(func() { run(t, db, "DROP USER "+user+"@'%'") })
		tx := begin(t, mysql.New(testdb.OpenMySQL(t, as(db, user, "secret"))), dialect.TxOptions{ReadOnly: true})
		defer func() { _ = tx.Rollback(t.Context()) }()
		if mark, err := tx.SchemaMark(t.Context(), []dialect.Name{name("a")}); mark == "" || err != nil {
			t.Errorf("mark %q, error %v", mark, err)
		}
	})
}
