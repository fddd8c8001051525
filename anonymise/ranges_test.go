package anonymise

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Types hold less than their kinds: replacements keep within the type.
func TestPitfall13ReplacementsKeepWithinTheType(t *testing.T) {
	stamp := &dialect.Column{Name: "x", Kind: dialect.TimestampTZ, Type: "timestamp"} // MySQL: 1970 to 2038
	zoned := &dialect.Column{Name: "x", Kind: dialect.TimestampTZ, Type: "timestamp(0) with time zone"}
	small := &dialect.Column{Name: "x", Kind: dialect.Timestamp, Type: "smalldatetime"}
	year := &dialect.Column{Name: "x", Kind: dialect.Int, Type: "year", Precision: 16}
	big := &dialect.Column{Name: "x", Kind: dialect.Int, Type: "bigint unsigned", Precision: 64, Unsigned: true}
	money := &dialect.Column{Name: "x", Kind: dialect.Decimal, Type: "numeric(6,2)", Precision: 6, Scale: 2}
	for _, c := range []struct {
		spec      string
		column    *dialect.Column
		old, want dialect.Value
	}{
		{`{"shift":30}`, stamp, "2038-01-19 03:14:07+00", "2037-12-20 03:14:07+00"},
		{`{"shift":-30}`, stamp, "1970-01-01 00:00:01+00", "1970-01-31 00:00:01+00"},
		{`{"shift":30000}`, stamp, "2000-01-01 00:00:00+00", "1970-01-01 00:00:01+00"},
		{`{"shift":30}`, zoned, "2038-01-19 03:14:07+00", "2038-02-18 03:14:07+00"},
		{`{"shift":30}`, small, "2079-06-06 23:59:00", "2079-05-07 23:59:00"},
		{`{"generalise":"year"}`, stamp, "1970-06-30 10:00:00+00", "1970-01-01 00:00:01+00"},
		{`{"generalise":"day"}`, stamp, "1970-06-30 10:00:00+00", "1970-06-30 00:00:00+00"},
		{`{"generalise":"year"}`, zoned, "1970-06-30 10:00:00+00", "1970-01-01 00:00:00+00"},
		{`{"generalise":{"step":100}}`, integer(8), int64(-128), int64(-100)},
		{`{"generalise":{"step":100}}`, year, int64(1950), int64(1901)},
		{`{"generalise":{"step":100}}`, big, "18446744073709551615", "18446744073709551600"},
		{`{"generalise":{"step":100}}`, money, "-9999.99", "-9900.00"},
		{`{"generalise":{"step":100}}`, money, "-9850.00", "-9900.00"},
	} {
		if got := replace(t, bind(t, c.spec, Target{Column: c.column, Rows: -1}), source(t), c.old); got != c.want {
			t.Errorf("%s on %s: %v became %v, want %v", c.spec, c.column.Type, c.old, got, c.want)
		}
	}
	for _, c := range []*dialect.Column{stamp, small, year, {Name: "x", Kind: dialect.Decimal, Type: "smallmoney", Precision: 10, Scale: 4}} {
		r, s := bind(t, `"random"`, Target{Column: c, Rows: -1}), source(t)
		low, high := numberRange(c)
		for range 2000 {
			v := replace(t, r, s, "0")
			if text, _ := dialect.TextOf(v); isMoment(c.Kind) {
				if m, ok := parseMoment(c.Kind, text); !ok || !isHeld(c, m) {
					t.Fatalf("%s can't hold %s", c.Type, text)
				}
			} else if d, ok := parseDecimal(text); !ok || len(d.whole) > 6 || !within(d, low, high) {
				t.Fatalf("%s can't hold %s", c.Type, text)
			}
		}
	}
	for _, c := range []struct {
		spec   string
		column *dialect.Column
		want   string
	}{
		{`{"random":{"from":"1960-01-01"}}`, stamp, "holds 1970-01-01 00:00:01+00 to 2038-01-19 03:14:07+00"},
		{`{"fixed":"2080-01-01"}`, small, "from 1900-01-01 00:00:00 to 2079-06-06 23:59:00"},
		{`"pseudonym"`, year, "use random or noise"},
		{`"sequence"`, year, "no room for row numbers"},
		{`"sequence"`, &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 3, Scale: 3}, "no room for row numbers"},
	} {
		_, err := strategy(t, c.spec).Bind(Target{Column: c.column, Rows: -1, Key: []string{"id"}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.spec, err, c.want)
		}
	}
}

func within(d decimal, low, high float64) bool {
	f := numberOf(d.String())
	return f >= low && f <= high
}

func numberOf(v dialect.Value) float64 {
	text, _ := dialect.TextOf(v)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// A share of 0 would leave a value unchanged.
func TestNoiseInTheDatabaseIsNeverNothing(t *testing.T) {
	e, _ := bind(t, `{"noise":0.1}`, Target{Column: integer(32), Rows: -1}).Expr()
	share := e.(dialect.If).Else.(dialect.Cast).Of.(dialect.Round).Of.(dialect.Arith).B.(dialect.Arith)
	doubled := share.A.(dialect.Arith)
	if doubled.B != (dialect.RandomInt{Low: 1, High: 1}) || doubled.A.(dialect.Arith).B != (dialect.RandomInt{Low: 2, High: 2}) || share.B != (dialect.RandomInt{Low: 20000, High: 20000}) {
		t.Errorf("the share is %#v, want an odd number of 20,000", share)
	}
}
