// Package dialect is the contract between expunge and a database engine: the
// model of a schema, the statements that a plan is carried out with, and the
// interfaces that each engine implements in a package of its own below this
// one (postgres, mysql, sqlserver, sqlite). It imports nothing else of expunge
// and no driver.
//
// A reader meets, in this order:
//
//   - [Schema], with [Table], [Column], [Index] and [ForeignKey]: what the
//     catalogue says. [Schema.Fingerprint] tells whether it says so still.
//   - [Value], [Row] and [Key]: how a row's values travel. Every [Kind] has one
//     canonical form, the same on all engines.
//   - [Select], [Delete], [Update], [BulkUpdate] and [Insert]: statements as
//     values, over one table each, with conditions ([Cond]) and expressions
//     ([Expr]). Nothing outside a dialect writes SQL.
//   - [DB] and [Tx]: where statements run.
//   - [Error] and its [Class]: what can be done when one fails.
//
// # Adding an engine
//
// An engine can be added from outside. Implement [DB] and [Tx] over the user's
// pool, and call dialecttest.Run from a test with a factory that gives an empty
// database: the suite is the specification, and an engine that passes it is
// supported by everything above. Keep to the file names that the dialects here
// share, one concept each:
//
//	<name>.go     New, Engine, Begin's options, identity, the package's documentation
//	inspect.go    the catalogue → Schema
//	statement.go  Select, Delete, Update, conditions and expressions → SQL
//	bulk.go       many keys or rows → one parameter; BulkUpdate and CountEqual
//	rekey.go      Rekey: values that foreign keys relate change together
//	session.go    transactions, settings, claims, the journal's tables, checks before a run
//	suspend.go    indexes that go and come back
//	errors.go     the engine's error codes → Class
//
// What an implementer has to get right, beyond what the suite can see:
//
//   - Every identifier is quoted, and comes from the catalogue.
//   - Keys travel as one array-like parameter, decoded to the column's exact
//     type; casting the column would lose its index.
//   - Settings are made per transaction, since pools hand sessions around.
//   - No error text of the engine reaches an [Error]: it quotes values.
package dialect
