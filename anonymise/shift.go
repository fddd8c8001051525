package anonymise

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// shiftDefinition: shift moves dates and times: by a fixed span, or by a random one of up to
// `within` days in either direction. With `by` the span depends on the secret and on another column
// of the row. So all rows with one value there (one patient's visits) move together and keep the
// time between them.
//
// shift keeps values that are no point in time: infinity, MySQL's zero date, and 9999-12-31, by
// which people mean never.
var shiftDefinition = definition{
	Description: Description{
		Name: "shift", Doc: "dates and times move by a fixed span, a random one, or one that goes with another column's value",
		Technique: "noise addition", Class: Unique, Consistent: withModifier, Reversible: true,
		Kinds: []dialect.Kind{dialect.Date, dialect.Time, dialect.Timestamp, dialect.TimestampTZ},
		Params: []Param{
			{"days, hours, minutes, seconds", "a fixed span, the sum of them; may be negative; {shift: 30} for days"},
			{"within", "a random span of up to N days (for a time of day: hours) in either direction"},
			{"by", "a column of the same table: rows with one value there get the same random span (keyed)"},
		},
	},
	make: makeShift,
	refuses: func(*dialect.Column) []dialect.Oddity {
		return []dialect.Oddity{dialect.InvalidDate, dialect.Misfit} // shift keeps a zero date
	},
	consistent: true,
}

type shiftStrategy struct {
	span   time.Duration
	within int
	by     string
	m      Modifiers
}

const maxShiftDays = 36_500

func makeShift(v any, m Modifiers) (Strategy, error) {
	p := readParams("shift", v, "days")
	s := shiftStrategy{m: m}
	for _, unit := range []struct {
		name string
		size time.Duration
		most int
	}{
		{"days", 24 * time.Hour, maxShiftDays},
		{"hours", time.Hour, maxShiftDays * 24},
		{"minutes", time.Minute, maxShiftDays * 1440},
		{"seconds", time.Second, min(maxShiftDays*86400, math.MaxInt)}, // 32 bits hold 68 years
	} {
		s.span += time.Duration(p.int(unit.name, 0, -unit.most, unit.most)) * unit.size
	}
	s.within = p.int("within", 0, 1, maxShiftDays)
	s.by = p.textOr("by", "")
	switch {
	case p.err != nil:
	case s.within > 0 && s.span != 0:
		p.failAt("within", "either a fixed span, or a random one")
	case s.by != "" && s.within == 0:
		p.failAt("by", "the span is missing: {shift: {within: 90, by: %s}}", s.by)
	case s.within == 0 && s.span == 0:
		return nil, specErrorf(p.path, "the span is missing: {shift: {days: 30}}, or {shift: {within: 90}} for a random one")
	case s.within == 0 && m.Consistent:
		return nil, specErrorf([]string{"consistent"}, "a fixed span is consistent already: leave it out")
	}
	return s, p.done()
}

func (s shiftStrategy) Info() Info {
	i := shiftDefinition.info()
	if s.within > 0 {
		i.Class, i.Reversible = Lossy, false
		i.Keyed = s.by != ""
	} else {
		i.Consistent = true
	}
	return i
}

func (s shiftStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	unit := 24 * time.Hour
	if c.Kind == dialect.Time {
		unit = time.Hour
	}
	if c.Kind == dialect.Date && s.span%(24*time.Hour) != 0 {
		return nil, fmt.Errorf("column %s is a date, which moves by whole days", c.Name)
	}
	if c.Kind == dialect.Time && s.span%(24*time.Hour) == 0 && s.within == 0 {
		return nil, fmt.Errorf("column %s is a time of day, which whole days don't move: use hours or minutes", c.Name)
	}
	if s.within == 0 {
		return clientReplacer{Unique, func(_ *Source, old dialect.Value) (dialect.Value, error) { return shiftValue(c, old, s.span) }}, nil
	}
	draw := func(src *Source) time.Duration { return drawSpan(src, s.within, unit, c.Kind) }
	if s.by == "" {
		return clientReplacer{Lossy, func(src *Source, old dialect.Value) (dialect.Value, error) {
			return shiftValue(c, old, draw(src))
		}}, nil
	}
	domain, canon := newDomain(s.m.Group, "shift by"), byCanon(s.m.Fold)
	return rowReplacer{Lossy, []string{s.by}, func(src *Source, old dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
		by := "" // rows without a value there share a span
		if v := row(s.by); v != nil {
			by = canon.value(v)
		}
		was, err := src.keyedBy(domain, by)
		if err != nil {
			return nil, err
		}
		span := draw(src)
		src.resume(was)
		return shiftValue(c, old, span)
	}}, nil
}

// byCanon is for the column named by `by`. Its collation is unknown here: padding never counts,
// case only with `fold: true`.
func byCanon(fold string) canon {
	return canon{trim: true, foldCase: fold == "true", foldAccents: fold == "true"}
}

// drawSpan is never zero: in a whole number of units for a date, to the second else.
func drawSpan(s *Source, within int, unit time.Duration, kind dialect.Kind) time.Duration {
	step := time.Second
	if kind == dialect.Date {
		step = unit
	}
	n := randomBetween(s, 1, int64(within)*int64(unit/step))
	if s.rng.IntN(2) == 0 {
		n = -n
	}
	return time.Duration(n) * step
}

var errNoMoment = errors.New("shift: the value is no date or time of this column's kind: use random")

// shiftValue moves a value; in the other direction where the result would be outside of the
// column's range.
func shiftValue(c *dialect.Column, old dialect.Value, by time.Duration) (dialect.Value, error) {
	text, _ := dialect.TextOf(old)
	if isTimeless(text) {
		return old, nil
	}
	m, ok := parseMoment(c.Kind, text)
	if !ok {
		return nil, errNoMoment
	}
	for _, by := range []time.Duration{by, -by} {
		if moved := m.add(by); isHeld(c, moved) || !isHeld(c, m) {
			return moved.String(), nil
		}
	}
	m.t, _ = momentEnds(c) // the column's range is no longer than the span
	return m.String(), nil
}

// isTimeless reports whether a value means no point in time.
func isTimeless(text string) bool {
	return text == "infinity" || text == "-infinity" || strings.HasPrefix(text, "0000-00-00") || strings.HasPrefix(text, "9999-12-31")
}
