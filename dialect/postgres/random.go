package postgres

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/expungedb/expunge/dialect"
)

// perRow is a condition that mentions the row (t). Every subquery of an expression has it: the
// server evaluates a subquery without the row once, and so gives all rows the same value.
const perRow = "t.tableoid IS NOT NULL"

// unrolled is the longest text, in bytes, replaced without a loop.
const unrolled = 64

// randomLike replaces a text of ASCII byte by byte, and any other one character by character. In
// the encoding UTF8, a text with as many bytes as characters is ASCII. The text is evaluated once:
// OFFSET prevents merging the subquery.
func (b *builder) randomLike(of string) string {
	if !b.utf8 {
		return "(SELECT CASE WHEN pg_catalog.octet_length(s.v) " + qualifiedOperator("=") + " 0 THEN '' ELSE " + b.randomByCharacter("s.v") + " END" +
			" FROM (SELECT " + of + " AS v WHERE " + perRow + " OFFSET 0) AS s)"
	}
	if b.substitutes == "" {
		b.substitutes = b.addArg([]byte(`\x`+hex.EncodeToString(substitutes)), "pg_catalog.bytea")
	}
	ascii := func(sql string) string {
		return "pg_catalog.convert_from(pg_catalog.substring(" + sql + ", 1, s.n), 'UTF8')"
	}
	return "(SELECT CASE WHEN s.v IS NULL THEN NULL" +
		" WHEN s.n " + qualifiedOperator(">") + " pg_catalog.char_length(s.v) THEN " + b.randomByCharacter("s.v") +
		" WHEN s.n " + qualifiedOperator("<=") + " " + strconv.Itoa(unrolled) + " THEN " + ascii(b.randomUnrolled(0)) +
		" ELSE " + ascii("(SELECT pg_catalog.string_agg("+b.randomEight("q.i "+qualifiedOperator("+")+" ", 0)+", ''::pg_catalog.bytea) FROM (SELECT pg_catalog.generate_series(0, s.n "+qualifiedOperator("-")+" 1, 8) AS i OFFSET 0) AS q)") + " END" +
		" FROM (SELECT q.v, pg_catalog.octet_length(q.v) AS n, pg_catalog.convert_to(q.v " + qualifiedOperator("||") + " '        ', 'UTF8') AS b" +
		" FROM (SELECT " + of + " AS v WHERE " + perRow + " OFFSET 0) AS q OFFSET 0) AS s)"
}

// randomUnrolled renders the substitutes of the text's bytes from the given one on, and of the
// padding of the last eight. A loop would cost more than its body.
func (b *builder) randomUnrolled(from int) string {
	eight := b.randomEight("", from)
	if from += 8; from < unrolled {
		eight += " " + qualifiedOperator("||") + " CASE WHEN s.n " + qualifiedOperator(">") + " " + strconv.Itoa(from) + " THEN " + b.randomUnrolled(from) + " ELSE '' END"
	}
	return eight
}

// randomEight looks up random substitutes of eight bytes in a table, and packs them into a number.
// Of all measured forms this needs the fewest calls, and none of them makes a text.
func (b *builder) randomEight(base string, from int) string {
	eight := ""
	for i := range 8 {
		one := fmt.Sprintf("pg_catalog.get_byte(%s, (pg_catalog.get_byte(s.b, %s%d) %s %d) %s (pg_catalog.random() %[4]s %[7]d)::pg_catalog.int4)",
			b.substitutes, base, from+i, qualifiedOperator("*"), choices+1, qualifiedOperator("+"), choices)
		if i == 0 {
			eight = one + "::pg_catalog.int8"
		} else {
			eight = "((" + eight + " " + qualifiedOperator("*") + " 256) " + qualifiedOperator("+") + " " + one + ")"
		}
	}
	return "pg_catalog.int8send(" + eight + ")"
}

// choices is a multiple of the number of letters and of digits.
const choices = 130

