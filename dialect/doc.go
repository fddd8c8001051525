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
// # Which side of a reference decides
//
// The two columns of a link may compare otherwise: one without case, one without accents, one
// in another character set, one that ignores blanks at the end. The column that is referred to
// decides, on every engine and in every condition ([In] with RefTable, [Referenced],
// [Orphan]): two values are equal if that column takes them for equal. So it is for foreign keys in
// PostgreSQL and SQLite; MySQL, MariaDB and SQL Server have none over two collations. A character
// that the other column's character set lacks is equal to none. A link between a text and a column
// of another type compares texts, without regard to collations.
//
// What a session remembers or estimates of a comparison mustn't change that: the suite tries
// each pair of an engine's collations, with an index and without.
//
// # What was written is compared in Go
//
// [CountStored] reads rows back by a plain [Select] and compares them in Go. No statement of the engine
// compares what another one wrote: a fault in how values travel would be in both.
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
//	condition.go  a policy's conditions: what their texts, names and parentheses are
//	bulk.go       many keys or rows → one parameter; BulkUpdate
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
