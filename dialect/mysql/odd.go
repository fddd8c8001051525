package mysql

import "github.com/expungedb/expunge/dialect"

// Oddities lists the possible oddities of the column's values: invalid dates, stored unless the
// server's sql_mode forbids them
// (https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html#sqlmode_no_zero_date).
func (db *DB) Oddities(c *dialect.Column) []dialect.Oddity {
	switch c.Kind {
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		return []dialect.Oddity{dialect.ZeroDate, dialect.InvalidDate}
	}
	return nil
}

// renderOdd compares parts of the date. It compares a zero date as text, since not every comparison
// with one is allowed.
func renderOdd(t *dialect.Table, alias string, c dialect.Odd) string {
	col := t.Column(c.Column)
	if col == nil || col.Kind != dialect.Date && col.Kind != dialect.Timestamp && col.Kind != dialect.TimestampTZ {
		return "FALSE"
	}
	ref := alias + "." + quoteIdent(c.Column)
	day := "LEFT(CAST(" + ref + " AS CHAR), 10)"
	switch c.Oddity {
	case dialect.ZeroDate:
		return "(" + day + " = '0000-00-00')"
	case dialect.InvalidDate:
		return "(" + day + " <> '0000-00-00' AND (MONTH(" + ref + ") = 0 OR DAYOFMONTH(" + ref + ") = 0 OR DAYOFMONTH(" + ref +
			") > DAYOFMONTH(LAST_DAY(CONCAT(LEFT(" + day + ", 7), '-01')))))"
	}
	return "FALSE"
}
