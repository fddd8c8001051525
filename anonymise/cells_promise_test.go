//go:build unix

package anonymise

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// space is the number of possible replacements; infinite where there are many.
func (c *cell) space() float64 {
	switch c.column.Kind {
	case dialect.Bool:
		return 2
	case dialect.Enum, dialect.Set:
		return float64(len(c.column.Labels))
	case dialect.Bits:
		return math.Pow(2, float64(c.column.Length))
	case dialect.Int:
		if isYear(c.column) {
			return 255
		}
		return math.Pow(2, float64(intBits(c.column)-1))
	case dialect.Decimal:
		if c.column.Precision > 0 {
			return math.Pow10(c.column.Precision)
		}
	case dialect.Text:
		if c.column.Length > 0 && c.column.Length < 8 {
			return math.Pow10(c.column.Length)
		}
	}
	return math.Inf(1)
}

// stays reports whether the strategy keeps a value: it identifies nobody, can't change, or has
// nothing for the strategy to replace.
func (c *cell) stays(old dialect.Value) bool {
	text := valueText(old)
	switch c.strategy {
	case "pseudonym":
		return numberOf(old) == 0
	case "shift":
		return isTimeless(text)
	case "sequence":
		return numberOf(old) == 0
	case "noise":
		return math.Abs(numberOf(old))*0.1 <= c.unit()/2
	case "scrub":
		return !strings.Contains(text, "@x.example")
	}
	return false
}

// unit is the smallest difference between two of the column's numbers.
func (c *cell) unit() float64 {
	switch {
	case c.column.Kind == dialect.Int:
		return 1
	case c.column.Kind == dialect.Decimal && c.column.Precision > 0:
		return math.Pow10(-c.column.Scale)
	}
	return 0
}

// roundedAway is the expected number of values that noise of a tenth leaves unchanged.
func (c *cell) roundedAway() float64 {
	sum := 0.0
	for _, old := range c.old {
		if n := math.Abs(numberOf(old)); n > 0 {
			sum += min(1, c.unit()/2/(n*0.1))
		}
	}
	return sum
}

// maySame is the number of values that may remain unchanged because the value space is small.
func (c *cell) maySame(rows int) int {
	switch c.strategy {
	case "fixed", "default", "pick", "generalise", "null":
		return rows // formed has checked these
	}
	if slices.Contains([]string{"random", "fake", "noise", "json", "array"}, c.strategy) {
		chance := float64(rows) / c.space()
		if c.strategy == "noise" {
			chance = c.roundedAway()
		}
		return atMost(chance)
	}
	return 0
}

// atMost is the number of events that is exceeded once in a thousand million times, given the
// average: Poisson's distribution. There are hundreds of cells.
func atMost(average float64) int {
	term := math.Exp(-average)
	beyond := 1 - term
	n := 0
	for ; beyond > 1e-9; n++ {
		term *= average / float64(n+1)
		beyond -= term
	}
	return n
}

// least is the smallest permitted number of different values.
func (c *cell) least(were int) int {
	switch {
	case c.strategy == "fixed" || c.strategy == "null" || c.strategy == "default" || c.strategy == "generalise" || c.strategy == "mask" || c.strategy == "pick":
		return 1
	case c.class == Unique || c.class == LikelyUnique || len(c.column.Name) > 2 && c.column.Name[:2] == "uq":
		return were
	case c.strategy == "scrub":
		return 1
	}
	return int(min(float64(were)/3, math.Ceil(c.space()/3)+1))
}

// formed returns an error where a replacement lacks its strategy's form.
func (c *cell) formed(old, now dialect.Value) error {
	was, is := valueText(old), valueText(now)
	if c.column.Fixed && c.column.Kind == dialect.Text {
		was, is = strings.TrimRight(was, " "), strings.TrimRight(is, " ")
	}
	say := func(ok bool, format string, args ...any) error {
		if ok {
			return nil
		}
		return fmt.Errorf(format, args...)
	}
	matches := func(pattern string) error {
		return say(regexp.MustCompile(pattern).MatchString(is), "not like %s", pattern)
	}
	if c.column.Kind == dialect.Text && !fitsColumn(c.column, is) {
		return fmt.Errorf("longer than the column")
	}
	textual := c.column.Kind == dialect.Text
	switch c.strategy {
	case "null":
		return say(now == nil, "not NULL")
	case "default":
		return say(is == "fallback" || is == "7" || c.column.Default == nil || *c.column.Default == "NULL", "not the default")
	case "fixed", "pick":
		want := specFor(c.strategy, c.column)
		switch {
		case c.column.Kind == dialect.Enum || c.column.Kind == dialect.Set:
			return say(slices.Contains(c.column.Labels, is), "no label")
		case textual:
			return say(strings.Contains(want, `"`+is+`"`), "want %s", want)
		}
	case "mask":
		return matches(`^\**$`)
	case "generalise":
		switch {
		case textual:
			return say(strings.HasPrefix(was, is) && len([]rune(is)) <= 3, "not the first three characters")
		case isMoment(c.column.Kind):
			return say(strings.HasSuffix(is, "infinity") || strings.Contains(is, "-01-01"), "not the first day of the year")
		case c.column.Kind != dialect.Inet:
			return say(math.Mod(numberOf(now), 100) == 0 || now == minInt(c.column) || math.Abs(numberOf(now)) > 1e15, "no multiple of the step")
		}
	case "noise":
		return say(math.Abs(numberOf(now)-numberOf(old)) <= math.Abs(numberOf(old))*0.1000001+1, "changed by more than a tenth")
	case "shift":
		if c.column.Kind == dialect.Time || strings.HasSuffix(was, "infinity") {
			return nil
		}
		a, aok := parseMoment(c.column.Kind, was)
		b, bok := parseMoment(c.column.Kind, is)
		return say(aok && bok && a.t.Sub(b.t).Abs().Hours() <= 30*24+1, "moved by more than 30 days")
	case "random":
		if textual {
			return say(len([]rune(was)) == len([]rune(is)) || strings.HasPrefix(c.column.Name, "uq"), "of another length")
		}
	case "scrub":
		return say(!strings.Contains(is, "@x.example"), "an e-mail address is left")
	case "sequence":
		if textual {
			return matches(`\d$`)
		}
	case "template":
		return matches(`^user-[a-z0-9]{20}$`)
	case "hash":
		if textual {
			return matches(`^[0-9a-f]+$`)
		}
	case "json":
		return say(json.Valid([]byte(is)) || textual, "no document")
	}
	return say(now != nil && (c.column.Kind != dialect.Text || is != "" || was == "") && (c.strategy == "scrub" || !strings.Contains(is, "User0")), "nothing, or what it was")
}
