package mysql

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// The server evaluates every RAND() and RANDOM_BYTES() again for each row and each mention. The
// package avoids MD5() and SHA1(): MySQL 9 has neither.

// mostRandomised is the longest column for RandomLike in the database. SQL has no loop within a
// row, so the expression grows with the length. Up to here it costs less than the way through the
// client.
const mostRandomised = 255

// mostRandomBytes is the maximum of RANDOM_BYTES.
const mostRandomBytes = 1024

// randomLike draws character by character. It checks a character's code: comparing it with letters
// would follow a collation.
func (b *builder) randomLike(t *dialect.Table, of dialect.Expr) string {
	most, ok := dialect.MaxChars(of)
	if !ok || most > mostRandomised {
		b.unsupported(t.Name, "a random text like one of unknown or great length: it goes through the client")
		return "NULL"
	}
	if most == 0 {
		return b.renderExpr(t, of)
	}
	// In blocks, so that unused length of a column costs little.
	const block = 8
	var blocks []string
	for from := 1; from <= most; from += block {
		length := "CHAR_LENGTH(" + b.renderExpr(t, of) + ")"
		var parts []string
		for i := from; i < min(from+block, most+1); i++ {
			parts = append(parts, b.randomCharacter(t, of, i))
		}
		blocks = append(blocks, fmt.Sprintf("CASE WHEN %s < %d THEN '' ELSE CONCAT(%s) END", length, from, strings.Join(parts, ", ")))
	}
	// NULL remains NULL: an unknown length isn't less.
	return "CONCAT(" + strings.Join(blocks, ", ") + ")"
}

// randomCharacter renders a random character like the i-th of a text, or "" after its end.
func (b *builder) randomCharacter(t *dialect.Table, of dialect.Expr, i int) string {
	character := func() string { // rendered again for each mention, with its arguments
		text := b.renderExpr(t, of)
		if c, ok := of.(dialect.Current); !ok || c.Column.Charset != "utf8mb4" {
			text = "CONVERT(" + text + " USING utf8mb4)"
		}
		return "SUBSTRING(" + text + ", " + strconv.Itoa(i) + ", 1)"
	}
	return "CASE" +
		" WHEN ORD(" + character() + ") BETWEEN 97 AND 122 THEN " + letter +
		" WHEN ORD(" + character() + ") BETWEEN 65 AND 90 THEN UPPER(" + letter + ")" +
		" WHEN ORD(" + character() + ") BETWEEN 48 AND 57 THEN SUBSTRING('0123456789', 1 + FLOOR(RAND() * 10), 1)" +
		// The rest of ASCII, and "", avoid the regular expression.
		" WHEN ORD(" + character() + ") < 128 THEN " + character() +
		" WHEN " + character() + ` REGEXP '^[\\p{L}\\p{M}\\p{N}]$' THEN ` + letter + " ELSE " + character() + " END"
}

const letter = "SUBSTRING('abcdefghijklmnopqrstuvwxyz', 1 + FLOOR(RAND() * 26), 1)"

// randomInt uses RAND()'s 30 bits where they are plenty, else 64 bits of three draws, modulo the
// range.
func randomInt(low, high int64) string {
	size := new(big.Int).Add(new(big.Int).Sub(big.NewInt(high), big.NewInt(low)), big.NewInt(1))
	if size.Cmp(big.NewInt(1<<20)) <= 0 {
		return fmt.Sprintf("(%d + CAST(FLOOR(RAND() * %d) AS SIGNED))", low, size)
	}
	// DECIMAL: neither end may overflow in between.
	draw := func(bits int) string { return fmt.Sprintf("CAST(FLOOR(RAND() * %d) AS DECIMAL(40, 0))", 1<<bits) }
	bits := draw(24) + " * 1099511627776 + " + draw(20) + " * 1048576 + " + draw(20)
	return fmt.Sprintf("CAST(CAST(%d AS DECIMAL(40, 0)) + MOD(%s, %s) AS SIGNED)", low, bits, size)
}

// hexDigits renders 4n random hexadecimal digits.
func (b *builder) hexDigits(n int) string {
	if b.strongRandom() {
		return fmt.Sprintf("LOWER(HEX(RANDOM_BYTES(%d)))", 2*n)
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = "LPAD(LOWER(HEX(FLOOR(RAND() * 65536))), 4, '0')"
	}
	return "CONCAT(" + strings.Join(parts, ", ") + ")"
}

// strongRandom reports whether the server has RANDOM_BYTES.
func (b *builder) strongRandom() bool {
	return !b.server.mariadb || b.server.atLeast(10, 10, 0)
}

// randomUUID builds a version 4 UUID: UUID() returns version 1, and reveals the machine and the
// time.
func (b *builder) randomUUID() string {
	return "CONCAT_WS('-', " + b.hexDigits(2) + ", " + b.hexDigits(1) + ", CONCAT('4', LEFT(" + b.hexDigits(1) + ", 3)), " +
		"CONCAT(SUBSTRING('89ab', 1 + FLOOR(RAND() * 4), 1), LEFT(" + b.hexDigits(1) + ", 3)), " + b.hexDigits(3) + ")"
}

func (b *builder) randomBytes(t *dialect.Table, of dialect.Expr) string {
	most, ok := dialect.MaxChars(of)
	if !ok || most > mostRandomBytes {
		b.unsupported(t.Name, "random bytes of unknown or great length: they go through the client")
		return "NULL"
	}
	length := func() string { return "LENGTH(" + b.renderExpr(t, of) + ")" }
	if !b.strongRandom() {
		return "LEFT(UNHEX(" + b.hexDigits((most+1)/2) + "), " + length() + ")"
	}
	// RANDOM_BYTES(0) is an error.
	return "CASE WHEN " + length() + " = 0 THEN '' ELSE RANDOM_BYTES(" + length() + ") END"
}

// momentSpan is the range of a RandomMoment in its unit: days for a date, seconds or microseconds
// for a timestamp, by the column's precision.
func momentSpan(e dialect.RandomMoment) (unit string, size int64, err error) {
	parse := func(s string) (time.Time, error) {
		s = strings.TrimSuffix(s, "+00")
		if len(s) == len(time.DateOnly) {
			return time.Parse(time.DateOnly, s)
		}
		return time.Parse(time.DateTime, s)
	}
	low, err := parse(e.Low)
	if err != nil {
		return "", 0, fmt.Errorf("the range's low end is no moment")
	}
	high, err := parse(e.High)
	if err != nil || high.Before(low) {
		return "", 0, fmt.Errorf("the range's high end is no moment at or after the low end")
	}
	seconds := high.Unix() - low.Unix()
	switch {
	case e.Column.Kind == dialect.Date:
		return "DAY", seconds/86400 + 1, nil
	case e.Column.Precision == 0 || seconds > math.MaxInt64/1_000_000-1:
		return "SECOND", seconds + 1, nil
	}
	micros := seconds*1_000_000 + int64(high.Nanosecond()-low.Nanosecond())/1000
	return "MICROSECOND", micros + 1, nil
}

func (b *builder) randomMoment(n dialect.Name, e dialect.RandomMoment) string {
	unit, size, err := momentSpan(e)
	if err != nil {
		b.unsupported(n, "%v", err)
		return "NULL"
	}
	return "DATE_ADD(" + b.renderLiteral(e.Column, e.Low) + ", INTERVAL " + randomInt(0, size-1) + " " + unit + ")"
}
