package anonymise

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// generaliseDefinition: generalise keeps the coarse part of a value: the month of a date, the lower
// end of a number's range, the first characters of a postcode, the network of an address.
var generaliseDefinition = definition{
	Description: Description{
		Name: "generalise", Doc: "the coarse part is kept: a date's month, a number's range, a postcode's or address's prefix",
		Technique: "generalization", Class: Lossy, Consistent: always, InDatabase: true, Partial: true,
		Kinds: []dialect.Kind{
			dialect.Date, dialect.Timestamp, dialect.TimestampTZ, dialect.Int, dialect.Decimal, dialect.Float, dialect.Text, dialect.Inet,
		},
		Params: []Param{
			{"to", "of a date or timestamp: year, month, day or hour; {generalise: month} for short"},
			{"step", "of a number: the width of the ranges, whose lower ends are kept"},
			{"prefix", "of a text: how many characters are kept; of an IPv4 address: how many bits (24 by default)"},
			{"prefix6", "of an IPv6 address: how many bits are kept (48 by default)"},
			{"fill", "the character that stands for what is left out of a text; none by default"},
		},
	},
	make: makeGeneralise,
	refuses: func(c *dialect.Column) []dialect.Oddity {
		switch {
		case isMoment(c.Kind):
			return []dialect.Oddity{dialect.ZeroDate, dialect.InvalidDate, dialect.Misfit}
		case c.Kind == dialect.Int || c.Kind == dialect.Decimal || c.Kind == dialect.Float:
			return refusesNumbers(c)
		}
		return nil
	},
}

type generaliseStrategy struct {
	to              string
	step            float64
	prefix, prefix6 int
	fill            string
}

func makeGeneralise(v any, _ Modifiers) (Strategy, error) {
	p := readParams("generalise", v, "to")
	g := generaliseStrategy{
		to:      p.choice("to", "", "year", "month", "day", "hour"),
		prefix:  p.int("prefix", -1, 0, 1000),
		prefix6: p.int("prefix6", -1, 0, 128),
		fill:    p.textOr("fill", ""),
	}
	var ok bool
	if g.step, ok = p.floatOf("step"); ok && g.step <= 0 {
		p.failAt("step", "a number above 0")
	}
	if g.fill != "" && (len(g.fill) != 1 || g.fill[0] < ' ' || g.fill[0] > '~') {
		p.failAt("fill", "one ASCII character")
	}
	return g, p.done()
}

func (generaliseStrategy) Info() Info { return generaliseDefinition.info() }

func (g generaliseStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	missing := func(param string) error {
		return fmt.Errorf("column %s is %s: say {generalise: {%s}}", c.Name, describeColumn(c), param)
	}
	switch c.Kind {
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		if g.to == "" {
			return nil, missing("to: month")
		}
		if c.Kind == dialect.Date && (g.to == "day" || g.to == "hour") {
			return nil, fmt.Errorf("column %s is a date, which has nothing finer than the day: say month or year", c.Name)
		}
		return g.momentReplacer(c)
	case dialect.Int, dialect.Decimal, dialect.Float:
		if g.step == 0 {
			return nil, missing("step: 10")
		}
		return g.numberReplacer(c)
	case dialect.Inet:
		return clientReplacer{Lossy, g.network}, nil
	}
	if g.prefix < 0 {
		return nil, missing("prefix: 3")
	}
	return g.textReplacer(c)
}

func (g generaliseStrategy) momentReplacer(c *dialect.Column) (Replacer, error) {
	first, _ := momentEnds(c)
	floor := func(m moment) moment {
		was := m.t
		if m.t = truncateMoment(was, g.to); m.t.Before(first) && !was.Before(first) {
			m.t = first
		}
		return m
	}
	replace := func(_ *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		if strings.HasSuffix(text, "infinity") {
			return old, nil
		}
		m, ok := parseMoment(c.Kind, text)
		if !ok {
			return nil, errors.New("generalise: the value is no date of this column's kind: use random")
		}
		return floor(m).String(), nil
	}
	var e dialect.Expr = dialect.TruncateMoment{Of: dialect.Current{Column: c}, Unit: g.to}
	if !truncateMoment(first, g.to).Equal(first) {
		// The column's first unit begins before the column's first moment.
		second := moment{t: nextUnit(truncateMoment(first, g.to), g.to), kind: c.Kind}
		e = dialect.If{
			Cond: dialect.Compare{Column: c.Name, Op: "<", Value: second.String()},
			Then: dialect.Literal{Value: moment{t: first, kind: c.Kind}.String(), Column: c}, Else: e,
		}
	}
	return bothWays{clientReplacer{Lossy, replace}, e}, nil
}

// truncateMoment cuts a moment down to a unit.
func truncateMoment(t time.Time, unit string) time.Time {
	month, day, hour := t.Month(), t.Day(), t.Hour()
	switch unit {
	case "year":
		month, day, hour = 1, 1, 0
	case "month":
		day, hour = 1, 0
	case "day":
		hour = 0
	}
	return time.Date(t.Year(), month, day, hour, 0, 0, 0, t.Location())
}

