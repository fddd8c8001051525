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
// Other modules can add an engine. Implement [DB] and [Tx] over the user's pool, and call
// dialecttest.Run from a test with a factory for an empty database. The suite is the specification:
// everything above supports an engine that passes it. Keep to the common file names of the dialects
// here, one concept each:
//
//	<name>.go     New, Engine, Begin's options, identity, the package's documentation
//	inspect.go    the catalogue → Schema
//	statement.go  Select, Delete, Update, conditions and expressions → SQL
//	condition.go  a policy's conditions: their texts, names and parentheses
//	bulk.go       many keys or rows → one parameter; BulkUpdate
//	rekey.go      Rekey: values related by foreign keys change together
//	session.go    transactions, settings, claims, the journal's tables, checks before a run
//	suspend.go    suspended indexes
//	errors.go     the engine's error codes → Class
//
// The suite can't see these duties of an implementer:
//
//   - Every identifier is quoted, and comes from the catalogue.
//   - Keys are one array-like parameter, decoded to the column's exact type; casting the column
//     would lose its index.
//   - Settings are per transaction, since pools share sessions.
//   - No error text of the engine reaches an [Error]: it quotes values.
package dialect
