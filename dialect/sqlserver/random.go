package sqlserver

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/expungedb/expunge/dialect"
)

// Every draw is a NEWID() of its own: the server computes RAND() once a statement, and so gives all
// rows one value. A draw must be written at its place of use, and used once. CHOOSE and a simple
// CASE copy it, and the server may compute a column of a derived table again for each use.

// randomBits is a whole number of that many of NEWID()'s bytes; the first six are completely
// random.
func randomBits(bytes int) string {
	typ := "bigint"
	if bytes < 4 {
		typ = "int" // positive: three bytes don't reach the sign
	}
	return fmt.Sprintf("CAST(SUBSTRING(CAST(NEWID() AS binary(16)), 1, %d) AS %s)", bytes, typ)
}

// mostRandomised is the longest text for RandomLike in the database. Within a row, SQL has no loop
// certain to run again for every row, so the expression grows with the length.
const mostRandomised = 100

// mostRandomBytes is the longest binary for RandomBytes in the database.
const mostRandomBytes = 1024

// randomLike draws character by character. It checks a character's code: comparing it with letters
// would follow a collation. Beyond ASCII it uses the letters, marks and numbers of Go's tables, so
// that all engines and the client agree about letters.
func (b *builder) randomLike(r *relation, of dialect.Expr) string {
	most, ok := dialect.MaxChars(of)
	if !ok || most > mostRandomised {
		b.Unsupported(r.name, "a random text like one of unknown or great length is not supported here: it has to go through the client")
		return "NULL"
	}
	text := b.renderText(r, of)
	others := b.addArg(letters)
	parts := make([]string, most)
	for i := range parts {
		c := fmt.Sprintf("SUBSTRING(%s, %d, 1)", text, i+1)
		parts[i] = "CASE WHEN UNICODE(" + c + ") BETWEEN 97 AND 122 THEN NCHAR(97 + " + randomBits(3) + " % 26)" +
			" WHEN UNICODE(" + c + ") BETWEEN 65 AND 90 THEN NCHAR(65 + " + randomBits(3) + " % 26)" +
			" WHEN UNICODE(" + c + ") BETWEEN 48 AND 57 THEN NCHAR(48 + " + randomBits(3) + " % 10)" +
			" WHEN UNICODE(" + c + ") < 128 THEN " + c +
			" WHEN UNICODE(" + c + ") BETWEEN 65536 AND 126975 OR UNICODE(" + c + ") > 131071" + // scripts of the planes above
			" OR PATINDEX(" + others + ", " + c + " COLLATE " + bytewise + ") > 0 THEN NCHAR(97 + " + randomBits(3) + " % 26)" +
			" ELSE " + c + " END"
	}
	if most == 0 {
		return text
	}
	if most == 1 {
		parts = append(parts, "N''") // CONCAT needs at least two arguments
	}
	return "CASE WHEN " + text + " IS NULL THEN NULL ELSE CONCAT(" + strings.Join(parts, ", ") + ") END"
}

// letters is a pattern for one letter, mark or number between ASCII and the planes above the basic
// one.
var letters = func() string {
	var b strings.Builder
	b.WriteByte('[')
	start, last := rune(-1), rune(-1)
	flush := func() {
		switch {
		case start < 0:
		case last-start > 1:
			b.WriteString(string(start) + "-" + string(last))
		case last > start:
			b.WriteString(string(start) + string(last))
		default:
			b.WriteRune(start)
		}
	}
	for r := rune(128); r < 0xfffe; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			continue
		}
		if start < 0 || r != last+1 {
			flush()
			start = r
		}
		last = r
	}
	flush()
	b.WriteByte(']')
	return b.String()
}()

// randomInt uses 48 bits modulo the range where those are plenty, else 96 bits of two draws.
func (b *builder) randomInt(e dialect.RandomInt) string {
	if e.High < e.Low {
		b.Unsupported(dialect.Name{}, "a random number's bounds are the wrong way round")
	}
	size := new(big.Int).Add(new(big.Int).Sub(big.NewInt(e.High), big.NewInt(e.Low)), big.NewInt(1))
	if size.Cmp(big.NewInt(1<<32)) <= 0 {
		return fmt.Sprintf("(%d + %s %% %s)", e.Low, randomBits(6), size)
	}
	draw := "CAST(" + randomBits(6) + " AS decimal(38,0))"
	return fmt.Sprintf("CAST(CAST(%d AS decimal(38,0)) + (%s * 281474976710656 + %s) %% CAST(%s AS decimal(38,0)) AS bigint)", e.Low, draw, draw, size)
}