// nextUnit is a unit later.
func nextUnit(t time.Time, unit string) time.Time {
	switch unit {
	case "year":
		return t.AddDate(1, 0, 0)
	case "month":
		return t.AddDate(0, 1, 0)
	case "day":
		return t.AddDate(0, 0, 1)
	}
	return t.Add(time.Hour)
}

func (g generaliseStrategy) numberReplacer(c *dialect.Column) (Replacer, error) {
	steps := *c
	if isYear(c) {
		steps.Type = "smallint" // a step is no year
	}
	step, err := constantValue(&steps, g.step)
	if err != nil {
		return nil, fmt.Errorf("step: %w", err)
	}
	s := dialect.Literal{Value: step, Column: &steps}
	var e dialect.Expr = dialect.Arith{Op: '*', A: dialect.Floor{Of: dialect.Arith{Op: '/', A: dialect.Current{Column: c}, B: s}}, B: s}
	e = dialect.Cast{Of: e, Column: c}
	if c.Kind == dialect.Int {
		return g.whole(c, e), nil
	}
	// Below the first whole step there is only a part of one.
	low, high := numberRange(c)
	first := math.Ceil(low/g.step) * g.step
	bounded := c.Kind == dialect.Decimal && c.Precision > 0
	if bounded && math.Floor(low/g.step)*g.step < low {
		e = dialect.If{Cond: dialect.Compare{Column: c.Name, Op: "<", Value: numberValue(c, first)}, Then: dialect.Literal{Value: numberValue(c, first), Column: c}, Else: e}
	}
	replace := func(_ *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, errors.New("generalise: the value is no number: use random")
		}
		f = math.Floor(f/g.step) * g.step
		if c.Kind == dialect.Float {
			return strconv.FormatFloat(max(f, -high), 'g', -1, 64), nil
		}
		if bounded {
			f = max(f, first)
		}
		d, _ := parseDecimal(strconv.FormatFloat(f, 'f', max(c.Scale, 0), 64))
		return d.String(), nil
	}
	return bothWays{clientReplacer{Lossy, replace}, e}, nil
}

// whole generalises whole numbers. The column's least number may lie between two steps.
func (g generaliseStrategy) whole(c *dialect.Column, e dialect.Expr) Replacer {
	step, least := int64(g.step), minInt(c)
	if least%step != 0 {
		// Numbers below the first step become the end of the range they would share.
		first := least - least%step
		below := first
		if first < least {
			first, below = first+step, least
		}
		e = dialect.If{Cond: dialect.Compare{Column: c.Name, Op: "<", Value: first}, Then: dialect.Literal{Value: below, Column: c}, Else: e}
	}
	return bothWays{clientReplacer{Lossy, func(_ *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			low := n - ((n%step)+step)%step
			if low > n || low < least { // below the least number of the type
				low = max(n-n%step, least)
			}
			return low, nil
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil { // unsigned bigint
			return strconv.FormatUint(n-n%uint64(step), 10), nil
		}
		return nil, errors.New("generalise: the value is no whole number: use random")
	}}, e}
}

func (g generaliseStrategy) textReplacer(c *dialect.Column) (Replacer, error) {
	if c.Length > 0 && g.prefix >= c.Length {
		return nil, fmt.Errorf("column %s holds %d characters: a prefix of %d keeps all of it", c.Name, c.Length, g.prefix)
	}
	replace := func(_ *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		n := utf8.RuneCountInString(text)
		if n <= g.prefix {
			return text, nil
		}
		return string([]rune(text)[:g.prefix]) + strings.Repeat(g.fill, n-g.prefix), nil
	}
	old := dialect.Current{Column: c}
	var e dialect.Expr = dialect.Left{Of: old, N: g.prefix}
	if g.prefix == 0 {
		e = dialect.Literal{Value: "", Column: c}
	}
	if g.fill != "" {
		e = dialect.Concat{e, dialect.Repeat{Of: old, With: g.fill, Less: g.prefix}}
	}
	return bothWays{clientReplacer{Lossy, replace}, e}, nil
}

// network keeps an address's first bits and sets the others to zero; of a MAC address it keeps the
// maker's three bytes.
func (g generaliseStrategy) network(_ *Source, old dialect.Value) (dialect.Value, error) {
	text, _ := dialect.TextOf(old)
	in, ok := parseInet(text)
	switch {
	case !ok:
		return nil, errors.New("generalise: the value is no address: use random")
	case in.mac != nil:
		for i := 3; i < len(in.mac); i++ {
			in.mac[i] = 0
		}
		return in.String(), nil
	}
	bits := g.prefix6
	if in.addr.Is4() {
		bits = g.prefix
		if bits < 0 {
			bits = 24
		}
	} else if bits < 0 {
		bits = 48
	}
	in.addr = netip.PrefixFrom(in.addr, min(bits, in.addr.BitLen())).Masked().Addr()
	return in.String(), nil
}
