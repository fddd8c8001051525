// Package sample is a web shop with every awkward shape that a database brings
// along, for tests, benchmarks and the demo: references of a table to itself,
// cycles, composite keys, a reference to a key that isn't the primary one, a
// polymorphic log, messages between two people, addresses that people share, a
// table without a key, JSON, generated columns, cascades, and names that need
// quoting.
//
// [Tables] describes it once, and [Schema] renders it for an engine. A [Shop]
// has as many customers as asked for, about 24 rows each over 16 tables. Its
// rows are a function of the seed and are the same on every engine:
//
//	shop := sample.Shop{Customers: 1000}
//	err := shop.Load(ctx, sample.SQLite, db)
//	policy, err := policy.Parse(bytes.NewReader(sample.Policy()))
//
// The package knows no driver. Nothing in it is true of anybody.
package sample

import (
	"time"

	"github.com/expungedb/expunge/examples/policies"
)

// The engines that [Schema] and [Shop.Load] know, named as dialect.Schema.Engine names them.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	MySQL     = "mysql"
	MariaDB   = "mariadb"
	SQLServer = "sqlserver"
)

// Now is the shop's present: no row is younger. Tests of holds and retention
// hold their clock at it.
var Now = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Shop is a shop of a size. It is a value and safe for concurrent use.
type Shop struct {
	// Customers is how many there are; their keys are 1 to Customers. Defaults to 100.
	Customers int
	// Seed decides every value: equal seeds and sizes make equal shops. Defaults to 0.
	Seed uint64
	// Canaries makes each personal value a marked one that occurs nowhere
	// else (see [Shop.Planted]). Defaults to values that look real.
	Canaries bool
}

// Policy is the shop's policy, examples/policies/shop.yaml.
func Policy() []byte {
	return policies.Read("shop.yaml")
}
