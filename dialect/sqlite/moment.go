package sqlite

import (
	"time"

	"github.com/expungedb/expunge/dialect"
)

// SQLite has no type for dates and timestamps: an application stores texts, or seconds since 1970
// as numbers. Texts keep their own form (a T or a space between date and time, a fraction, a zone
// at the end), and numbers remain numbers.

// layouts of the canonical forms; the parser accepts a fraction.
var layouts = map[dialect.Kind]string{
	dialect.Date: "2006-01-02", dialect.Timestamp: "2006-01-02 15:04:05", dialect.TimestampTZ: "2006-01-02 15:04:05Z07",
}

// compareMoment compares each value in its own form, since SQLite orders every number before every
// text. Small numbers with a fraction are days of the Julian calendar
// (https://www.sqlite.org/datatype3.html, 2.2). Other numbers are seconds since 1970, or
// milliseconds and finer units where seconds would be thousands of years. The result is unknown for
// other values, such as dates that begin with the day, or numbers like 20260131.
func (b *builder) compareMoment(alias string, c dialect.Compare, at time.Time) {
	col := alias + "." + quoteIdent(c.Column)
	text := func() {
		b.Append(col, " ", c.Op, " ")
		b.addArg(c.Value)
	}
	b.Append("(")
	if c.Op[0] == '<' {
		text() // all numbers meet it, and SQLite can use an index
		b.Append(" AND ")
	}
	b.Append("CASE WHEN typeof(", col, ") = 'text' THEN CASE WHEN ", col, " GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]*' THEN ")
	text()
	b.Append(" END WHEN typeof(", col, ") <> 'blob' THEN ", col, " ", c.Op, " CASE WHEN typeof(", col, ") = 'real' AND ", col, " BETWEEN 0 AND 5373484.5 THEN ")
	seconds := float64(at.UnixMicro()) / 1e6
	b.addArg(seconds/(24*60*60) + 2440587.5)
	b.Append(" WHEN ", col, " BETWEEN 18000101 AND 29991231 THEN NULL WHEN ", col, " BETWEEN -1e11 AND 1e11 THEN ")
	b.addArg(seconds)
	b.Append(" WHEN ", col, " BETWEEN -1e14 AND 1e14 THEN ")
	b.addArg(seconds * 1e3)
	b.Append(" WHEN ", col, " BETWEEN -1e17 AND 1e17 THEN ")
	b.addArg(seconds * 1e6)
	b.Append(" ELSE ")
	b.addArg(seconds * 1e9)
	b.Append(" END END)")
}

// randomMoment draws whole seconds, or days.
func (b *builder) randomMoment(e dialect.RandomMoment) {
	k := e.Column.Kind
	low, err1 := time.Parse(layouts[k], e.Low)
	high, err2 := time.Parse(layouts[k], e.High)
	if err1 != nil || err2 != nil || high.Before(low) {
		b.Unsupported(b.rel.name, "the bounds of a random moment are not in the column's canonical form, or in the wrong order")
		return
	}
	const day = 24 * 60 * 60
	switch k {
	case dialect.Date:
		b.Append("date(", randomInt(low.Unix()/day, high.Unix()/day), " * 86400, 'unixepoch')")
	case dialect.Timestamp:
		b.Append("datetime(", randomInt(low.Unix(), high.Unix()), ", 'unixepoch')")
	default:
		b.Append("(datetime(", randomInt(low.Unix(), high.Unix()), ", 'unixepoch') || '+00')")
	}
}

// shiftMoment moves the date and the seconds by SQLite's calendar, and appends the rest of the text
// (fraction, zone) again.
func (b *builder) shiftMoment(e dialect.ShiftMoment, c *dialect.Column) {
	b.Append("(SELECT CASE WHEN o.v IS NULL OR o.s IS NULL THEN NULL WHEN typeof(o.v) <> 'text' THEN o.v + o.s")
	day := " strftime('%Y-%m-%d', substr(o.v, 1, 10), CAST(o.s / 86400 AS INTEGER) || ' days')"
	if c.Kind == dialect.Date {
		b.Append(" ELSE", day, " || substr(o.v, 11)")
	} else {
		moved := ", substr(o.v, 1, 19), CAST(o.s AS INTEGER) || ' seconds')"
		b.Append(" WHEN length(o.v) <= 10 THEN", day,
			" ELSE strftime('%Y-%m-%d'", moved, " || substr(o.v, 11, 1) || strftime('%H:%M:%S'", moved, " || substr(o.v, 20)")
	}
	b.Append(" END FROM (SELECT ")
	b.renderExpr(e.Of, c)
	b.Append(" AS v, ")
	b.renderExpr(e.Seconds, c)
	b.Append(" AS s LIMIT -1 OFFSET 0) AS o WHERE ", perRow(c), ")")
}

// truncateMoment keeps the start of a text and fills the rest.
func (b *builder) truncateMoment(e dialect.TruncateMoment, c *dialect.Column) {
	keep, fill, number := "", "", ""
	switch e.Unit {
	case "year":
		keep, fill, number = "substr(o.v, 1, 4)", "-01-01", ", 'start of year'"
	case "month":
		keep, fill, number = "substr(o.v, 1, 7)", "-01", ", 'start of month'"
	case "day":
		keep, number = "substr(o.v, 1, 10)", ", 'start of day'"
	case "hour":
		keep = "substr(o.v, 1, 13)"
	default:
		b.Unsupported(b.rel.name, "invalid unit: use one of year, month, day, hour")
		return
	}
	b.renderOnce(e.Of, c, func(v string) {
		b.Append("CASE WHEN ", v, " IS NULL THEN NULL WHEN typeof(", v, ") <> 'text' THEN ")
		if e.Unit == "hour" {
			b.Append("CAST(", v, " AS INTEGER) / 3600 * 3600")
		} else {
			b.Append("unixepoch(", v, ", 'unixepoch'", number, ")")
		}
		date := keep + " || '" + fill + "'"
		b.Append(" WHEN length(", v, ") <= 10 THEN ", date, " ELSE ", date)
		if e.Unit == "hour" {
			b.Append(" || ':00:00'")
		} else {
			b.Append(" || substr(", v, ", 11, 1) || '00:00:00'")
		}
		if c.Kind == dialect.TimestampTZ { // keep the zone, drop the fraction
			b.Append(" || CASE WHEN substr(", v, ", 20, 1) = '.' THEN ltrim(substr(", v, ", 20), '.0123456789') ELSE substr(", v, ", 20) END")
		}
		b.Append(" END")
	})
}

// defaultOf is the column's default as an expression.
func defaultOf(c *dialect.Column) string {
	if c.Default == nil {
		return "NULL"
	}
	toks := lexSQL(*c.Default)
	if len(toks) == 1 {
		// A bare or quoted name is a text here: as an expression it would be a column.
		switch t := toks[0]; {
		case t.kind == quotedName:
			return "'" + escapeText(t.text) + "'"
		case t.kind == word && !t.is("NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"):
			return "'" + escapeText(t.text) + "'"
		}
	}
	return "(" + *c.Default + "\n)"
}
