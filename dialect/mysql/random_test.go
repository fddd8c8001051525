package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// BenchmarkRandomLike draws 5,000 texts in the database, by the length of the column and of its
// texts.
func BenchmarkRandomLike(b *testing.B) {
	for _, s := range servers(b) {
		for _, c := range []struct{ length, used int }{{20, 10}, {60, 20}, {60, 60}, {120, 120}, {255, 40}, {255, 255}} {
			b.Run(fmt.Sprintf("%s/varchar(%d)/%d used", s, c.length, c.used), func(b *testing.B) {
				db := s.Database(b)
				run(b, db, fmt.Sprintf("CREATE TABLE a (id int PRIMARY KEY, v varchar(%d))", c.length))
				for from := 0; from < 5000; from += 1000 {
					var values []string
					for id := from; id < from+1000; id++ {
						values = append(values, fmt.Sprintf("(%d, '%s')", id, strings.Repeat("x", c.used)))
					}
					run(b, db, "INSERT INTO a VALUES "+strings.Join(values, ", "))
				}
				d := mysql.New(testdb.OpenMySQL(b, db))
				schema, err := d.Inspect(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				v := schema.Table(name("a")).Column("v")
				for b.Loop() {
					write(b, d, func(tx dialect.Tx) {
						if u, err := tx.Update(b.Context(), dialect.Update{Table: name("a"), Set: []dialect.Assign{{Column: v, Expr: dialect.RandomLike{Of: dialect.Current{Column: v}}}}}); err != nil || u.Rows != 5000 {
							b.Fatalf("%d rows, %v", u.Rows, err)
						}
					})
				}
			})
		}
	}
}
