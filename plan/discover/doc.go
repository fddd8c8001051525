// Package discover makes the first policy for a database: it looks at every
// column's name, type and some of its values, says what it takes the column
// for and how sure it is, and proposes a strategy that fits.
//
// [Policy] is where to start. It gives a [Draft]: a policy.Policy, a [Finding]
// for each column with its reason in words, and a [Proposal] for each decision that
// only a person can make. [Draft.YAML] writes all of that as one file.
//
// # It fails closed
//
// A column is `none` only where its name, its type or its values say what it is
// (a surrogate key, a price, a flag). What can't be told stays `undecided`,
// which policy.Parse and Build refuse. Where several references could say whose a
// row is, the table has no decision: the file has them as a comment, and Build lists
// the table. All else passes a check, so that a person has to read it: the plan
// that is made of it is approved by its digest.
//
// # What is read
//
// Rows are read in a read-only transaction, so many per table ([Options]), and
// nothing of them is kept: a Finding has counts and names of the catalogue. Two
// things come from rows. Keys inside of JSON documents become paths of a
// strategy where several documents have them and they don't look like values
// themselves. And the words of a column such as entity_type stand in a link's
// condition where they are the name of a table.
//
// # How it knows
//
// A [meaning] is one thing that a column can hold: its terms in names (English,
// German, French, Spanish, Italian, Dutch, Portuguese, Polish), the kinds that it
// is stored as, how its values look, and the strategies to try. Adding one is
// an entry in one of the tables; a new shape of values is one function in
// detectors. Names that mean little alone (name, title, code, note) are settled
// by what else is in the table, by whether its rows belong to a subject, and by values.
package discover
