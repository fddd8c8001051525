// Package discover drafts the first policy for a database. It reads the name and type
// of every column and a sample of its values. For each column it states a category, a
// confidence and a reason, and proposes a fitting strategy.
//
// [Policy] is the entry point. It returns a [Draft]: a policy.Policy, a [Finding]
// for each column with its reason in words, and a [Proposal] for each decision
// about rows and relations. [Draft.YAML] writes all of it as one file.
//
// # It fails closed
//
// A column is `none` only if its name, its type, its values or its table say so (a
// surrogate key, a price, a flag). Otherwise it stays `undecided`; policy.Parse and
// Build refuse that. If several references could own a row, the table has no
// decision: the file contains them as a comment, and Build lists the table. Everything
// else passes a check, so a person has to read the draft: the plan made of it is
// approved by its digest.
//
// # What is read
//
// A read-only transaction reads a limited number of rows per table ([Options]). A draft
// keeps none of them: a Finding has counts and names of the catalogue. Two things come
// from rows. Keys inside JSON documents become paths of a strategy if several documents
// have them and they don't look like values. The words of a column such as
// entity_type stand in a link's condition if they are the names of tables.
//
// # How it decides
//
// A [meaning] is one kind of data in a column. It has terms in names, the kinds of its
// columns, the form of its values, and the strategies to try. Terms are English, German,
// French, Spanish, Italian, Dutch, Portuguese and Polish. A new meaning is an entry in one
// of the tables; a new form of values is one function in detectors. Some names
// mean little alone (name, title, code, note). The table's other columns, its
// relation to the subject, and the values decide those.
package discover
