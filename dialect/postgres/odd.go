package postgres

import "github.com/expungedb/expunge/dialect"

// Oddities lists the possible oddities of the column's values. Numbers have NaN, and infinities
// where no precision is declared (https://www.postgresql.org/docs/current/datatype-numeric.html).
func (db *DB) Oddities(c *dialect.Column) []dialect.Oddity {
	switch {
	case c.Kind == dialect.Float:
		return []dialect.Oddity{dialect.NaN, dialect.Infinite}
	case c.Kind == dialect.Decimal && c.Precision > 0:
		return []dialect.Oddity{dialect.NaN}
	case c.Kind == dialect.Decimal && c.Type != "money":
		return []dialect.Oddity{dialect.NaN, dialect.Infinite, dialect.TooLarge}
	}
	return nil
}

// renderOdd compares the value's text: it is the same for all numeric types.
func (b *builder) renderOdd(r *relation, alias string, c dialect.Odd) string {
	col := b.columnOf(r, c.Column)
	text := "(" + col.qualifiedName(alias) + ")" + asText
	if col.kind != dialect.Float && col.kind != dialect.Decimal {
		return "false"
	}
	switch c.Oddity {
	case dialect.NaN:
		return text + " " + qualifiedOperator("=") + " 'NaN'"
	case dialect.Infinite:
		return text + " " + qualifiedOperator("=") + " ANY (ARRAY['Infinity', '-Infinity'])"
	case dialect.TooLarge:
		if col.kind == dialect.Decimal {
			return "pg_catalog.length(pg_catalog.split_part(" + text + ", '.', 1)) " + qualifiedOperator(">") + " 308"
		}
	}
	return "false"
}
