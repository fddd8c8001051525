package mysql_test

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

func TestAFloatThatRoundsEqualsWhatItWasGiven(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, price double(10,2), weight float(10,2), size float(6,0))", "INSERT INTO a (id) VALUES (1), (2), (3)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		a := table(t, d, "a")
		write(t, d, func(tx dialect.Tx) {
			given := dialect.BulkUpdate{Table: name("a"), Key: []string{"id"}, Set: []string{"price", "weight", "size"}, Rows: []dialect.Row{
				{int64(1), "1.4709912345", "0.7471238", "12.6"}, {int64(2), "-7.125", "-0.005", "-3"}, {int64(3), "99999999.994", "1e3", "0.4"},
			}}
			if _, err := tx.BulkUpdate(t.Context(), given); err != nil {
				t.Fatal(err)
			}
			if n, err := dialect.CountStored(t.Context(), tx, a, given, nil); err != nil || n.Same != 3 {
				t.Errorf("%d rows equal, %v, want 3", n.Same, err)
			}
			given.Rows = []dialect.Row{{int64(1), "1.48", "0.7471238", "12.6"}, {int64(2), "-7.125", "-0.02", "-3"}}
			if n, err := dialect.CountStored(t.Context(), tx, a, given, nil); err != nil || n.Same != 0 {
				t.Errorf("%d rows equal other values, %v, want none", n.Same, err)
			}
		})
	})
}
