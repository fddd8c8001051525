package mysql

import (
	"regexp"

	"github.com/expungedb/expunge/dialect/internal/condition"
)

// conditions follow the sessions of this package: their sql_mode has neither ANSI_QUOTES nor
// NO_BACKSLASH_ESCAPES nor PIPES_AS_CONCAT
// (https://dev.mysql.com/doc/refman/en/string-literals.html). They refuse anything that another
// sql_mode would end elsewhere, or give another meaning.
var conditions = condition.Rules{
	Quotes:    map[byte]condition.Quote{'\'': {End: '\'', Doubled: true, Escapes: true}, '`': {End: '`', Doubled: true}},
	NameQuote: '`',
	Signs:     ".+-*/<>=!%^&|~",
	Name:      "$",
	Refused: []condition.Refused{
		{Begin: regexp.MustCompile(`^"`), Reason: "double quotes, which are those of a text or of a name by the sql_mode: write texts in single quotes and names in backticks"},
		{Begin: regexp.MustCompile(`^\|\|`), Reason: "||, which is OR or CONCAT by the sql_mode: write which"},
		{Begin: regexp.MustCompile(`^_[0-9A-Za-z]+\s*'`), Reason: "a character set before a text: write the text alone"},
		{Begin: regexp.MustCompile(`^#`), Reason: "an SQL comment (#): put it into the policy behind a # of its own"},
	},
}

// CheckCondition implements dialect.DB.
func (d *DB) CheckCondition(sql string) error { return condition.Check(sql, conditions) }

// EqualsCondition implements dialect.DB.
func (d *DB) EqualsCondition(column, text string) string { return conditions.Equals(column, text) }
