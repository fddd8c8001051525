package postgres_test

import (
	"context"
	"fmt"

	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The caller's pool keeps its settings, and the caller closes it.
func ExampleNew() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://eraser@localhost/shop")
	if err != nil {
		panic(err)
	}
	defer pool.Close()

	schema, err := postgres.New(pool).Inspect(ctx)
	if err != nil {
		panic(err)
	}
	for _, t := range schema.Tables {
		fmt.Println(t.Name)
	}
}
