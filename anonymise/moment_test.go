package anonymise

import (
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// TestFarDates: PostgreSQL's years reach further than other engines'.
func TestFarDates(t *testing.T) {
	for _, test := range []struct {
		kind           dialect.Kind
		text, tomorrow string
	}{
		{dialect.Date, "0044-03-15 BC", "0044-03-16 BC"},
		{dialect.Date, "0001-12-31 BC", "0001-01-01"},
		{dialect.Date, "0005-02-28 BC", "0005-02-29 BC"},
		{dialect.Date, "9999-12-31", "10000-01-01"},
		{dialect.Date, "294276-12-30", "294276-12-31"},
		{dialect.Timestamp, "0044-03-15 12:34:56.5 BC", "0044-03-16 12:34:56.5 BC"},
		{dialect.TimestampTZ, "12345-06-07 08:09:10+00", "12345-06-08 08:09:10+00"},
		{dialect.TimestampTZ, "0044-03-15 12:34:56+00 BC", "0044-03-16 12:34:56+00 BC"},
	} {
		m, ok := parseMoment(test.kind, test.text)
		if !ok || m.String() != test.text {
			t.Errorf("%s is read as %v, %t", test.text, m, ok)
		}
		if next := m.add(24 * time.Hour).String(); next != test.tomorrow {
			t.Errorf("the day after %s is %s, want %s", test.text, next, test.tomorrow)
		}
	}
	for _, none := range []string{"0000-00-00", "1984-00-00", "infinity", "-infinity", "0044-13-15 BC", "99999999-01-01", ""} {
		if m, ok := parseMoment(dialect.Date, none); ok {
			t.Errorf("%q is read as %v", none, m)
		}
	}
}
