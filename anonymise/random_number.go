package anonymise

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// integer is a whole number in the column's range, from 1 upwards unless min or max says otherwise.
func (r randomStrategy) integer(t Target) (Replacer, error) {
	c := t.Column
	low, high := max(1, minInt(c)), maxInt(c)
	if r.min != nil {
		low = int64(math.Ceil(*r.min))
	} else if r.max != nil && *r.max < 1 {
		low = minInt(c)
	}
	if r.max != nil && *r.max < float64(high) {
		high = int64(math.Floor(*r.max))
	}
	if low < minInt(c) || low > high {
		return nil, fmt.Errorf("no number from min to max fits column %s, which holds %d to %d", c.Name, minInt(c), maxInt(c))
	}
	space := float64(high) - float64(low) + 1
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	replace := func(s *Source, _ dialect.Value) (dialect.Value, error) { return randomBetween(s, low, high), nil }
	return bothWays{clientReplacer{birthdayClass(space, t), replace}, dialect.RandomInt{Low: low, High: high}}, nil
}

// randomBetween draws a number from low to high, both included.
func randomBetween(s *Source, low, high int64) int64 {
	span := uint64(high) - uint64(low)
	if span == math.MaxUint64 {
		return int64(s.rng.Uint64())
	}
	return int64(uint64(low) + s.rng.Uint64N(span+1))
}

// decimal is a number from 0 up to the column's precision (at most 15 digits, as a double has),
// with the column's digits behind the point.
func (r randomStrategy) decimal(t Target) (Replacer, error) {
	c := t.Column
	precision, scale := c.Precision, c.Scale
	if precision <= 0 {
		precision, scale = 9, 2
	}
	precision = min(precision, 15)
	if scale = min(scale, precision); scale < 0 {
		return nil, fmt.Errorf("column %s rounds before the point: use fixed or null", c.Name)
	}
	unit := math.Pow10(scale)
	_, most := numberRange(c)
	low, high := int64(0), int64(min(math.Pow10(precision)-1, most*unit))
	if r.min != nil {
		low = int64(math.Ceil(*r.min * unit))
	}
	if r.max != nil {
		high = min(high, int64(math.Floor(*r.max*unit)))
		if r.min == nil && high < 0 {
			low = -int64(math.Pow10(precision)) + 1
		}
	}
	if low > high || low < -int64(math.Pow10(precision)) {
		return nil, fmt.Errorf("no number from min to max fits column %s", c.Name)
	}
	space := float64(high) - float64(low) + 1
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	replace := func(s *Source, _ dialect.Value) (dialect.Value, error) {
		return decimalOf(big.NewInt(randomBetween(s, low, high)), scale).String(), nil
	}
	// Literals are decoded as the column's type. It holds both ends of the range but not always a
	// power of ten to divide by.
	literal := func(d decimal) dialect.Expr { return dialect.Literal{Value: d.String(), Column: c} }
	span := decimalOf(big.NewInt(high-low), scale)
	var e dialect.Expr
	if span.fits(c) {
		e = dialect.Cast{Column: c, Of: dialect.Round{Digits: scale, Of: dialect.Arith{
			Op: '+', A: literal(decimalOf(big.NewInt(low), scale)),
			B: dialect.Arith{Op: '*', A: dialect.Random{}, B: literal(span)},
		}}}
	}
	return bothWays{clientReplacer{birthdayClass(space, t), replace}, e}, nil
}

// float is a number from 0 to 1,000,000, or to the column's maximum if that is less, unless min or
// max says otherwise.
func (r randomStrategy) float(t Target) (Replacer, error) {
	least, most := numberRange(t.Column)
	low, high := 0.0, min(1e6, most)
	if r.min != nil {
		low = *r.min
		high = min(max(high, low+1), most)
	}
	if r.max != nil {
		high = min(*r.max, most)
		if r.min == nil {
			low = max(min(low, high-1e6), least)
		}
	}
	if low > high || low < least {
		return nil, fmt.Errorf("no number from min to max fits column %s", t.Column.Name)
	}
	bits := floatBits(t.Column)
	space := math.Pow(2, 53)
	if bits == 32 {
		space = math.Pow(2, 24)
	}
	if n := declaredDigits(t.Column); n > 0 {
		space = min(space, math.Pow10(n))
	}
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	replace := func(s *Source, _ dialect.Value) (dialect.Value, error) {
		f := low + s.rng.Float64()*(high-low)
		return strconv.FormatFloat(f, 'g', -1, bits), nil
	}
	e := dialect.Arith{
		Op: '+', A: floatLiteral(t.Column, low),
		B: dialect.Arith{Op: '*', A: dialect.Random{}, B: floatLiteral(t.Column, high-low)},
	}
	return bothWays{clientReplacer{birthdayClass(space, t), replace}, dialect.Cast{Of: e, Column: t.Column}}, nil
}

func floatLiteral(c *dialect.Column, f float64) dialect.Literal {
	return dialect.Literal{Value: strconv.FormatFloat(f, 'g', -1, 64), Column: c}
}

const (
	randomFrom = "1950-01-01"
	randomTo   = "2020-12-31"
)

// moment is a day, or a second, within a plausible range.
func (r randomStrategy) moment(t Target) (Replacer, error) {
	c := t.Column
	ends := make([]moment, 2)
	for i, end := range []struct{ name, text string }{{"from", r.from}, {"to", r.to}} {
		text := end.text
		if text == "" {
			text = [2]string{randomFrom, randomTo}[i]
		}
		m, ok := parseMoment(c.Kind, text)
		if !ok {
			return nil, fmt.Errorf("%s must be written as %s", end.name, momentExample(c.Kind))
		}
		if first, last := momentEnds(c); end.text != "" && !isHeld(c, m) {
			return nil, fmt.Errorf("%s: column %s holds %s to %s", end.name, c.Name, moment{t: first, kind: c.Kind}, moment{t: last, kind: c.Kind})
		} else if m.t.Before(first) {
			m.t = first
		}
		ends[i] = m
	}
	step := time.Second
	if c.Kind == dialect.Date {
		step = 24 * time.Hour
	}
	low, span := ends[0], ends[1].t.Sub(ends[0].t)
	if span < 0 || span == math.MaxInt64 {
		return nil, errors.New("from must not be after to, nor 290 years before it")
	}
	steps := int64(span / step)
	if err := hasRoom(float64(steps)+1, t); err != nil {
		return nil, err
	}
	replace := func(s *Source, _ dialect.Value) (dialect.Value, error) {
		return low.add(time.Duration(randomBetween(s, 0, steps)) * step).String(), nil
	}
	return bothWays{
		clientReplacer{birthdayClass(float64(steps)+1, t), replace},
		dialect.RandomMoment{Low: low.String(), High: ends[1].String(), Column: c},
	}, nil
}
