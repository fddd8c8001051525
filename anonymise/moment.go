package anonymise

import (
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// moment is a date, a time of day or a timestamp, which remembers how it was
// written so that it is written so again.
type moment struct {
	t      time.Time
	kind   dialect.Kind
	offset bool // a time of day with an offset
}

var momentLayouts = map[dialect.Kind][]string{
	dialect.Date:        {"2006-01-02"},
	dialect.Time:        {"15:04:05", "15:04:05Z07", "15:04:05Z07:00", "15:04"},
	dialect.Timestamp:   {"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"},
	dialect.TimestampTZ: {"2006-01-02 15:04:05-07", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02"},
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

// parseMoment understands the canonical form and, for what people write in
// policies, ISO 8601's. Infinity, years beyond 9999 and years before Christ
// are not understood.
func parseMoment(kind dialect.Kind, s string) (moment, bool) {
	for i, layout := range momentLayouts[kind] {
		if t, err := time.Parse(layout, s); err == nil {
			return moment{t: t, kind: kind, offset: kind == dialect.Time && (i == 1 || i == 2)}, true
		}
	}
	return moment{}, false
}

// String is the canonical form.
func (m moment) String() string {
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

// add moves the moment; a time of day goes around the clock.
func (m moment) add(d time.Duration) moment {
	m.t = m.t.Add(d)
	return m
}

// isMoment reports whether the kind is a date or timestamp.
func isMoment(k dialect.Kind) bool {
	return k == dialect.Date || k == dialect.Timestamp || k == dialect.TimestampTZ
}
