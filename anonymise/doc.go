// Package anonymise makes the values that replace personal data. It knows columns and values
// (package dialect) but no connection and no plan.
//
// A reader meets, in this order:
//
//   - [Spec]: a strategy as a policy writes it (`random`, `{fake: email}`), with its [Modifiers].
//     [ParseSpec] makes a Spec from decoded YAML or JSON; a [SpecError] names the wrong key.
//   - [New] makes a [Strategy] from a Spec. [Strategies] lists all of them. A [Description] names
//     the technique of ISO/IEC 20889, the kinds of column, and whether equal values stay equal.
//   - A Strategy bound to a column ([Target]) gives a [Replacer], or an error with the reason. A
//     Replacer either compiles to an expression, so that the database does the work and no value
//     leaves it, or replaces one value at a time in Go. [RowReplacer] and [Conditional] need more
//     of the row.
//   - [Source] is the raw material of values: randomness and the [Secret].
//
// Goroutines may share Strategies and Replacers; each goroutine has its own Source.
//
// # NULL
//
// A strategy keeps NULL, unless the policy says `null: fill`. The exception is default, because it
// can't depend on the row.
//
// # Consistency
//
// pseudonym and hash are keyed, and the modifier `consistent` makes a drawing strategy (random,
// fake, pick, noise, …) so. With one secret, one value gets one replacement in every table,
// database and engine, in this run and the next. The strategy first brings the value to a canonical
// form: UTF-8 in NFC, without the padding of a CHAR column. It drops case and accents where one of
// the group's columns compares without them; `fold: true` and `fold: false` override this. Integers
// and decimals of one number agree whatever their sizes.
//
// A group is the columns with one strategy ([Consistency]) and the columns joined with them
// ([Target.Joined]). Its replacements are as short as its shortest column, and unique if one column
// is. Two databases agree if their groups are equally short and equally unique.
//
// Every keyed strategy starts from HMAC-SHA256 under the secret, over a label with a version, the
// group and the strategy. So two groups (`consistent: customer-email`), two strategies and two
// secrets give unrelated replacements. Keyed strategies run in Go only, and the secret never
// reaches a server.
//
// # Uniqueness
//
// A Replacer's [Class] holds for its very column. A keyed permutation of numbers is unique. Random
// characters are likely unique as long as a collision among [Target.Rows] values has odds below one
// in a million (the birthday bound). All else is lossy. In a unique column made-up texts get random
// characters; where even those can't make them unique, Bind returns an error with the numbers.
//
// # Kinds
//
// STRATEGIES.md beside this file says, by engine, which strategy works on which kind, and whether
// in the database or through the client.
//
// # Odd values
//
// No calculation works on NaN, a zero date, or a text in a column of numbers. A [Particular] lists
// the oddities of its column; the caller searches for them before it writes. The modifier
// `otherwise` names their replacement.
//
// # Text in binary columns
//
// The modifier `as: text` shows a strategy a binary column as a text of as many bytes, without a
// collation. A value is replaced through the client, must be UTF-8 and is stored as bytes. A
// consistent replacement equals the one in a text column.
//
// # Unchanged values
//
// A strategy draws again where the replacement equals the old value, unless the column has so few
// values that this would reveal the old one. random keeps all characters but letters, marks and
// numbers. An empty text, the number 0 (pseudonym) and dates meaning never (shift) remain, since
// they identify nobody.
//
// # Adding a strategy
//
// A strategy is one file: a definition with its description, a type with Info and Bind, and a line
// in the table of strategies in registry.go. modified.go handles the rules of all strategies (NULL,
// modifiers, columns without assignment) around it. An application adds its own with [Register].
package anonymise
