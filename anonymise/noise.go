package anonymise

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

// noiseDefinition: noise adds a random amount to a number: up to a fixed one, or up to a share of
// the number itself. Near an end of the column's range it moves away from that end only. Rounding
// may leave a small number unchanged.
var noiseDefinition = definition{
	Description: Description{
		Name: "noise", Doc: "a random amount is added to a number",
		Technique: "noise addition", Class: Lossy, Consistent: withModifier, InDatabase: true,
		Kinds: []dialect.Kind{dialect.Int, dialect.Decimal, dialect.Float},
		Params: []Param{
			{"relative", "the most that is added or taken away, as a share of the number: 0.1 is a tenth; {noise: 0.1} for short"},
			{"absolute", "the most that is added or taken away"},
		},
	},
	make:       makeNoise,
	refuses:    refusesNumbers,
	consistent: true,
	redraw:     true,
}

// noiseSteps is the number of steps that a share is drawn in.
const noiseSteps = 10_000

type noiseStrategy struct {
	relative, absolute float64
}

func makeNoise(v any, _ Modifiers) (Strategy, error) {
	p := readParams("noise", v, "relative")
	var n noiseStrategy
	var relative, absolute bool
	n.relative, relative = p.floatOf("relative")
	n.absolute, absolute = p.floatOf("absolute")
	switch {
	case relative && absolute:
		p.failAt("absolute", "either relative or absolute")
	case relative && (n.relative < 1.0/noiseSteps || n.relative >= 1):
		p.failAt("relative", "a share from 0.0001 to below 1")
	case absolute && n.absolute <= 0:
		p.failAt("absolute", "a number above 0")
	case !relative && !absolute && p.err == nil:
		return nil, specErrorf(p.path, "the amount is missing: {noise: 0.1} or {noise: {absolute: 5}}")
	}
	return n, p.done()
}

func (noiseStrategy) Info() Info { return noiseDefinition.info() }

func (n noiseStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	low, high := numberRange(c)
	scale := math.Inf(1) // digits behind the point that are kept
	switch c.Kind {
	case dialect.Int:
		scale = 0
	case dialect.Decimal:
		if c.Precision > 0 {
			scale = float64(c.Scale)
		}
	}
	if n.absolute > 0 && n.absolute < math.Pow(10, -scale) {
		return nil, fmt.Errorf("an amount of %v is rounded away in column %s, which is %s", n.absolute, c.Name, describeColumn(c))
	}
	if n.absolute > 0 && n.absolute > (high-low)/2 {
		return nil, fmt.Errorf("an amount of %v is more than column %s holds", n.absolute, c.Name)
	}
	r := bothWays{clientReplacer: clientReplacer{Lossy, func(s *Source, old dialect.Value) (dialect.Value, error) {
		return n.add(s, c, old, low, high)
	}}}
	if n.relative > 0 {
		r.expr = n.share(c, high)
	} else {
		r.expr = n.amount(c, low, high)
	}
	return r, nil
}

var errNoNumber = errors.New("noise: the value is no number: use random")

// add is the noise in Go. A number beyond an int64 loses its last digits: noise may do so.
func (n noiseStrategy) add(s *Source, c *dialect.Column, old dialect.Value, low, high float64) (dialect.Value, error) {
	if whole, ok := old.(int64); ok && c.Kind == dialect.Int {
		return n.addWhole(s, c, whole), nil
	}
	text, _ := dialect.TextOf(old)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errNoNumber
	}
	most := n.absolute
	if n.relative > 0 {
		most = n.relative * math.Abs(f)
	}
	g := f + (2*s.rng.Float64()-1)*most
	switch {
	case g > high:
		g = f - s.rng.Float64()*most
	case g < low:
		g = f + s.rng.Float64()*most
	}
	switch c.Kind {
	case dialect.Int:
		if g = math.Round(g); g >= math.MaxInt64 {
			return strconv.FormatFloat(g, 'f', 0, 64), nil // unsigned bigint
		}
		return int64(g), nil
	case dialect.Decimal:
		scale := c.Scale
		if c.Precision <= 0 {
			d, _ := parseDecimal(text)
			scale = len(d.fraction)
		}
		d, _ := parseDecimal(strconv.FormatFloat(g, 'f', max(scale, 0), 64))
		return d.String(), nil
	}
	return strconv.FormatFloat(g, 'g', -1, floatBits(c)), nil
}

