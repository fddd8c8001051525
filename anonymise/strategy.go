package anonymise

import (
	"github.com/expungedb/expunge/dialect"
)

// Strategy is a way to replace values, with its parameters. It is a value and
// safe for concurrent use.
type Strategy interface {
	// Info says what the strategy is, whatever column it is used on.
	Info() Info
	// Bind makes the strategy ready for a column, or returns an error that says
	// why it can't work there (kind, length, NOT NULL) and what to do instead.
	Bind(t Target) (Replacer, error)
}

// Info describes a strategy.
type Info struct {
	// Technique is the de-identification technique's name in ISO/IEC 20889:
	// "randomization", "pseudonymization", "masking", "generalization",
	// "suppression", "noise addition", "permutation", "synthetic data".
	Technique string
	// Class is how likely two different inputs get one output.
	Class Class
	// Consistent strategies give equal outputs for equal inputs, in every
	// table, database and engine, as long as the secret is the same.
	Consistent bool
	// Reversible strategies let someone who knows the parameters get the old value back.
	Reversible bool
	// Keyed strategies need a Secret. They never compile to an expression.
	Keyed bool
}

// Class is what a strategy promises about uniqueness.
type Class string

// The classes.
const (
	Unique       Class = "unique"        // two rows never get one value
	LikelyUnique Class = "likely unique" // a collision is possible, and improbable in a large enough column
	Lossy        Class = "lossy"         // collisions are to be expected
)

// Target is the column that a strategy is bound to.
type Target struct {
	Column *dialect.Column
	// Unique asks for values that do not collide within the column: a unique
	// index holds it.
	Unique bool
	// Sole says that a unique index holds this column alone, so that two equal
	// values are certain to collide: what can't be unique is then an error of
	// Bind, and else only a Lossy class.
	Sole bool
	// Rows is the expected number of values, for judging whether a unique
	// column has room; -1 when unknown.
	Rows int64
	// Joined are the columns whose values are compared with this one's: both
	// ends of a foreign key or link, and the columns that have the same
	// consistent strategy. A consistent replacement fits into all of them and folds
	// as they do; bind each with the others, and as Unique if one of them is.
	Joined []*dialect.Column
	// Key are the columns that address a row of the table, which strategies
	// that number rows go by; nil where there are none or they aren't known.
	Key []string
}

// Replacer is a strategy bound to a column. It is safe for concurrent use.
type Replacer interface {
	// Expr is the replacement as an expression over the row's old values; ok is
	// false where the strategy works through the client only. The expression
	// keeps NULL as it is unless the strategy was told to fill it.
	Expr() (e dialect.Expr, ok bool)
	// Replace gives the replacement of one value, in the column's canonical
	// form. NULL stays NULL unless the strategy was told to fill it. Its
	// error never quotes the value.
	Replace(s *Source, old dialect.Value) (dialect.Value, error)
	// Class is the strategy's class on this very column: a short column can
	// make a likely unique strategy a lossy one.
	Class() Class
}

// RowReplacer is a Replacer that looks at other columns of the row. Needs are
// their names, besides the row's key; the caller reads them along, and calls
// ReplaceRow with the row's old values instead of Replace.
type RowReplacer interface {
	Replacer
	Needs() []string
	ReplaceRow(s *Source, old dialect.Value, row func(column string) dialect.Value) (dialect.Value, error)
}

// Conditional is a Replacer with the modifier `when`. Its Expr keeps the rows
// for which the condition doesn't hold; through the client the caller asks for
// the condition along with the row (dialect.Select.Flags) and calls Replace
// only where it holds. When is empty where there is no condition.
type Conditional interface {
	Replacer
	When() string
}

// Particular is a Replacer that can't replace every value that its column holds.
type Particular interface {
	Replacer
	// Odd are the oddities of values that it can't replace: as an expression, or
	// one at a time.
	Odd(inDatabase bool) []dialect.Oddity
	// Otherwise reports whether the policy says what becomes of such values
	// (`otherwise`). Replace then succeeds, and counts them ([Source.Otherwise]).
	Otherwise() bool
}