// substitutes are the choices for each byte of ASCII, in sequence. Rounding a random number up to
// choices draws the first and the last one half as often as any other: both are the same character.
var substitutes = func() []byte {
	out := make([]byte, 0, 128*(choices+1))
	for c := range byte(128) {
		for i := range byte(choices + 1) {
			switch {
			case c >= 'a' && c <= 'z':
				out = append(out, 'a'+i%26)
			case c >= 'A' && c <= 'Z':
				out = append(out, 'A'+i%26)
			case c >= '0' && c <= '9':
				out = append(out, '0'+i%10)
			default:
				out = append(out, c)
			}
		}
	}
	return out
}()

// randomByCharacter recognises ASCII by code point: this is fast and independent of collations.
// Other characters are matched with the letters, marks and numbers of Go's tables, so that all
// engines and the client agree about letters. The rounding of random()*26 - 0.5 gives 0 to 25.
func (b *builder) randomByCharacter(of string) string {
	code := func(op string, n int) string {
		return "pg_catalog.ascii(c) " + qualifiedOperator(op) + " " + strconv.Itoa(n)
	}
	draw := func(from, n int) string {
		return fmt.Sprintf(" THEN pg_catalog.chr(%d %s ((pg_catalog.random() %s %d) %s 0.5)::pg_catalog.int4)", from, qualifiedOperator("+"), qualifiedOperator("*"), n, qualifiedOperator("-"))
	}
	within := func(from, n int) string {
		return " WHEN " + code(">=", from) + " AND " + code("<=", from+n-1) + draw(from, n)
	}
	beyond := ""
	if b.anyBytes {
		beyond = " WHEN " + code(">=", 128) + draw('a', 26) // whatever its meaning
	} else {
		beyond = " WHEN c " + qualifiedOperator("~") + " " + b.addArg([]byte(alphanumeric), "pg_catalog.text") + draw('a', 26)
	}
	return "(SELECT pg_catalog.string_agg(CASE" + within('a', 26) + within('0', 10) + within('A', 26) +
		" WHEN " + code("<", 128) + " THEN c" +
		beyond + " ELSE c END, '')" +
		" FROM pg_catalog.unnest(pg_catalog.string_to_array(" + of + ", NULL)) AS c)"
}

// alphanumeric is a regular expression for one letter, mark or number beyond ASCII.
var alphanumeric = func() string {
	var b strings.Builder
	span := func(lo, hi rune) {
		if lo = max(lo, 128); lo <= hi {
			fmt.Fprintf(&b, `\U%08X-\U%08X`, lo, hi)
		}
	}
	for _, table := range []*unicode.RangeTable{unicode.L, unicode.M, unicode.N} {
		spans := make([]unicode.Range32, 0, len(table.R16)+len(table.R32))
		for _, r := range table.R16 {
			spans = append(spans, unicode.Range32{Lo: uint32(r.Lo), Hi: uint32(r.Hi), Stride: uint32(r.Stride)})
		}
		for _, r := range append(spans, table.R32...) {
			if r.Stride == 1 {
				span(rune(r.Lo), rune(r.Hi))
				continue
			}
			for c := r.Lo; c <= r.Hi; c += r.Stride {
				span(rune(c), rune(c))
			}
		}
	}
	return "[" + b.String() + "]"
}()

// randomInt draws with one random() where its 48 bits (version 13) suffice, else with 64 bits from
// two.
func (b *builder) randomInt(e dialect.RandomInt) string {
	if e.High < e.Low {
		b.Unsupported(dialect.Name{}, "a random number's bounds are the wrong way round")
	}
	low := b.addArg(strconv.AppendInt(nil, e.Low, 10), "pg_catalog.int8")
	span := uint64(e.High) - uint64(e.Low) // the number of values, less one
	if span < 1<<40 {
		return "(" + low + " " + qualifiedOperator("+") + " pg_catalog.floor(pg_catalog.random() " + qualifiedOperator("*") + " " + b.addArg(strconv.AppendUint(nil, span+1, 10), "pg_catalog.float8") + ")::pg_catalog.int8)"
	}
	half := "pg_catalog.floor(pg_catalog.random() " + qualifiedOperator("*") + " 4294967296)::pg_catalog.numeric"
	return "(" + low + "::pg_catalog.numeric " + qualifiedOperator("+") +
		" pg_catalog.div(((" + half + " " + qualifiedOperator("*") + " 4294967296) " + qualifiedOperator("+") + " " + half + ")" +
		" " + qualifiedOperator("*") + " (" + b.addArg(strconv.AppendUint(nil, span, 10), "pg_catalog.numeric") + " " + qualifiedOperator("+") + " 1), 18446744073709551616))::pg_catalog.int8"
}

