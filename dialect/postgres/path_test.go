package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/internal/testdb"
)

// A DB's first call, whichever it is, reads the path of the connection.
func TestTheSearchPathIsTheConnectionsOwn(t *testing.T) {
	firsts := map[string]func(*testing.T, *postgres.DB) error{
		"inspect":  func(t *testing.T, db *postgres.DB) error { _, err := db.Inspect(t.Context()); return err },
		"identity": func(t *testing.T, db *postgres.DB) error { _, err := db.Identity(t.Context()); return err },
		"claim": func(t *testing.T, db *postgres.DB) error {
			release, err := db.Claim(t.Context(), "path")
			if err != nil {
				return err
			}
			return release()
		},
		"begin": func(t *testing.T, db *postgres.DB) error {
			tx, err := db.Begin(t.Context(), dialect.TxOptions{})
			if err != nil {
				return err
			}
			return tx.Rollback(t.Context())
		},
	}
	for _, s := range testdb.Postgreses(t) {
		for name, first := range firsts {
			t.Run(s.String()+"/"+name, func(t *testing.T) {
				config, err := pgxpool.ParseConfig(s.Database(t).URL)
				if err != nil {
					t.Fatal(err)
				}
				config.ConnConfig.RuntimeParams["search_path"] = `"Shop, own", public`
				pool, err := pgxpool.NewWithConfig(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(pool.Close)
				if _, err := pool.Exec(t.Context(), `CREATE SCHEMA "Shop, own"; CREATE TABLE thing (id int PRIMARY KEY); INSERT INTO thing VALUES (1)`); err != nil {
					t.Fatal(err)
				}
				db := postgres.New(pool)
				if err := first(t, db); err != nil {
					t.Fatal(err)
				}
				schema, err := db.Inspect(t.Context())
				if err != nil || schema.Default != "Shop, own" {
					t.Fatalf("the default schema is %q (%v)", schema.Default, err)
				}
				tx, err := db.Begin(t.Context(), dialect.TxOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback(t.Context()) //nolint:errcheck // nothing was written
				n, err := tx.Count(t.Context(), dialect.Name{Table: "thing"}, []dialect.Cond{dialect.Match{SQL: "EXISTS (SELECT 1 FROM thing)"}})
				if err != nil || n != 1 {
					t.Errorf("a condition's bare name finds %d rows, want 1 (%v)", n, err)
				}
			})
		}
	}
}
