package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// BenchmarkBulk overwrites five columns, two of them indexed, of 5,000 rows of a table of 200,000,
// in every available way. Measured on MySQL 9.7 and MariaDB 10.11 on one machine, relative to
// JSON_TABLE:
//
//	                                   MySQL   MariaDB
//	JSON_TABLE (the dialect's)           1.0      1.0   locks and counts the rows too
//	LOAD DATA LOCAL, temporary table     0.95     0.95  needs local_infile, which is mostly off
//	VALUES as a derived table            1.15     1.1
//	multi-row INSERT, temporary table    1.2      1.1
//	UNION ALL as a derived table         1.45     1.2
//
// For 5,000 keys alone (a select, a delete) an IN list of placeholders takes 1.0 to 1.6 times as
// long as JSON_TABLE, and a temporary table 1.1 times.
func BenchmarkBulk(b *testing.B) {
	for _, s := range servers(b) {
		db := s.Database(b)
		pool := testdb.OpenMySQL(b, db, "allowAllFiles=true")
		prepare(b, pool)
		rows := bulkRows()
		ways := []struct {
			name string
			run  func(b *testing.B, conn *sql.Conn)
		}{
			{"values", func(b *testing.B, c *sql.Conn) { byValues(b, c, s.Engine == "mariadb", rows) }},
			{"union", func(b *testing.B, c *sql.Conn) { byUnion(b, c, rows) }},
			{"temporary", func(b *testing.B, c *sql.Conn) { byTemporary(b, c, rows) }},
			{"load", func(b *testing.B, c *sql.Conn) { byLoad(b, c, rows) }},
		}
		b.Run(s.String()+"/json", func(b *testing.B) {
			d := mysql.New(pool)
			for b.Loop() {
				tx := begin(b, d, dialect.TxOptions{})
				if n, err := tx.BulkUpdate(b.Context(), dialect.BulkUpdate{Table: name("big"), Key: []string{"id"}, Set: []string{"a", "b", "d", "f", "n"}, Rows: rows}); err != nil || n != int64(len(rows)) {
					b.Fatalf("%d rows, %v", n, err)
				}
				if err := tx.Rollback(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, way := range ways {
			b.Run(s.String()+"/"+way.name, func(b *testing.B) {
				conn, err := pool.Conn(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close()
				for b.Loop() {
					exec(b, conn, "START TRANSACTION")
					way.run(b, conn)
					exec(b, conn, "ROLLBACK")
				}
			})
		}
	}
}

func bulkRows() (rows []dialect.Row) {
	for i := range 5000 {
		rows = append(rows, dialect.Row{int64(i*37 + 5), fmt.Sprint("newa", i*7919%100003), fmt.Sprint("newbbbbbbbbb", i), fmt.Sprint("newdddd", i), fmt.Sprint("newffff", i), int64(i)})
	}
	return rows
}

func prepare(b *testing.B, pool *sql.DB) {
	b.Helper()
	for _, s := range []string{
		"SET GLOBAL local_infile = ON",
		"CREATE TABLE big (id bigint PRIMARY KEY, a varchar(60), b varchar(60), d varchar(60), f varchar(60), n int, KEY (a), KEY (n))",
	} {
		if _, err := pool.ExecContext(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	for from := 0; from < 200_000; from += 5000 {
		var values []string
		for id := from; id < from+5000; id++ {
			values = append(values, fmt.Sprintf("(%d, 'aaaaaaaa%d', 'bbbbbbbbbbbbb', 'ddddddddddddd', 'ffffffffffff', %d)", id, id*7919%100_000, id))
		}
		if _, err := pool.ExecContext(b.Context(), "INSERT INTO big VALUES "+strings.Join(values, ", ")); err != nil {
			b.Fatal(err)
		}
	}
}

func exec(b *testing.B, c *sql.Conn, query string, args ...any) {
	b.Helper()
	if _, err := c.ExecContext(context.WithoutCancel(b.Context()), query, args...); err != nil {
		b.Fatalf("%v\nin %.200s", err, query)
	}
}

func flat(rows []dialect.Row) (args []any) {
	for _, r := range rows {
		args = append(args, r...)
	}
	return args
}

// The first row decides the types of a derived table's columns.
const firstRow = "CAST(? AS SIGNED)%s, CAST(? AS CHAR(60))%s, CAST(? AS CHAR(60))%s, CAST(? AS CHAR(60))%s, CAST(? AS CHAR(60))%s, CAST(? AS SIGNED)%s"

const setFromK = " k STRAIGHT_JOIN big t ON t.id = k.c0 SET t.a = k.c1, t.b = k.c2, t.d = k.c3, t.f = k.c4, t.n = k.c5"

func byValues(b *testing.B, c *sql.Conn, mariadb bool, rows []dialect.Row) {
	first := fmt.Sprintf(firstRow, "", "", "", "", "", "")
	if mariadb {
		exec(b, c, "UPDATE (WITH v (c0, c1, c2, c3, c4, c5) AS (VALUES ("+first+")"+strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(rows)-1)+") SELECT * FROM v)"+setFromK, flat(rows)...)
		return
	}
	exec(b, c, "UPDATE (VALUES ROW("+first+")"+strings.Repeat(", ROW(?, ?, ?, ?, ?, ?)", len(rows)-1)+")"+strings.Replace(setFromK, " k ", " k (c0, c1, c2, c3, c4, c5) ", 1), flat(rows)...)
}

func byUnion(b *testing.B, c *sql.Conn, rows []dialect.Row) {
	const chunk = 1000 // more of them overrun the server's stack
	for from := 0; from < len(rows); from += chunk {
		exec(b, c, "UPDATE (SELECT "+fmt.Sprintf(firstRow, " c0", " c1", " c2", " c3", " c4", " c5")+strings.Repeat(" UNION ALL SELECT ?, ?, ?, ?, ?, ?", chunk-1)+")"+setFromK, flat(rows[from:from+chunk])...)
	}
}

const temporary = "CREATE TEMPORARY TABLE k (c0 bigint PRIMARY KEY, c1 varchar(60), c2 varchar(60), c3 varchar(60), c4 varchar(60), c5 int)"

func byTemporary(b *testing.B, c *sql.Conn, rows []dialect.Row) {
	exec(b, c, temporary)
	exec(b, c, "INSERT INTO k VALUES "+strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?), ", len(rows)), ", "), flat(rows)...)
	exec(b, c, "UPDATE k"+setFromK)
	exec(b, c, "DROP TEMPORARY TABLE k")
}

func byLoad(b *testing.B, c *sql.Conn, rows []dialect.Row) {
	exec(b, c, temporary)
	driver.RegisterReaderHandler("rows", func() io.Reader {
		var text strings.Builder
		for _, r := range rows {
			fmt.Fprintln(&text, strings.ReplaceAll(strings.Trim(fmt.Sprint(r), "[]"), " ", "\t"))
		}
		return strings.NewReader(text.String())
	})
	defer driver.DeregisterReaderHandler("rows")
	exec(b, c, "LOAD DATA LOCAL INFILE 'Reader::rows' INTO TABLE k")
	exec(b, c, "UPDATE k"+setFromK)
	exec(b, c, "DROP TEMPORARY TABLE k")
}