// randomBytes hashes random UUIDs, since some bits of a UUID are fixed.
func randomBytes(of string) string {
	length := "pg_catalog.octet_length(" + of + ")"
	return "CASE WHEN " + length + " " + qualifiedOperator("=") + " 0 THEN ''::pg_catalog.bytea ELSE (SELECT pg_catalog.substring(" +
		"pg_catalog.string_agg(pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())), ''::pg_catalog.bytea), 1, " + length + ")" +
		" FROM pg_catalog.generate_series(1, " + length + ", 32) WHERE " + perRow + ") END"
}

func (b *builder) randomMoment(e dialect.RandomMoment) string {
	typ := momentType(e.Column.Kind)
	low, high := b.addArg([]byte(e.Low), typ), b.addArg([]byte(e.High), typ)
	if e.Column.Kind == dialect.Date {
		return "(" + low + " " + qualifiedOperator("+") + " pg_catalog.floor(pg_catalog.random() " + qualifiedOperator("*") +
			" ((" + high + " " + qualifiedOperator("-") + " " + low + ") " + qualifiedOperator("+") + " 1))::pg_catalog.int4)"
	}
	return "(" + low + " " + qualifiedOperator("+") + " (pg_catalog.random() " + qualifiedOperator("*") + " (" + high + " " + qualifiedOperator("-") + " " + low + ")))"
}

// renderChoose subscripts an array: at random, or by the place of a random number among the running
// sums of the weights.
func (b *builder) renderChoose(e dialect.Choose) string {
	typ := computedType(e.Column)
	element := typ
	if e.Column.Kind == dialect.Array {
		element = "pg_catalog.text" // there are no arrays of arrays
	}
	values := make([]dialect.Row, len(e.Values))
	for i, v := range e.Values {
		values[i] = dialect.Row{v}
	}
	from := "(" + b.addArg(arrayLiteral(e.Column.Kind, values, 0), element+"[]") + ")"
	index := "pg_catalog.floor(pg_catalog.random() " + qualifiedOperator("*") + " " + b.addArg(strconv.AppendInt(nil, int64(len(values)), 10), "pg_catalog.float8") + ")::pg_catalog.int4"
	switch {
	case len(e.Values) == 0 || len(e.Weights) > 0 && len(e.Weights) != len(e.Values):
		b.Unsupported(dialect.Name{}, "a choice needs values, and as many weights as values or none")
	case len(e.Weights) > 0:
		b.Args = b.Args[:len(b.Args)-1] // the number of values is unused here
		sums := make([]dialect.Row, 0, len(e.Weights))
		total := int64(0)
		for _, w := range e.Weights {
			if w < 0 || total > math.MaxInt32 {
				b.Unsupported(dialect.Name{}, "a choice's weights are negative or too large")
			}
			total += int64(w)
			sums = append(sums, dialect.Row{total})
		}
		if total == 0 {
			b.Unsupported(dialect.Name{}, "a choice's weights are all zero")
		}
		index = "pg_catalog.width_bucket(pg_catalog.random() " + qualifiedOperator("*") + " " + b.addArg(strconv.AppendInt(nil, total, 10), "pg_catalog.float8") + ", " +
			b.addArg(arrayLiteral(dialect.Float, sums[:len(sums)-1], 0), "pg_catalog.float8[]") + ")"
	}
	s := from + "[1 " + qualifiedOperator("+") + " " + index + "]"
	if element != typ {
		s += "::" + typ
	}
	return s
}
