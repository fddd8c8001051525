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

// Every subquery of an expression mentions the row (t), however little: one
// that doesn't would be evaluated once, and give all rows the same value.
const perRow = "t.tableoid IS NOT NULL"

// unrolled is the longest text, in bytes, that is replaced without a loop.
const unrolled = 64

// randomLike replaces a text of ASCII byte by byte, and any other one character
// by character. Where the server's encoding is UTF8, as many bytes as characters are ASCII.
// The text is taken once: OFFSET keeps a subquery apart.
func (b *builder) randomLike(of string) string {
	if !b.utf8 {
		return "(SELECT CASE octet_length(s.v) WHEN 0 THEN '' ELSE " + b.randomByCharacter("s.v") + " END" +
			" FROM (SELECT " + of + " AS v WHERE " + perRow + " OFFSET 0) AS s)"
	}
	if b.substitutes == "" {
		b.substitutes = b.arg([]byte(`\x`+hex.EncodeToString(substitutes)), "bytea")
	}
	ascii := func(sql string) string { return "convert_from(substring(" + sql + " FROM 1 FOR s.n), 'UTF8')" }
	return "(SELECT CASE WHEN s.v IS NULL THEN NULL" +
		" WHEN s.n > char_length(s.v) THEN " + b.randomByCharacter("s.v") +
		" WHEN s.n <= " + strconv.Itoa(unrolled) + " THEN " + ascii(b.randomUnrolled(0)) +
		" ELSE " + ascii("(SELECT string_agg("+b.randomEight("q.i + ", 0)+", ''::bytea) FROM (SELECT generate_series(0, s.n - 1, 8) AS i OFFSET 0) AS q)") + " END" +
		" FROM (SELECT q.v, octet_length(q.v) AS n, convert_to(q.v || '        ', 'UTF8') AS b" +
		" FROM (SELECT " + of + " AS v WHERE " + perRow + " OFFSET 0) AS q OFFSET 0) AS s)"
}

// randomUnrolled is the substitutes of the text's bytes from the given one on,
// and of what pads the last eight. A loop would cost more than what it repeats.
func (b *builder) randomUnrolled(from int) string {
	eight := b.randomEight("", from)
	if from += 8; from < unrolled {
		eight += " || CASE WHEN s.n > " + strconv.Itoa(from) + " THEN " + b.randomUnrolled(from) + " ELSE '' END"
	}
	return eight
}

// randomEight looks the substitutes of eight bytes up in a table, by chance, and
// packs them into a number: of all that was measured this takes the fewest calls, of which
// none makes a text.
func (b *builder) randomEight(base string, from int) string {
	eight := ""
	for i := range 8 {
		one := fmt.Sprintf("get_byte(%s, get_byte(s.b, %s%d) * %d + (random() * %d)::int4)", b.substitutes, base, from+i, choices+1, choices)
		if i == 0 {
			eight = one + "::int8"
		} else {
			eight = "(" + eight + " * 256 + " + one + ")"
		}
	}
	return "int8send(" + eight + ")"
}

// choices is a multiple of the letters and of the digits there are.
const choices = 130

// substitutes are the choices that each byte of ASCII has, one after the other.
// Rounding a random number up to choices gives the first and the last one half as often as
// any other: they are the same.
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

