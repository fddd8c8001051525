package anonymise

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// randomDefinition: random replaces a value by a random one of the same shape: a text keeps its
// length and the positions of its letters and digits, a document its structure. Kinds without a
// shape get any value in the column's range.
//
// In a unique column a text gets at least uniqueChars characters, so that short values don't
// collide. A text keeps all characters but letters, marks and numbers.
var randomDefinition = definition{
	Description: Description{
		Name: "random", Doc: "a random value of the same shape, new for every row",
		Technique: "randomization", Class: LikelyUnique, Consistent: withModifier, InDatabase: true,
		Kinds: []dialect.Kind{
			dialect.Text, dialect.Int, dialect.Decimal, dialect.Float, dialect.Bool, dialect.Date, dialect.Time,
			dialect.Timestamp, dialect.TimestampTZ, dialect.UUID, dialect.Bytes, dialect.Bits, dialect.JSON,
			dialect.XML, dialect.Inet, dialect.Enum, dialect.Set, dialect.Array,
		},
		Params: []Param{
			{"min, max", "the range of a number, both included"},
			{"from, to", "the range of a date or timestamp, both included; 1950-01-01 to 2020-12-31 by default"},
		},
	},
	make:       makeRandom,
	fills:      true,
	consistent: true,
	redraw:     true,
}

type randomStrategy struct {
	min, max *float64
	from, to string
}

func makeRandom(v any, _ Modifiers) (Strategy, error) {
	p := readParams("random", v, "")
	var r randomStrategy
	if f, ok := p.floatOf("min"); ok {
		r.min = &f
	}
	if f, ok := p.floatOf("max"); ok {
		r.max = &f
	}
	r.from, r.to = p.textOr("from", ""), p.textOr("to", "")
	if r.min != nil && r.max != nil && *r.min > *r.max {
		p.failAt("min", "not above max")
	}
	return r, p.done()
}

func (randomStrategy) Info() Info { return randomDefinition.info() }

func (r randomStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if numeric := c.Kind == dialect.Int || c.Kind == dialect.Decimal || c.Kind == dialect.Float; !numeric && (r.min != nil || r.max != nil) {
		return nil, fmt.Errorf("min and max are for numbers; column %s is %s", c.Name, describeColumn(c))
	}
	if !isMoment(c.Kind) && (r.from != "" || r.to != "") {
		return nil, fmt.Errorf("from and to are for dates and timestamps; column %s is %s", c.Name, describeColumn(c))
	}
	switch c.Kind {
	case dialect.Text:
		return randomText(t)
	case dialect.Int:
		return r.integer(t)
	case dialect.Decimal:
		return r.decimal(t)
	case dialect.Float:
		return r.float(t)
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		return r.moment(t)
	}
	return randomKind(t)
}

// uniqueChars is the least length of random text in a unique column: 20 decimal digits, the poorest
// shape, are 66 bits.
const uniqueChars = 20

// newText fills NULL, which has no shape.
const newText = "aaaaaaaaaaaa"

func randomText(t Target) (Replacer, error) {
	c := t.Column
	n := roomOf(c)
	if err := hasRoom(textSpace(c, n), t); err != nil {
		return nil, err
	}
	least := 0
	class := birthdayClass(math.Pow(10, float64(min(n, uniqueChars))), t)
	if t.Unique {
		least = min(n, uniqueChars)
	}
	replace := func(s *Source, old dialect.Value) (dialect.Value, error) {
		text, ok := dialect.TextOf(old)
		if !ok {
			text = cutToFit(c, newText)
		}
		if c.Fixed {
			text = strings.TrimRight(text, " ")
		}
		if missing := least - utf8.RuneCountInString(text); missing > 0 {
			text += strings.Repeat("a", missing)
		}
		return cutToFit(c, randomLike(s, text)), nil
	}
	if least > 0 && c.Fixed {
		return clientReplacer{class, replace}, nil // some engines append a joined text behind a CHAR's padding
	}
	return bothWays{clientReplacer{class, replace}, dialect.RandomLike{Of: atLeast(c, least)}}, nil
}

// textSpace is the number of different texts of up to n letters and digits.
func textSpace(c *dialect.Column, n int) float64 {
	letters := 52.0
	if c.FoldsCase {
		letters = 26
	}
	return math.Pow(letters+10, float64(min(n, 100)))
}

// atLeast is the column's value, padded with the letter a to a length of at least n, for RandomLike
// to replace.
func atLeast(c *dialect.Column, n int) dialect.Expr {
	old := dialect.Current{Column: c}
	if n == 0 {
		return old
	}
	return dialect.If{
		Cond: dialect.LongerThan{Column: c.Name, N: n - 1},
		Then: old,
		Else: dialect.Left{N: n, Of: dialect.Concat{old, dialect.Literal{Value: strings.Repeat("a", n), Column: c}}},
	}
}

const (
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits       = "0123456789"
)

// randomLike is dialect.RandomLike in Go.
func randomLike(s *Source, text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for at, r := range text {
		switch {
		case r == utf8.RuneError && text[at] != "\uFFFD"[0]: // a byte of another encoding
			b.WriteByte(lowerLetters[s.rng.IntN(26)])
		case r >= 'A' && r <= 'Z':
			b.WriteByte(upperLetters[s.rng.IntN(26)])
		case r >= '0' && r <= '9':
			b.WriteByte(digits[s.rng.IntN(10)])
		case r >= 'a' && r <= 'z', r >= utf8.RuneSelf && unicode.In(r, unicode.L, unicode.M, unicode.N):
			b.WriteByte(lowerLetters[s.rng.IntN(26)])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
