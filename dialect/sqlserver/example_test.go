package sqlserver_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/expungedb/expunge/dialect/sqlserver"
)

// The caller's pool keeps its settings, and the caller closes it.
func ExampleNew() {
	pool, err := sql.Open("sqlserver", "sqlserver://eraser:secret@localhost:1433?database=shop")
	if err != nil {
		panic(err)
	}
	defer func() { _ = pool.Close() }()

	schema, err := sqlserver.New(pool).Inspect(context.Background())
	if err != nil {
		panic(err)
	}
	for _, t := range schema.Tables {
		fmt.Println(t.Name)
	}
}