// addWhole draws from the numbers around old in the column's range.
func (n noiseStrategy) addWhole(s *Source, c *dialect.Column, old int64) int64 {
	most := n.absolute
	if n.relative > 0 {
		most = n.relative * math.Abs(float64(old))
	}
	low, high := minInt(c), maxInt(c)
	if d := int64(most); most < math.MaxInt64 {
		low, high = max(low, addSaturating(old, -d)), min(high, addSaturating(old, d))
	}
	return randomBetween(s, min(low, old), max(high, old))
}

// addSaturating is a + b, or the end of int64 on overflow.
func addSaturating(a, b int64) int64 {
	sum := a + b
	switch {
	case b > 0 && sum < a:
		return math.MaxInt64
	case b < 0 && sum > a:
		return math.MinInt64
	}
	return sum
}

// drawnExpr is a number from low to high in steps of 1/noiseSteps. It is never a whole step: a
// factor of 1, or a summand of 0, would leave the value unchanged. It draws its constants too,
// because a literal's type could be wrong for the column.
func drawnExpr(low, high int64) dialect.Expr {
	whole := func(n int64) dialect.Expr { return dialect.RandomInt{Low: n, High: n} }
	odd := dialect.Arith{Op: '+', A: dialect.Arith{Op: '*', A: dialect.RandomInt{Low: low, High: high - 1}, B: whole(2)}, B: whole(1)}
	return dialect.Arith{Op: '/', A: odd, B: whole(2 * noiseSteps)}
}

// share is old times a number around 1.
func (n noiseStrategy) share(c *dialect.Column, high float64) dialect.Expr {
	if isYear(c) {
		return nil // its least number is above 0: through the client
	}
	steps := int64(math.Round(n.relative * noiseSteps))
	times := func(most int64) dialect.Expr {
		return roundedExpr(c, dialect.Arith{Op: '*', A: dialect.Current{Column: c}, B: drawnExpr(noiseSteps-steps, most)})
	}
	end := high / (1 + n.relative) * (1 - 1e-9)
	above, below := numberValue(c, end), numberValue(c, -end)
	outer := dialect.Any{dialect.Compare{Column: c.Name, Op: ">", Value: above}}
	if !c.Unsigned {
		outer = append(outer, dialect.Compare{Column: c.Name, Op: "<", Value: below})
	}
	return dialect.If{Cond: outer, Then: times(noiseSteps), Else: times(noiseSteps + steps)}
}

// amount is old + a part of the amount, between -1 and 1.
func (n noiseStrategy) amount(c *dialect.Column, low, high float64) dialect.Expr {
	most, err := constantValue(c, n.absolute)
	if err != nil {
		return nil // more digits than the column has: through the client
	}
	plus := func(from, to int64) dialect.Expr {
		return roundedExpr(c, dialect.Arith{
			Op: '+', A: dialect.Current{Column: c},
			B: dialect.Arith{Op: '*', A: drawnExpr(from, to), B: dialect.Literal{Value: most, Column: c}},
		})
	}
	below, above := numberValue(c, low+n.absolute), numberValue(c, high-n.absolute)
	if c.Kind == dialect.Int {
		d := int64(math.Ceil(n.absolute))
		below, above = minInt(c)+d, maxInt(c)-d
	}
	return dialect.If{
		Cond: dialect.Compare{Column: c.Name, Op: ">", Value: above},
		Then: plus(-noiseSteps, 0),
		Else: dialect.If{
			Cond: dialect.Compare{Column: c.Name, Op: "<", Value: below},
			Then: plus(0, noiseSteps),
			Else: plus(-noiseSteps, noiseSteps),
		},
	}
}

func roundedExpr(c *dialect.Column, e dialect.Expr) dialect.Expr {
	switch {
	case c.Kind == dialect.Int:
		e = dialect.Round{Of: e}
	case c.Kind == dialect.Decimal && c.Precision > 0:
		e = dialect.Round{Of: e, Digits: c.Scale}
	}
	return dialect.Cast{Of: e, Column: c}
}

// numberValue is a bound of the column's range in its canonical form, rounded towards zero.
func numberValue(c *dialect.Column, f float64) dialect.Value {
	switch c.Kind {
	case dialect.Int:
		if f >= math.MaxInt64 {
			return int64(math.MaxInt64)
		}
		return int64(f)
	case dialect.Decimal:
		scale := max(c.Scale, 0)
		unit := math.Pow10(scale)
		if whole := math.Trunc(f * unit); math.Abs(whole) < 1e15 {
			f = whole / unit
		}
		d, _ := parseDecimal(strconv.FormatFloat(f, 'f', scale, 64))
		return d.String()
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
