// Package anonymise makes the values that personal data is replaced with. It
// knows columns and values (package dialect) but no connection and no plan.
//
// A [Spec] is a strategy as a policy writes it (`random`, `{fake: email}`). [New]
// makes a [Strategy] of it, which says what it is ([Strategy.Info]) and, bound
// to a column, gives a [Replacer] or says why it can't work there. A Replacer
// either compiles to an expression, so that the database does the work and no
// value leaves it, or replaces one value at a time in Go with the help of a
// [Source].
//
// # Adding a strategy
//
// A strategy is one file: a type with Info and Bind, and a line in the table of
// strategies in spec.go. An application adds its own with [Register].
package anonymise
