package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/expungedb/expunge/plan/internal/word"
)

// Period is a length of calendar time: years, months, days and hours. It is written `6y`, `18mo`,
// `90d`, `2w`, `36h`, or in words (`1 month`, `2 years`), parts joined by spaces. The zero Period
// is no time. None of its fields is negative.
//
// Months and years are counted as in Regulation (EEC, Euratom) No 1182/71, Article 3(2)(c): to the
// same day of another month, or to its last day if it has no such day. A month after 31 January is
// 28 or 29 February, and a year after 29 February is the 28th. time.Time.AddDate would continue
// into March: a request received on 31 January would be answered too late.
type Period struct {
	Years, Months, Days, Hours int
}

// The maximum of each part of a period: a thousand years, and for hours a hundred, as time.Duration
// ends at 292 years.
const (
	mostYears  = 1000
	mostMonths = 12 * mostYears
	mostDays   = 366 * mostYears
	mostHours  = 24 * 366 * 100
)

// ParsePeriod reads a period as policies write it. Each unit appears once, with
// a whole number before it: y, year, years; mo, month, months; w, week, weeks;
// d, day, days; h, hour, hours.
func ParsePeriod(s string) (Period, error) {
	var p Period
	s = strings.TrimSpace(s)
	if s == "" {
		return Period{}, fmt.Errorf("a period is empty: write one such as 90d, 18mo or 6y")
	}
	seen := make(map[string]bool)
	for rest := s; rest != ""; {
		number := leadingRunes(rest, func(r rune) bool { return r >= '0' && r <= '9' })
		rest = strings.TrimLeftFunc(rest[len(number):], unicode.IsSpace)
		unit := leadingRunes(rest, func(r rune) bool { return !unicode.IsSpace(r) })
		rest = strings.TrimLeftFunc(rest[len(unit):], unicode.IsSpace)
		if first, _ := utf8.DecodeRuneInString(unit); number == "" || !unicode.IsLetter(first) {
			return Period{}, fmt.Errorf("%s is not a period: write one such as 90d, 18mo or 6y", word.Printable(s))
		}
		n, tooLarge := strconv.Atoi(number)
		part, times, most := p.partOf(unit)
		switch {
		case unit == "m" || unit == "min":
			return Period{}, fmt.Errorf("%s is not a period: months are written mo, and minutes are not counted", word.Printable(s))
		case part == nil:
			return Period{}, fmt.Errorf("%s is not a period: a unit is one of y, mo, w, d, h", word.Printable(s))
		case seen[unit[:1]]:
			return Period{}, fmt.Errorf("%s has the unit %s twice", word.Printable(s), unit)
		case tooLarge != nil || n > most/times || *part+n*times > most:
			return Period{}, fmt.Errorf("%s is too long for a period: at most %d years, or %d hours", word.Printable(s), mostYears, mostHours)
		}
		seen[unit[:1]] = true
		*part += n * times
	}
	return p, nil
}

// partOf is the field of a unit, how many of the field's unit make one, and the field's limit; nil
// for an unknown unit. No two units share an initial.
func (p *Period) partOf(unit string) (field *int, times, most int) {
	switch unit {
	case "y", "year", "years":
		return &p.Years, 1, mostYears
	case "mo", "month", "months":
		return &p.Months, 1, mostMonths
	case "w", "week", "weeks":
		return &p.Days, 7, mostDays
	case "d", "day", "days":
		return &p.Days, 1, mostDays
	case "h", "hour", "hours":
		return &p.Hours, 1, mostHours
	}
	return nil, 1, 0
}

// leadingRunes is the longest prefix of s with only runes of the set in.
func leadingRunes(s string, in func(rune) bool) string {
	for i, r := range s {
		if !in(r) || r == utf8.RuneError {
			return s[:i]
		}
	}
	return s
}

// String is the period in its canonical form, for ParsePeriod to read: the nonzero parts, largest
// first, weeks as days ("1y 6mo", "14d"); "0d" for the zero Period.
func (p Period) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "y"}, {p.Months, "mo"}, {p.Days, "d"}, {p.Hours, "h"}} {
		if part.n != 0 {
			parts = append(parts, strconv.Itoa(part.n)+part.unit)
		}
	}
	if len(parts) == 0 {
		return "0d"
	}
	return strings.Join(parts, " ")
}

// MarshalText is String, so that a period is a string in JSON.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePeriod.
func (p *Period) UnmarshalText(text []byte) error {
	q, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = q
	return nil
}

// IsZero reports whether the period is zero.
func (p Period) IsZero() bool { return p == Period{} }

// After returns the moment one period after t, in t's location: years and months first, then days,
// then hours.
func (p Period) After(t time.Time) time.Time {
	t = addMonths(t, 12*p.Years+p.Months)
	return t.AddDate(0, 0, p.Days).Add(time.Duration(p.Hours) * time.Hour)
}

// Before returns the moment one period before t, in t's location: hours first, then days, then
// years and months. It undoes After in reverse order.
//
// In UTC no period ends too early: each moment m before p.Before(t) has p.After(m) not after t. So
// rows dated before it have outlived a retention period, and rows dated from it on are still under
// a hold. A row of 31 January with a hold of a month is free at the end of 28 February, and so ends
// the Regulation's period.
func (p Period) Before(t time.Time) time.Time {
	t = t.Add(-time.Duration(p.Hours)*time.Hour).AddDate(0, 0, -p.Days)
	return addMonths(t, -(12*p.Years + p.Months))
}

// addMonths moves t by n months to the same day, or to the month's last one.
func addMonths(t time.Time, n int) time.Time {
	if n == 0 {
		return t
	}
	moved := t.AddDate(0, n, 0)
	if moved.Day() != t.Day() {
		// AddDate moved past the end of the month, by as many days as its day.
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved
}

// longestPeriod returns the period with the latest end if all begin at from: this decides between 1mo and
// 30d. It is the zero Period for none.
func longestPeriod(from time.Time, periods ...Period) Period {
	var longest Period
	for _, p := range periods {
		if p.After(from).After(longest.After(from)) {
			longest = p
		}
	}
	return longest
}
