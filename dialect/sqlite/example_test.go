package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/expungedb/expunge/dialect/sqlite"
)

// The caller's pool keeps its settings, and the caller closes it.
func ExampleNew() {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	defer func() { _ = pool.Close() }()
	pool.SetMaxOpenConns(1) // a second connection would be another database in memory
	if _, err := pool.Exec("CREATE TABLE reader (id INTEGER PRIMARY KEY, email TEXT)"); err != nil {
		panic(err)
	}

	schema, err := sqlite.New(pool).Inspect(context.Background())
	if err != nil {
		panic(err)
	}
	for _, t := range schema.Tables {
		fmt.Println(t.Name, len(t.Columns))
	}
	// Output:
	// reader 2
}