// randomBytes joins hashes of draws, since some bits of a NEWID() are fixed.
func (b *builder) randomBytes(r *relation, of dialect.Expr) string {
	c, ok := of.(dialect.Current)
	if !ok || c.Column.Length <= 0 || c.Column.Length > mostRandomBytes {
		b.Unsupported(r.name, "random bytes of unknown or great length are not supported here: they have to go through the client")
		return "NULL"
	}
	ref := b.renderExpr(r, of)
	parts := make([]string, (c.Column.Length+31)/32)
	for i := range parts {
		parts[i] = "CAST(HASHBYTES('SHA2_256', CAST(NEWID() AS binary(16))) AS varbinary(8000))"
	}
	return "SUBSTRING(" + strings.Join(parts, " + ") + ", 1, CAST(DATALENGTH(" + ref + ") AS int))"
}

// momentSpan is the range of a RandomMoment: its start, and the number of days or seconds after it.
func momentSpan(e dialect.RandomMoment) (low time.Time, size int64, err error) {
	layout, unit := "2006-01-02 15:04:05.999999999", time.Second
	if e.Column.Kind == dialect.Date {
		layout, unit = time.DateOnly, 24*time.Hour
	} else if e.Column.Kind != dialect.Timestamp && e.Column.Kind != dialect.TimestampTZ {
		return low, 0, fmt.Errorf("no moment")
	}
	low, err = time.Parse(layout, strings.TrimSuffix(e.Low, "+00"))
	if err != nil {
		return low, 0, err
	}
	high, err := time.Parse(layout, strings.TrimSuffix(e.High, "+00"))
	if err != nil {
		return low, 0, err
	}
	// Not Sub: a Duration ends after 292 years.
	size = (high.Unix() - low.Unix()) / int64(unit/time.Second)
	if size < 0 {
		return low, 0, fmt.Errorf("the bounds are the wrong way round")
	}
	return low, size, nil
}

// randomMoment adds a draw to the start. DATEADD accepts an int: a longer range is drawn as minutes
// and seconds, omitting less than a minute at its end.
func (b *builder) randomMoment(r *relation, e dialect.RandomMoment) string {
	_, size, err := momentSpan(e)
	if err != nil {
		b.Unsupported(r.name, "a random moment's bounds are no moments of the column's kind, or the wrong way round")
		return "NULL"
	}
	low := b.renderLiteral(r, e.Low, e.Column)
	draw := func(unit string, n int64, of string) string {
		return "DATEADD(" + unit + ", CAST(" + randomBits(6) + " % " + strconv.FormatInt(n, 10) + " AS int), " + of + ")"
	}
	switch {
	case e.Column.Kind == dialect.Date:
		return draw("day", size+1, low)
	case size < 1<<31-1:
		return draw("second", size+1, low)
	}
	return draw("second", 60, draw("minute", (size+1)/60, low))
}

// renderChoose decides value by value, each time among the remaining ones: one draw can't be used
// more than once.
func (b *builder) renderChoose(r *relation, e dialect.Choose) string {
	if len(e.Values) == 0 || len(e.Weights) > 0 && len(e.Weights) != len(e.Values) {
		b.Unsupported(r.name, "a choice needs values, and as many weights as values or none")
		return "NULL"
	}
	weight := func(i int) int64 {
		if len(e.Weights) == 0 {
			return 1
		}
		return int64(e.Weights[i])
	}
	var left int64
	last := -1
	for i := range e.Values {
		if w := weight(i); w > 0 {
			left, last = left+w, i
		} else if w < 0 {
			b.Unsupported(r.name, "a choice's weights are negative")
		}
	}
	if last < 0 {
		b.Unsupported(r.name, "a choice's weights are all zero")
		return "NULL"
	}
	var s strings.Builder
	for i, v := range e.Values {
		w := weight(i)
		if w == 0 || i == last {
			continue
		}
		fmt.Fprintf(&s, " WHEN %s %% %d < %d THEN %s", randomBits(6), left, w, b.renderLiteral(r, v, e.Column))
		left -= w
	}
	value := b.renderLiteral(r, e.Values[last], e.Column)
	if s.Len() == 0 {
		return value
	}
	return "CASE" + s.String() + " ELSE " + value + " END"
}
