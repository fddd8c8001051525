package anonymise

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Consistency is a group of agreeing replacements: equal values get equal replacements wherever
// group and strategy are the same.
type Consistency struct {
	Group    string // the modifier's name for it, or ""
	Strategy string // with its parameters, as a policy writes it
}

// Consistency returns the strategy's group. ok is false where equal values don't get equal
// replacements, or get them without a secret.
func (s Spec) Consistency() (c Consistency, ok bool) {
	strategy, err := New(s)
	if err != nil {
		return c, false
	}
	info := strategy.Info()
	return Consistency{s.Modifiers.Group, s.purpose()}, info.Consistent && info.Keyed
}

// Nested returns the strategies that this one applies to parts of a value: to the elements of an
// array, or to a document's paths.
func (s Spec) Nested() []Spec {
	var values []any
	switch params, _ := s.Params.(map[string]any); s.Name {
	case "array":
		values = []any{s.Params}
	case "json":
		paths, _ := params["paths"].(map[string]any)
		for _, v := range paths {
			values = append(values, v)
		}
	}
	var out []Spec
	for _, v := range values {
		if inner, err := ParseSpec(v); err == nil {
			out = append(out, append([]Spec{inner}, inner.Nested()...)...)
		}
	}
	slices.SortFunc(out, func(a, b Spec) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// Alike reports whether one replacement can fit two columns of one kind, so that equal values stay
// equal. Differences between texts, integers and decimals don't matter: [Target.Joined] makes up
// for them.
func Alike(a, b *dialect.Column) bool {
	switch a.Kind {
	case dialect.Text, dialect.Int:
		return true
	case dialect.Decimal:
		return a.Type == b.Type || !isMoney(a) && !isMoney(b)
	case dialect.Float:
		return floatBits(a) == floatBits(b) && declaredDigits(a) == declaredDigits(b) && a.Scale == b.Scale && a.Unsigned == b.Unsigned
	case dialect.Bytes, dialect.Bits:
		return a.Length == b.Length && a.Fixed == b.Fixed
	case dialect.Enum, dialect.Set:
		return slices.Equal(a.Labels, b.Labels)
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		first, last := momentEnds(a)
		other, end := momentEnds(b)
		return first.Equal(other) && last.Equal(end)
	case dialect.Array:
		return a.Element != nil && b.Element != nil && a.Element.Kind == b.Element.Kind && Alike(a.Element, b.Element)
	}
	return true
}

func isMoney(c *dialect.Column) bool { return c.Type == "money" || c.Type == "smallmoney" }

// narrowedTarget returns the target with a column that holds only values that all joined columns
// hold.
func narrowedTarget(t Target) Target {
	c := *t.Column
	for _, j := range t.Joined {
		if c.Kind == dialect.Text && j.Kind == dialect.Bytes {
			j = textIn(j) // the two are compared only where the bytes are read as text
		}
		if j.Kind != c.Kind {
			continue
		}
		switch c.Kind {
		case dialect.Text:
			narrowText(&c, j)
		case dialect.Int:
			narrowInt(&c, j)
		case dialect.Decimal:
			narrowDecimal(&c, j)
		}
	}
	t.Column = &c
	return t
}

// narrowText narrows the length, its unit and the charset.
func narrowText(c, j *dialect.Column) {
	if roomOf(j) < roomOf(c) {
		c.Length = j.Length
	}
	c.LengthInBytes = c.LengthInBytes || j.LengthInBytes
	if !isEncodable(j, "\U0001F600") {
		c.Charset = j.Charset
	}
}

func narrowInt(c, j *dialect.Column) {
	switch {
	case isYear(c):
	case isYear(j):
		c.Type, c.Precision, c.Unsigned = j.Type, j.Precision, j.Unsigned
	case c.Unsigned == j.Unsigned:
		c.Precision = min(intBits(c), intBits(j))
	default: // from 0 to the lesser of the two ends
		c.Precision, c.Unsigned = bits.Len64(uint64(min(maxInt(c), maxInt(j)))), true
	}
}

func narrowDecimal(c, j *dialect.Column) {
	c.Unsigned = c.Unsigned || j.Unsigned
	switch {
	case j.Precision <= 0:
	case c.Precision <= 0:
		c.Precision, c.Scale, c.Type = j.Precision, j.Scale, j.Type
	default:
		whole, scale := min(c.Precision-c.Scale, j.Precision-j.Scale), min(c.Scale, j.Scale)
		c.Precision, c.Scale = whole+scale, scale
	}
}
