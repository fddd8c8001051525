package mysql

import (
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// referral says how a column compares with the referenced column: by that one's character set,
// collation and padding. See package dialect.
type referral struct {
	// like describes the compared values. nil: the column already compares like the referenced one.
	like *dialect.Column
	own  *dialect.Column
	// prefilter says that values equal in this way are also equal by the column's own collation:
	// its index finds all of them, and others.
	prefilter bool
}

// referralOf returns how own compares where it refers to referred; nil: the referenced column is
// unknown.
func referralOf(own, referred *dialect.Column) referral {
	switch {
	case referred == nil || !isTextual(own) && !isTextual(referred):
		return referral{own: own}
	case isTextual(own) && isTextual(referred) && own.Collation == referred.Collation:
		return referral{own: own}
	case isTextual(referred):
		like := &dialect.Column{Name: own.Name, Kind: dialect.Text, Charset: referred.Charset, Collation: referred.Collation}
		exact := strings.HasSuffix(referred.Collation, "_bin") && (isPadded(own) || !isPadded(referred))
		return referral{own: own, like: like, prefilter: exact && isTextual(own)}
	case own.Kind == dialect.Enum || own.Kind == dialect.Set:
		return referral{own: own}
	case storedKind(referred) == dialect.Bytes && referred.Kind == dialect.UUID:
		return referral{own: own} // the text of a binary UUID has hyphens
	}
	// The text of a number or of bytes has neither case nor padding.
	return referral{own: own, like: &dialect.Column{Name: own.Name, Kind: dialect.Text, Charset: "utf8mb4"}, prefilter: true}
}

// compared describes the compared values.
func (r referral) compared() *dialect.Column {
	if r.like != nil {
		return r.like
	}
	return r.own
}

// isTextual reports whether a column's values compare by a collation.
func isTextual(c *dialect.Column) bool {
	switch c.Kind {
	case dialect.Text, dialect.Enum, dialect.Set:
		return c.Charset != "" && c.Collation != ""
	}
	return false
}

// isPadded reports whether comparisons ignore blanks at the end of a text.
// https://dev.mysql.com/doc/refman/8.4/en/charset-unicode-sets.html,
// https://mariadb.com/kb/en/character-sets/
func isPadded(c *dialect.Column) bool {
	return isTextual(c) && !strings.Contains(c.Collation, "_0900_") && !strings.Contains(c.Collation, "_nopad_")
}

// value converts a text in utf8mb4, the form in JSON, for the comparison.
func (r referral) value(raw string) string {
	if r.like.Collation == "" {
		return "CAST(" + raw + " AS BINARY)"
	}
	return "CONVERT(" + raw + " USING " + r.like.Charset + ") COLLATE " + r.like.Collation
}

// unicodeRef is the column's value as a text in utf8mb4.
func (r referral) unicodeRef(ref string) string {
	if !isTextual(r.own) && r.own.Kind != dialect.Bytes {
		ref = "CAST(" + ref + " AS CHAR)"
	}
	return "CONVERT(" + ref + " USING utf8mb4)"
}

// column renders the column for the comparison.
func (r referral) column(ref string) string {
	if isTextual(r.own) && r.own.Charset == r.like.Charset && r.like.Collation != "" {
		return ref + " COLLATE " + r.like.Collation
	}
	return r.value(r.unicodeRef(ref))
}

// representable is a condition for values that the other column's character set can represent. A
// missing character becomes a question mark, and the result might equal another value. "": it
// represents all.
func (r referral) representable(ref string) string {
	if r.like.Charset == "utf8mb4" || isTextual(r.own) && r.own.Charset == r.like.Charset {
		return ""
	}
	text := r.unicodeRef(ref)
	return "CONVERT(CONVERT(" + text + " USING " + r.like.Charset + ") USING utf8mb4) COLLATE utf8mb4_bin = " + text + " COLLATE utf8mb4_bin"
}

// equalsRef compares a referring column with the referenced one.
func (r referral) equalsRef(ref string, referred *dialect.Column, other string) string {
	if r.like == nil {
		return ref + " = " + other
	}
	theirs := other
	if r.like.Collation == "" {
		theirs = r.value(referral{own: referred}.unicodeRef(other))
	}
	parts := []string{r.column(ref) + " = " + theirs}
	if r.prefilter {
		text := referral{own: referred}.unicodeRef(other)
		parts = append([]string{ref + " = CONVERT(" + text + " USING " + r.own.Charset + ") COLLATE " + r.own.Collation}, parts...)
	}
	if c := r.representable(ref); c != "" {
		parts = append(parts, c)
	}
	return strings.Join(parts, " AND ")
}
