// Package dialect is the contract between expunge and a database engine: the model of a schema, a
// plan's statements, and the interfaces. Each engine implements the interfaces in its own package
// below this one (postgres, mysql, sqlserver, sqlite). This package imports nothing else of expunge
// and no driver.
//
// A reader meets, in this order:
//
//   - [Schema], with [Table], [Column], [Index] and [ForeignKey]: the contents of the catalogue.
//     [Schema.Fingerprint] shows whether they have changed.
//   - [Value], [Row] and [Key]: a row's values in transit. Every [Kind] has one canonical form, the
//     same on all engines.
//   - [Select], [Delete], [Update], [BulkUpdate] and [Insert]: statements as values, over one table
//     each, with conditions ([Cond]) and expressions ([Expr]). Nothing outside a dialect writes
//     SQL.
//   - [DB] and [Tx]: they execute statements.
//   - [Error] and its [Class]: how to react to a failed statement.
//
// # Which side of a reference decides
//
// The two columns of a link may compare differently: one without case, one without accents, one in
// another character set, one without blanks at the end. The referenced column decides, on every
// engine and in every condition ([In] with RefTable, [Referenced], [Orphan]): two values are equal
// if that column takes them for equal. The same holds for foreign keys in PostgreSQL and SQLite;
// MySQL, MariaDB and SQL Server have none over two collations. A character outside of the other
// column's character set equals nothing. A link between a text and a column of another type
// compares texts, without regard to collations.
//
// A session's memory or estimate of a comparison mustn't change that: the suite tries each pair of
// an engine's collations, with an index and without.
//
// # Written values are compared in Go
//
// [CountStored] reads rows by a plain [Select] and compares them in Go. No statement of the engine
// compares the output of another one: a fault in passing values would be in both.
//
// # Adding an engine
//
// An engine can live in a module of its own: the packages above this one ask no engine for its name.
//
//   - It must implement [DB], with [Suspender] and [Journal], and [Tx], with [Reader] and [Writer],
//     over the user's pool. [Engine] describes differences in behaviour: sizes, and when constraints
//     are checked.
//   - Its DB may implement an optional ability: [Monitor] (replication lag and load), [Rekeyer]
//     (changes related values together) or [Returner] (returns deleted rows). Callers ask by
//     [AsMonitor], [AsRekeyer] or [AsReturner] and do without it otherwise. An engine without the
//     ability lacks the method; a method never exists only to return an error.
//   - Renders, Oddities and Grants may answer no, none and none.
//
// Call dialecttest.Run from a test with a factory of empty databases: the suite is the
// specification, and everything above supports an engine that passes it.
//
// The engines here share these file names, one concept each; an engine's other files are its own
// peculiarities:
//
//	<name>.go       New and Engine, the package's documentation
//	identity.go     Identity: the server and the database
//	inspect.go      Inspect: the catalogue → Schema
//	kind.go         the engine's types → Kind
//	relation.go     a table as statements see it: types and collations of its columns
//	check.go        Check: obstacles before a run
//	session.go      Begin, Commit and Rollback; the settings of a session
//	tx.go           Tx: runs statements and collects rows
//	statement.go    the builder; Select, Delete and Update → SQL
//	cond.go         conditions → SQL
//	expr.go         expressions → SQL, and Renders
//	random.go       random values → SQL
//	value.go        values in both directions
//	bulk.go         many keys or rows → one parameter; BulkUpdate
//	condition.go    a policy's conditions: their texts, names and parentheses
//	odd.go          Oddities
//	trial.go        Refused: a check on rows outside of their table
//	schema_mark.go  SchemaMark
//	claim.go        Claim
//	journal.go      the journal's tables
//	grants.go       Grants
//	suspend.go      suspended indexes
//	errors.go       the engine's error codes → Class
//	inspect_*.go    parts of Inspect, where it is long
//	monitor.go      optional: Monitor
//	rekey.go        optional: Rekeyer
//	returner.go     optional: Returner
//
// The suite can't see these duties of an implementer:
//
//   - Every identifier is quoted, and comes from the catalogue.
//   - Keys are one array-like parameter, decoded to the column's exact type; casting the column
//     would lose its index.
//   - Settings are per transaction, since pools share sessions.
//   - No error text of the engine reaches an [Error]: it quotes values.
package dialect
