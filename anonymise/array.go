package anonymise

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// arrayDefinition: array applies a strategy to each element of an array. Only PostgreSQL has
// arrays; for an array in JSON use json.
var arrayDefinition = definition{
	Description: Description{
		Name: "array", Doc: "a strategy for each element of an array",
		Technique: "randomization", Class: Lossy, Consistent: never, Partial: true,
		Kinds:  []dialect.Kind{dialect.Array},
		Params: []Param{{"<strategy>", "the elements' strategy: {array: random}, {array: {fake: email}}"}},
	},
	make: makeArray,
}

type arrayStrategy struct{ each Strategy }

func makeArray(v any, _ Modifiers) (Strategy, error) {
	spec, err := ParseSpec(v)
	if err == nil && spec.Modifiers.When != "" {
		err = specErrorf([]string{"when"}, "a condition is for the whole column: write it beside array")
	}
	var each Strategy
	if err == nil {
		each, err = New(spec)
	}
	if err != nil {
		return nil, wrapPath(err, "array")
	}
	return arrayStrategy{each}, nil
}

func (a arrayStrategy) Info() Info {
	i := a.each.Info()
	i.Class = Lossy
	return i
}

func (a arrayStrategy) Bind(t Target) (Replacer, error) { return bindElements(t, a.each) }

var errNoArray = errors.New("the value is no array literal: use fixed or null")

// bindElements applies a strategy to each element of an array column.
func bindElements(t Target, each Strategy) (Replacer, error) {
	c := t.Column
	if c.Element == nil {
		return nil, fmt.Errorf("the elements of column %s are not known: use fixed or null", c.Name)
	}
	element := *c.Element
	element.Name = c.Name
	element.Nullable = true
	r, err := each.Bind(Target{Column: &element, Rows: t.Rows})
	if err != nil {
		return nil, err
	}
	if _, ok := r.(RowReplacer); ok {
		return nil, errors.New("a strategy that looks at other columns can't be applied to elements")
	}
	return clientReplacer{Lossy, func(s *Source, old dialect.Value) (dialect.Value, error) {
		if old == nil {
			return "{}", nil
		}
		text, _ := dialect.TextOf(old)
		return mapArray(text, func(v dialect.Value) (dialect.Value, error) {
			if v == nil {
				return nil, nil
			}
			return r.Replace(s, elementValue(&element, v.(string)))
		})
	}}, nil
}

// elementValue brings an element's text to the canonical form of its kind.
func elementValue(c *dialect.Column, text string) dialect.Value {
	switch c.Kind {
	case dialect.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case dialect.Bool:
		return strconv.FormatBool(text == "t" || text == "true")
	case dialect.Bytes:
		if b, err := hex.DecodeString(strings.TrimPrefix(text, `\x`)); err == nil {
			return b
		}
		return []byte(text)
	}
	return text
}

// mapArray replaces the elements of an array literal as PostgreSQL writes it
// (manual, "Arrays", section 8.15.6), of any number of dimensions. NULL
// elements are given to f as nil.
func mapArray(literal string, f func(dialect.Value) (dialect.Value, error)) (string, error) {
	var b strings.Builder
	rest := literal
	if strings.HasPrefix(rest, "[") { // explicit bounds: [0:2]={…}
		bounds, after, ok := strings.Cut(rest, "=")
		if !ok || strings.Trim(bounds, "[]:-+0123456789") != "" {
			return "", errNoArray
		}
		b.WriteString(bounds + "=")
		rest = after
	}
	depth := 0
	for rest != "" {
		switch rest[0] {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
		default:
			element, quoted, n, ok := readElement(rest)
			if !ok || depth <= 0 {
				return "", errNoArray
			}
			var old dialect.Value = element
			if !quoted && strings.EqualFold(element, "null") {
				old = nil
			}
			v, err := f(old)
			if err != nil {
				return "", err
			}
			writeElement(&b, v)
			rest = rest[n:]
			continue
		}
		if depth < 0 {
			return "", errNoArray
		}
		b.WriteByte(rest[0])
		rest = rest[1:]
	}
	if depth != 0 || b.Len() == 0 {
		return "", errNoArray
	}
	return b.String(), nil
}

// readElement reads the element at the start of text, and returns its length there.
func readElement(text string) (element string, quoted bool, n int, ok bool) {
	var b strings.Builder
	if text[0] != '"' {
		n = strings.IndexAny(text, ",{}\"")
		if n < 0 {
			return "", false, 0, false
		}
		return strings.TrimSpace(text[:n]), false, n, true
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), true, i + 1, true
		case '\\':
			i++
			if i == len(text) {
				return "", true, 0, false
			}
		}
		b.WriteByte(text[i])
	}
	return "", true, 0, false
}

func writeElement(b *strings.Builder, v dialect.Value) {
	text, ok := dialect.TextOf(v)
	if raw, isBytes := v.([]byte); isBytes {
		text = fmt.Sprintf(`\x%x`, raw)
	}
	if !ok {
		b.WriteString("NULL")
		return
	}
	if text != "" && !strings.ContainsAny(text, "{},\"\\ \t\n\r\v\f") && !strings.EqualFold(text, "null") {
		b.WriteString(text)
		return
	}
	b.WriteByte('"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	b.WriteByte('"')
}
