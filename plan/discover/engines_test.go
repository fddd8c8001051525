//go:build unix

package discover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
)

// TestEveryEngineIsDrafted expects the same draft of the shop on every engine, except for missing
// features.
func TestEveryEngineIsDrafted(t *testing.T) {
	s := sample.Shop{Customers: 60}
	for engine, open := range map[string]func(t *testing.T) dialect.DB{
		sample.Postgres: func(t *testing.T) dialect.DB {
			pool, err := pgxpool.New(t.Context(), testdb.Postgres(t).URL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			if err := s.Load(t.Context(), sample.Postgres, stdlib.OpenDBFromPool(pool)); err != nil {
				t.Fatal(err)
			}
			return postgres.New(pool)
		},
		sample.MySQL: func(t *testing.T) dialect.DB {
			pool := testdb.OpenMySQL(t, testdb.MySQL(t))
			if err := s.Load(t.Context(), sample.MySQL, pool); err != nil {
				t.Fatal(err)
			}
			return mysql.New(pool)
		},
	} {
		t.Run(engine, func(t *testing.T) {
			d, err := Policy(t.Context(), open(t), Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := readExpected(t, "testdata/shop.txt")
			got := want.score(t, d)
			t.Logf("%s: recall %.3f, precision %.3f, decided %.3f", engine, got.recall, got.precision, got.decided)
			if got.recall < 1 || got.precision < 0.9 || len(got.silent) > 0 {
				t.Errorf("recall %.3f, precision %.3f; missed %q", got.recall, got.precision, got.missed)
			}
			here := draftOf(t, shop(t, s), Options{})
			if diff := cmp.Diff(here.Policy.Links, d.Policy.Links); diff != "" {
				t.Errorf("links (-SQLite +%s):\n%s", engine, diff)
			}
			if diff := cmp.Diff(here.Policy.Owns, d.Policy.Owns); diff != "" {
				t.Errorf("owns (-SQLite +%s):\n%s", engine, diff)
			}
		})
	}
}
