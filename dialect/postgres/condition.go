package postgres

import (
	"regexp"

	"github.com/expungedb/expunge/dialect/internal/condition"
)

// conditions follow the transactions of this package, with standard_conforming_strings on:
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html. They refuse a text with escapes:
// it continues after a newline in a second pair of quotes, with escapes. They refuse a text in
// dollar quotes, as its delimiter is arbitrary.
var conditions = condition.Rules{
	Quotes:    map[byte]condition.Quote{'\'': {End: '\'', Doubled: true}, '"': {End: '"', Doubled: true}},
	NameQuote: '"',
	Signs:     ".:+-*/<>=~!@#%^&|",
	Name:      "$",
	Brackets:  true,
	Texts: map[string]string{
		"e":  "write it in plain quotes, where a backslash is a backslash",
		"u&": "write it in plain quotes, with the characters themselves",
	},
	Refused: []condition.Refused{
		{Begin: regexp.MustCompile(`^\?`), Reason: "a parameter (?): write its value; the operators of jsonb with a ? are the functions jsonb_exists, jsonb_exists_any and jsonb_exists_all"},
	},
}

// CheckCondition implements dialect.DB.
func (db *DB) CheckCondition(sql string) error { return condition.Check(sql, conditions) }

// EqualsCondition implements dialect.DB.
func (db *DB) EqualsCondition(column, text string) string { return conditions.Equals(column, text) }
