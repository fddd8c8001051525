package anonymise

import (
	"github.com/expungedb/expunge/dialect"
)

// Strategy is a way to replace values, with its parameters. It is a value and safe for concurrent
// use.
type Strategy interface {
	// Info describes the strategy, whatever column it is used on.
	Info() Info
	// Bind makes the strategy ready for a column. Its error says why the strategy can't work there
	// (kind, length, NOT NULL) and what to do instead.
	Bind(t Target) (Replacer, error)
}

// Info describes a strategy.
type Info struct {
	// Technique is the de-identification technique's name in ISO/IEC 20889: "randomization",
	// "pseudonymization", "masking", "generalization", "suppression", "noise addition",
	// "permutation", "synthetic data".
	Technique string
	// Class is how likely two different inputs get one output.
	Class Class
	// Consistent strategies give equal outputs for equal inputs, in every
	// table, database and engine, as long as the secret is the same.
	Consistent bool
	// Reversible: someone with the parameters can compute the old value.
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
	// Unique asks for values that do not collide within the column, because a unique index covers
	// it.
	Unique bool
	// Sole says that a unique index covers this column alone, so that two equal values certainly
	// collide. Then Bind returns an error where values can't be unique; without Sole it only
	// returns a Lossy class.
	Sole bool
	// Rows is the expected number of values, to compare with a unique column's possible values; -1
	// when unknown.
	Rows int64
	// Joined are the columns that this one's values are compared with: both ends of a foreign key
	// or link, and the columns with the same consistent strategy. A consistent replacement fits
	// into all of them and folds as they do. Bind each with the others, and as Unique if one of
	// them is.
	Joined []*dialect.Column
	// Key are the columns that address a row of the table, for strategies that number rows; nil
	// where there are none or they aren't known.
	Key []string
}

// Replacer is a strategy bound to a column. It is safe for concurrent use.
type Replacer interface {
	// Expr is the replacement as an expression over the row's old values; ok is false where the
	// strategy works through the client only. The expression keeps NULL unless the policy says to
	// fill it.
	Expr() (e dialect.Expr, ok bool)
	// Replace gives the replacement of one value, in the column's canonical form. It keeps NULL
	// unless the policy says to fill it. Its error never quotes the value.
	Replace(s *Source, old dialect.Value) (dialect.Value, error)
	// Class is the strategy's class on this very column: a short column can make a likely unique
	// strategy lossy.
	Class() Class
}

// RowReplacer is a Replacer that needs other columns of the row. Needs returns their names, besides
// the row's key. The caller reads these columns too, and calls ReplaceRow with the row's old values
// instead of Replace.
type RowReplacer interface {
	Replacer
	Needs() []string
	ReplaceRow(s *Source, old dialect.Value, row func(column string) dialect.Value) (dialect.Value, error)
}

// ReplaceValue replaces one value, by ReplaceRow where the strategy reads other columns of the row.
func ReplaceValue(r Replacer, s *Source, old dialect.Value, row func(column string) dialect.Value) (dialect.Value, error) {
	if of, ok := r.(RowReplacer); ok {
		return of.ReplaceRow(s, old, row)
	}
	return r.Replace(s, old)
}

// Numbering is a RowReplacer that makes values of a whole number in the first column it needs.
type Numbering interface {
	RowReplacer
	// Unfit is the condition for rows that it can't replace, where that column holds integers; nil: none.
	Unfit() dialect.Cond
}

// Conditional is a Replacer with the modifier `when`. Its Expr keeps the rows for which the
// condition doesn't hold. Through the client, the caller reads the condition with the row
// (dialect.Select.Flags) and calls Replace only where it holds. When returns "" where there is no
// condition.
type Conditional interface {
	Replacer
	When() string
}

// Particular is a Replacer that can't replace every value of its column.
type Particular interface {
	Replacer
	// Odd lists the oddities of values that it can't replace: as an expression (inDatabase), or one
	// at a time.
	Odd(inDatabase bool) []dialect.Oddity
	// Otherwise reports whether the policy has a replacement for such values (`otherwise`). Replace
	// then succeeds, and counts them ([Source.Otherwise]).
	Otherwise() bool
}
