// Package sample is a web shop with every awkward shape of real databases, for tests, benchmarks
// and the demo: references of a table to itself, cycles, composite keys, a reference to a key other
// than the primary one, a polymorphic log, messages between two people, shared addresses, a table
// without a key, JSON, generated columns, cascades, and names that need quoting.
//
// [Tables] describes it once, and [Schema] renders it for an engine. A [Shop] has any number of
// customers, about 24 rows each over 16 tables. Its rows are a function of the seed and are the
// same on every engine:
//
//	shop := sample.Shop{Customers: 1000}
//	err := shop.Load(ctx, sample.SQLite, db)
//	policy, err := policy.Parse(bytes.NewReader(sample.Policy()))
//
// The package knows no driver. All of its people are fictitious.
package sample

import (
	"time"

	"github.com/expungedb/expunge/examples/policies"
)

// The engines of [Schema] and [Shop.Load], by their names in dialect.Schema.Engine.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	MySQL     = "mysql"
	MariaDB   = "mariadb"
	SQLServer = "sqlserver"
)

// Now is the shop's present: no row is younger. Tests of holds and retention set their clock to it.
var Now = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Shop is a shop of a size. It is a value and safe for concurrent use.
type Shop struct {
	// Customers is the number of customers; their keys are 1 to Customers. Defaults to 100.
	Customers int
	// Seed decides every value: equal seeds and sizes make equal shops. Defaults to 0.
	Seed uint64
	// Canaries makes each personal value a unique marked one (see [Shop.Planted]). Defaults to
	// realistic values.
	Canaries bool
}

// Policy is the shop's policy, examples/policies/shop.yaml.
func Policy() []byte {
	return policies.Read("shop.yaml")
}
