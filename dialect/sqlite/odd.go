package sqlite

import "github.com/expungedb/expunge/dialect"

// Oddities lists the possible oddities of the column's values: SQLite stores any value, whatever
// the column's type (https://www.sqlite.org/datatype3.html).
func (db *DB) Oddities(c *dialect.Column) []dialect.Oddity {
	switch c.Kind {
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ, dialect.Int, dialect.Decimal, dialect.Float, dialect.Text, dialect.Bytes, dialect.Unknown:
		return []dialect.Oddity{dialect.Misfit}
	}
	return nil
}

// renderOdd checks the storage class, and the form of a date.
func (b *builder) renderOdd(r *relation, alias string, c dialect.Odd) {
	if c.Oddity != dialect.Misfit {
		b.Append("0")
		return
	}
	col := alias + "." + quoteIdent(c.Column)
	kind := b.columnOf(r, c.Column).Kind
	date := "substr(" + col + ", 1, 10)"
	b.Append("(", col, " IS NOT NULL AND ")
	switch kind {
	case dialect.Text:
		b.Append("typeof(", col, ") = 'blob'")
	case dialect.Bytes:
		b.Append("typeof(", col, ") <> 'blob'")
	case dialect.Int:
		b.Append("typeof(", col, ") <> 'integer'")
	case dialect.Decimal, dialect.Float:
		b.Append("typeof(", col, ") NOT IN ('integer', 'real')")
	case dialect.Date:
		b.Append("(typeof(", col, ") <> 'text' OR date(", col, ") IS NOT ", col, ")")
	case dialect.Timestamp, dialect.TimestampTZ:
		// The date, the time to the minute or the second, a fraction, and a zone.
		rest := "substr(" + col + ", 20)"
		zone := "CASE WHEN substr(" + rest + ", 1, 1) = '.' THEN ltrim(substr(" + rest + ", 2), '0123456789') ELSE " + rest + " END"
		b.Append("(typeof(", col, ") <> 'text' OR date(", date, ") IS NOT ", date, " OR datetime(substr(", col, ", 1, 19)) IS NULL OR NOT (", zone, " = ''")
		if kind == dialect.TimestampTZ {
			b.Append(" OR ", zone, " = 'Z' OR ", zone, " GLOB '[+-][0-9][0-9]' OR ", zone, " GLOB '[+-][0-9][0-9]:[0-9][0-9]'")
		}
		b.Append("))")
	default:
		b.Append("0")
	}
	b.Append(")")
}
