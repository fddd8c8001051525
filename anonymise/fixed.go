package anonymise

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

var nullDefinition = definition{
	Description: Description{
		Name: "null", Doc: "the value is removed",
		Technique: "suppression", Class: Lossy, Consistent: never, InDatabase: true,
	},
	make: func(v any, _ Modifiers) (Strategy, error) {
		return nullStrategy{}, readParams("null", v, "").done()
	},
}

type nullStrategy struct{}

func (nullStrategy) Info() Info { return nullDefinition.info() }

func (nullStrategy) Bind(t Target) (Replacer, error) {
	if !t.Column.Nullable {
		return nil, fmt.Errorf("column %s is NOT NULL: use fixed, random or fake", t.Column.Name)
	}
	return bothWays{clientReplacer{Unique, func(*Source, dialect.Value) (dialect.Value, error) { return nil, nil }}, dialect.Null{}}, nil
}

var keepDefinition = definition{
	Description: Description{
		Name: "keep", Doc: "the value stays as it is, knowingly",
		Technique: "none", Class: Unique, Consistent: always, Reversible: true, InDatabase: true,
	},
	make: func(v any, _ Modifiers) (Strategy, error) {
		return keepStrategy{}, readParams("keep", v, "").done()
	},
	fills: true,
}

type keepStrategy struct{}

func (keepStrategy) Info() Info { return keepDefinition.info() }

func (keepStrategy) Bind(t Target) (Replacer, error) {
	return bothWays{clientReplacer{Unique, func(_ *Source, old dialect.Value) (dialect.Value, error) { return old, nil }}, dialect.Current{Column: t.Column}}, nil
}

var fixedDefinition = definition{
	Description: Description{
		Name: "fixed", Doc: "one value for every row",
		Technique: "suppression", Class: Lossy, Consistent: never, InDatabase: true,
		Params: []Param{{"value", "what is written; {fixed: x} for short"}},
	},
	make: func(v any, _ Modifiers) (Strategy, error) {
		p := readParams("fixed", v, "value")
		value, ok := p.get("value")
		if !ok && p.err == nil {
			return nil, specErrorf(p.path, "the value is missing: {fixed: …}")
		}
		switch value.(type) {
		case string, float64, bool:
		default:
			p.failAt("value", "a text, a number, true or false")
		}
		return fixedStrategy{value}, p.done()
	},
	fills: true,
}

type fixedStrategy struct{ value any }

func (fixedStrategy) Info() Info { return fixedDefinition.info() }

func (f fixedStrategy) Bind(t Target) (Replacer, error) {
	if certainlyRepeats(t) {
		return nil, fmt.Errorf("column %s is unique, and one value for every row is not: use random, fake or pseudonym", t.Column.Name)
	}
	v, err := constantValue(t.Column, f.value)
	if err != nil {
		return nil, err
	}
	return bothWays{
		clientReplacer{Lossy, func(*Source, dialect.Value) (dialect.Value, error) { return v, nil }},
		dialect.Literal{Value: v, Column: t.Column},
	}, nil
}

// constantValue brings a value from the policy to the column's canonical form.
func constantValue(c *dialect.Column, v any) (dialect.Value, error) {
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case bool:
		text = strconv.FormatBool(v)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	wrong := func(want string) error {
		return fmt.Errorf("column %s is %s: the value must be %s", c.Name, describeColumn(c), want)
	}
	switch c.Kind {
	case dialect.Text, dialect.XML, dialect.Interval, dialect.Array:
		if !fitsColumn(c, text) {
			return nil, fmt.Errorf("column %s is %s: the value is too long, or has characters that charset %s lacks", c.Name, describeColumn(c), c.Charset)
		}
		return text, nil
	case dialect.Bytes:
		if c.Length > 0 && len(text) > c.Length {
			return nil, wrong(fmt.Sprintf("at most %d bytes long", c.Length))
		}
		return []byte(text), nil
	case dialect.Bool:
		if text != "true" && text != "false" {
			return nil, wrong("true or false")
		}
		return text, nil
	case dialect.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < minInt(c) || n > maxInt(c) {
			return nil, wrong(fmt.Sprintf("a whole number from %d to %d", minInt(c), maxInt(c)))
		}
		return n, nil
	case dialect.Decimal:
		d, ok := parseDecimal(text)
		if !ok || !d.fits(c) {
			return nil, wrong(fmt.Sprintf("a number with at most %d digits, %d of them behind the point", c.Precision, c.Scale))
		}
		return d.String(), nil
	case dialect.Float:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, wrong("a number")
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case dialect.Date, dialect.Time, dialect.Timestamp, dialect.TimestampTZ:
		m, ok := parseMoment(c.Kind, text)
		if !ok {
			return nil, wrong("written as " + momentExample(c.Kind))
		}
		if first, last := momentEnds(c); !isHeld(c, m) {
			return nil, wrong(fmt.Sprintf("from %s to %s", moment{t: first, kind: c.Kind}, moment{t: last, kind: c.Kind}))
		}
		return m.String(), nil
	case dialect.UUID:
		u, ok := parseUUID(text)
		if !ok {
			return nil, wrong("a UUID")
		}
		return u.String(), nil
	case dialect.JSON:
		if !validJSON(text) {
			return nil, wrong("a JSON text (a JSON string has its own quotes inside of the policy's)")
		}
		return text, nil
	case dialect.Inet:
		if _, ok := parseInet(text); !ok {
			return nil, wrong("an IP address, a network or a MAC address")
		}
		return text, nil
	case dialect.Enum:
		if !slices.Contains(c.Labels, text) {
			return nil, wrong("one of " + strings.Join(c.Labels, ", "))
		}
		return text, nil
	case dialect.Set:
		for label := range strings.SplitSeq(text, ",") {
			if text != "" && !slices.Contains(c.Labels, label) {
				return nil, wrong("some of " + strings.Join(c.Labels, ", "))
			}
		}
		return text, nil
	case dialect.Bits:
		if strings.Trim(text, "01") != "" || c.Length > 0 && len(text) > c.Length {
			return nil, wrong(fmt.Sprintf("at most %d digits 0 and 1", c.Length))
		}
		return text, nil
	}
	return nil, fmt.Errorf("column %s is %s: use null or default", c.Name, describeColumn(c))
}
