package sqlserver

import (
	"regexp"

	"github.com/expungedb/expunge/dialect/internal/condition"
)

// conditions follow the sessions of this package, with QUOTED_IDENTIFIER on:
// https://learn.microsoft.com/en-us/sql/relational-databases/databases/database-identifiers.
var conditions = condition.Rules{
	Quotes:    map[byte]condition.Quote{'\'': {End: '\'', Doubled: true}, '"': {End: '"', Doubled: true}, '[': {End: ']', Doubled: true}},
	NameQuote: '"',
	Signs:     ".:+-*/<>=!%^&|~",
	Name:      "@#$",
	Refused: []condition.Refused{
		{Begin: regexp.MustCompile(`^#`), Reason: "a temporary table (#)"},
	},
}

// CheckCondition implements dialect.DB.
func (d *DB) CheckCondition(sql string) error { return condition.Check(sql, conditions) }

// EqualsCondition implements dialect.DB.
func (d *DB) EqualsCondition(column, text string) string { return conditions.Equals(column, text) }
