package sqlite

import (
	"regexp"

	"github.com/expungedb/expunge/dialect/internal/condition"
)

// conditions follow SQLite's tokenizer: https://sqlite.org/syntax.html,
// https://sqlite.org/lang_expr.html#varparam. A name in brackets ends with the first ].
var conditions = condition.Rules{
	Quotes:    map[byte]condition.Quote{'\'': {End: '\'', Doubled: true}, '"': {End: '"', Doubled: true}, '`': {End: '`', Doubled: true}, '[': {End: ']'}},
	NameQuote: '"',
	Signs:     ".+-*/<>=!%&|~",
	Name:      "$",
	Refused: []condition.Refused{
		{Begin: regexp.MustCompile(`^#`), Reason: "a parameter (#): write its value"},
	},
}

// CheckCondition implements dialect.DB.
func (db *DB) CheckCondition(sql string) error { return condition.Check(sql, conditions) }

// EqualsCondition implements dialect.DB.
func (db *DB) EqualsCondition(column, text string) string { return conditions.Equals(column, text) }
