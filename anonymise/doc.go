// Package anonymise makes the values that personal data is replaced with. It
// knows columns and values (package dialect) but no connection and no plan.
//
// A reader meets, in this order:
//
//   - [Spec]: a strategy as a policy writes it (`random`, `{fake: email}`), with
//     its [Modifiers]. [ParseSpec] makes one of decoded YAML or JSON; a
//     [SpecError] leads to the key that is wrong.
//   - [New] makes a [Strategy] of a Spec. [Strategies] lists what there is, and
//     its [Description] says which technique of ISO/IEC 20889 it is, on which
//     kinds it works, and whether equal values stay equal.
//   - A Strategy bound to a column ([Target]) gives a [Replacer], or says why it
//     can't work there. A Replacer either compiles to an expression, so that
//     the database does the work and no value leaves it, or replaces one value
//     at a time in Go. [RowReplacer] and [Conditional] need more of the row.
//   - [Source] is what values are made from: randomness and the [Secret].
//
// Strategies and Replacers are values that goroutines share; each goroutine has
// a Source of its own.
//
// # NULL
//
// NULL stays NULL, unless the policy says `null: fill` (or the strategy is
// default, which can't depend on the row).
//
// # Consistency
//
// pseudonym and hash are keyed, and the modifier `consistent` makes a drawing
// strategy (random, fake, pick, noise, …) so: with one secret, one value gets
// one replacement in every table, database and engine, in this run and the
// next. The value is brought to a canonical form first: UTF-8 in NFC, without
// the padding of a CHAR column, and without case and accents where one of the
// group's columns compares without them (`fold: true` and `fold: false` decide
// otherwise). Integers and decimals of one number agree whatever their sizes.
//
// A group is the columns with one strategy ([Consistency]), and what they are
// joined with ([Target.Joined]). It is made alike as a whole: as short as its
// shortest column, and unique if one column is. Two databases agree where their
// groups do in that.
//
// Everything keyed starts from HMAC-SHA256 under the secret, over a label with a
// version, the group and the strategy, so that two groups (`consistent:
// customer-email`), two strategies and two secrets give unrelated replacements.
// Keyed strategies run in Go only, and the secret never reaches a server.
//
// # Uniqueness
//
// A Replacer's [Class] says what holds for its very column: a keyed permutation
// of numbers is unique, random characters are likely unique as long as a
// collision among [Target.Rows] values has odds below one in a million (the
// birthday bound), and all else is lossy. In a unique column made-up texts get
// random characters of their own; where even that can't be unique, Bind says
// so with the numbers.
//
// # Kinds
//
// Which strategy works on which kind, and whether in the database or through
// the client, is in STRATEGIES.md beside this file, by engine.
//
// # Odd values
//
// A calculation makes nothing of NaN, a zero date, or a text in a column of
// numbers. A [Particular] says which oddities those are on its column; the caller
// looks for them before it writes. The modifier `otherwise` says what replaces them.
//
// # Text in binary columns
//
// The modifier `as: text` shows a strategy a binary column as a text of as many bytes,
// without a collation. A value goes through the client, must be UTF-8 and is stored
// as bytes; consistent replacements are those that a column of text gets.
//
// # What stays
//
// A value that came out as it was is drawn again, unless the column has so few
// values that this would tell the old one. Characters that are neither letters,
// marks nor numbers stay with random; an empty text, the number 0 (pseudonym) and
// dates that mean never (shift) stay, since they name no one.
//
// # Adding a strategy
//
// A strategy is one file: a definition with its description, a type with Info
// and Bind, and a line in the table of strategies in registry.go. What holds for
// all strategies (NULL, modifiers, columns that can't be assigned to) is done
// around it, in modified.go. An application adds its own with [Register].
package anonymise
