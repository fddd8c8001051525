package mysql_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/expungedb/expunge/dialect/mysql"
)

// MySQL and MariaDB are one engine here. The caller's pool keeps its settings, and the caller
// closes it.
func ExampleNew() {
	pool, err := sql.Open("mysql", "eraser:secret@tcp(localhost:3306)/shop")
	if err != nil {
		panic(err)
	}
	defer func() { _ = pool.Close() }()

	schema, err := mysql.New(pool).Inspect(context.Background())
	if err != nil {
		panic(err)
	}
	for _, t := range schema.Tables {
		fmt.Println(t.Name)
	}
}