// randomByCharacter tells ASCII by code point, which is fast and independent of
// collations; what is beyond it is looked up in the letters, marks and numbers that Go's
// tables know, so that all engines and the client agree on what a letter is. The
// rounding of random()*26 - 0.5 gives 0 to 25.
func (b *builder) randomByCharacter(of string) string {
	return "(SELECT string_agg(CASE" +
		" WHEN ascii(c) BETWEEN 97 AND 122 THEN chr(97 + (random() * 26 - 0.5)::int4)" +
		" WHEN ascii(c) BETWEEN 48 AND 57 THEN chr(48 + (random() * 10 - 0.5)::int4)" +
		" WHEN ascii(c) BETWEEN 65 AND 90 THEN chr(65 + (random() * 26 - 0.5)::int4)" +
		" WHEN ascii(c) < 128 THEN c" +
		" WHEN c ~ " + b.arg([]byte(alphanumeric), "text") + " THEN chr(97 + (random() * 26 - 0.5)::int4)" +
		" ELSE c END, '')" +
		" FROM unnest(string_to_array(" + of + ", NULL)) AS c)"
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

// randomInt draws with one random() where its 48 bits (version 13) leave room, else with 64 bits from two.
func (b *builder) randomInt(e dialect.RandomInt) string {
	if e.High < e.Low {
		b.wrong(dialect.Name{}, "a random number's bounds are the wrong way round")
	}
	low := b.arg(strconv.AppendInt(nil, e.Low, 10), "int8")
	span := uint64(e.High) - uint64(e.Low) // one less than there are numbers
	if span < 1<<40 {
		return "(" + low + " + floor(random() * " + b.arg(strconv.AppendUint(nil, span+1, 10), "float8") + ")::int8)"
	}
	return "(" + low + "::numeric + div((floor(random() * 4294967296)::numeric * 4294967296 + floor(random() * 4294967296)::numeric)" +
		" * (" + b.arg(strconv.AppendUint(nil, span, 10), "numeric") + " + 1), 18446744073709551616))::int8"
}

// randomBytes hashes random UUIDs, since some bits of a UUID are fixed.
func randomBytes(of string) string {
	return "CASE octet_length(" + of + ") WHEN 0 THEN ''::bytea ELSE (SELECT substring(string_agg(sha256(uuid_send(gen_random_uuid())), ''::bytea) FROM 1 FOR octet_length(" + of + "))" +
		" FROM generate_series(1, octet_length(" + of + "), 32) WHERE " + perRow + ") END"
}

func (b *builder) randomMoment(e dialect.RandomMoment) string {
	typ := momentType(e.Column.Kind)
	low, high := b.arg([]byte(e.Low), typ), b.arg([]byte(e.High), typ)
	if e.Column.Kind == dialect.Date {
		return "(" + low + " + floor(random() * (" + high + " - " + low + " + 1))::int4)"
	}
	return "(" + low + " + random() * (" + high + " - " + low + "))"
}

// choose subscripts an array: by chance alone, or by where a random number
// stands among the running sums of the weights.
func (b *builder) choose(e dialect.Choose) string {
	typ := computed(e.Column)
	element := typ
	if e.Column.Kind == dialect.Array {
		element = "text" // there are no arrays of arrays
	}
	values := make([]dialect.Row, len(e.Values))
	for i, v := range e.Values {
		values[i] = dialect.Row{v}
	}
	from := "(" + b.arg(arrayLiteral(e.Column.Kind, values, 0), element+"[]") + ")"
	index := "floor(random() * " + b.arg(strconv.AppendInt(nil, int64(len(values)), 10), "float8") + ")::int4"
	switch {
	case len(e.Values) == 0 || len(e.Weights) > 0 && len(e.Weights) != len(e.Values):
		b.wrong(dialect.Name{}, "a choice needs values, and as many weights as values or none")
	case len(e.Weights) > 0:
		b.args = b.args[:len(b.args)-1] // the number of values isn't needed
		sums := make([]dialect.Row, 0, len(e.Weights))
		total := int64(0)
		for _, w := range e.Weights {
			if w < 0 || total > math.MaxInt32 {
				b.wrong(dialect.Name{}, "a choice's weights are negative or too large")
			}
			total += int64(w)
			sums = append(sums, dialect.Row{total})
		}
		if total == 0 {
			b.wrong(dialect.Name{}, "a choice's weights are all zero")
		}
		index = "width_bucket(random() * " + b.arg(strconv.AppendInt(nil, total, 10), "float8") + ", " +
			b.arg(arrayLiteral(dialect.Float, sums[:len(sums)-1], 0), "float8[]") + ")"
	}
	s := from + "[1 + " + index + "]"
	if element != typ {
		s += "::" + typ
	}
	return s
}
