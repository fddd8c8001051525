package anonymise

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// moment is a date, a time of day or a timestamp. It remembers its form, so that String writes the
// same form.
type moment struct {
	t      time.Time
	kind   dialect.Kind
	offset bool // a time of day with an offset
}

var momentLayouts = map[dialect.Kind][]string{
	dialect.Date:        {"2006-01-02"},
	dialect.Time:        {"15:04:05", "15:04:05Z07", "15:04:05Z07:00", "15:04"},
	dialect.Timestamp:   {"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"},
	dialect.TimestampTZ: {"2006-01-02 15:04:05-07", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05-07", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"},
}

func momentExample(k dialect.Kind) string {
	switch k {
	case dialect.Date:
		return "2006-01-31"
	case dialect.Time:
		return "15:04:05"
	case dialect.TimestampTZ:
		return "2006-01-31 15:04:05+00"
	}
	return "2006-01-31 15:04:05"
}

// parseMoment parses the canonical form, with PostgreSQL's years beyond 9999 and before Christ, and
// ISO 8601's forms, which people write in policies. Infinity is no moment.
func parseMoment(kind dialect.Kind, s string) (moment, bool) {
	if m, ok := parseUsual(kind, s); ok {
		return m, true
	}
	parts := farDate.FindStringSubmatch(s)
	if parts == nil || kind == dialect.Time {
		return moment{}, false
	}
	year, err := strconv.Atoi(parts[1])
	if parts[3] != "" {
		year = 1 - year // 1 BC is the year 0
	}
	if err != nil || parts[3] == "" && len(parts[1]) == 4 {
		return moment{}, false
	}
	near := nearYear(year)
	m, ok := parseUsual(kind, strconv.Itoa(near)+parts[2])
	m.t = m.t.AddDate(year-near, 0, 0)
	return m, ok
}

// farDate is a year, the rest, and the era
// (https://www.postgresql.org/docs/current/datatype-datetime.html).
var farDate = regexp.MustCompile(`^(\d{4,6})(-\d\d-\d\d.*?)( BC)?$`)

// nearYear is a year from 2000 to 2399 with the same calendar, which repeats every 400 years.
func nearYear(year int) int { return 2000 + ((year%400)+400)%400 }

func parseUsual(kind dialect.Kind, s string) (moment, bool) {
	for i, layout := range momentLayouts[kind] {
		if t, err := time.Parse(layout, s); err == nil {
			return moment{t: t, kind: kind, offset: kind == dialect.Time && (i == 1 || i == 2)}, true
		}
	}
	return moment{}, false
}

// String is the canonical form.
func (m moment) String() string {
	year := m.t.Year()
	if m.kind == dialect.TimestampTZ {
		year = m.t.UTC().Year()
	}
	if m.kind == dialect.Time || year >= 1 && year <= 9999 {
		return m.usual()
	}
	near := nearYear(year)
	rest := moment{m.t.UTC().AddDate(near-year, 0, 0), m.kind, m.offset}.usual()[4:]
	if year < 1 {
		return fmt.Sprintf("%04d%s BC", 1-year, rest)
	}
	return strconv.Itoa(year) + rest
}

func (m moment) usual() string {
	switch m.kind {
	case dialect.Date:
		return m.t.Format("2006-01-02")
	case dialect.Time:
		if m.offset {
			return strings.TrimSuffix(m.t.Format("15:04:05.999999-07:00"), ":00")
		}
		return m.t.Format("15:04:05.999999")
	case dialect.TimestampTZ:
		return m.t.UTC().Format("2006-01-02 15:04:05.999999") + "+00"
	}
	return m.t.Format("2006-01-02 15:04:05.999999")
}

// add moves the moment; a time of day wraps around at midnight.
func (m moment) add(d time.Duration) moment {
	m.t = m.t.Add(d)
	return m
}

// isMoment reports whether the kind is a date or timestamp.
func isMoment(k dialect.Kind) bool {
	return k == dialect.Date || k == dialect.Timestamp || k == dialect.TimestampTZ
}
