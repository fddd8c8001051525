package anonymise

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
)

func TestRandomKeepsTheShape(t *testing.T) {
	column := func(k dialect.Kind) *dialect.Column { return &dialect.Column{Name: "x", Kind: k} }
	elements := column(dialect.Array)
	elements.Element = text(0)
	for _, c := range []struct {
		column    *dialect.Column
		old, want string
	}{
		{text(80), "", `^$`},
		{text(80), "Ann Smith", `^[A-Z][a-z]{2} [A-Z][a-z]{4}$`},
		{text(80), "+44 (0)20-7946", `^\+\d\d \(\d\)\d\d-\d{4}$`},
		{text(80), "Zoë Łuk٣", `^[A-Z][a-z][a-z] [a-z]{4}$`},
		{text(80), "🙂 -- !", `^🙂 -- !$`},
		{column(dialect.Time), "10:11:12", `^\d\d:\d\d:\d\d$`},
		{column(dialect.Time), "10:11:12+02", `^\d\d:\d\d:\d\d\+02$`},
		{column(dialect.Inet), "192.0.2.44", `^10\.\d+\.\d+\.\d+$`},
		{column(dialect.Inet), "192.0.2.0/24", `^10\.\d+\.\d+\.0/24$`},
		{column(dialect.Inet), "2001:db8::1", `^fd[0-9a-f]{2}:`},
		{column(dialect.Inet), "08:00:2b:01:02:03", `^[0-9a-f][26ae](:[0-9a-f]{2}){5}$`},
		{column(dialect.JSON), `{"name": "Ann", "n": [10, -0.5, 1e3], "t": true, "z": null}`, `^{"name":"[A-Z][a-z]{2}","n":\[[1-9]\d,-0\.\d,[1-9]e3\],"t":(true|false),"z":null}$`},
		{column(dialect.JSON), `not json`, `^"[a-z]{3} [a-z]{4}"$`},
		{column(dialect.XML), `<?xml version="1.0"?><!-- Ann --><a b="Ann &amp; Co">Smith &lt; <![CDATA[J<r]]></a>`, `^<\?xml version="1.0"\?><a b="[A-Z][a-z]{2} &amp; [A-Z][a-z]">[A-Z][a-z]{4} &lt; <!\[CDATA\[[A-Z]<[a-z]\]\]></a>$`},
		{column(dialect.Bits), "10101", `^[01]{5}$`},
		{elements, `{ann,"smith, jr",NULL,{"a\"b"},null}`, `^\{[a-z]{3},"[a-z]{5}, [a-z]{2}",NULL,\{"[a-z]\\"[a-z]"\},NULL\}$`},
	} {
		r := bind(t, `"random"`, Target{Column: c.column, Rows: -1})
		v, _ := dialect.TextOf(replace(t, r, source(t), c.old))
		if !regexp.MustCompile(c.want).MatchString(v) {
			t.Errorf("random %s: %q became %q, want %s", c.column.Kind, c.old, v, c.want)
		}
	}
}

func TestRandomRanges(t *testing.T) {
	for _, c := range []struct {
		spec      string
		column    *dialect.Column
		low, high float64
	}{
		{`"random"`, integer(16), 1, 32767},
		{`{"random":{"min":18,"max":90}}`, integer(16), 18, 90},
		{`{"random":{"max":-5}}`, integer(8), -128, -5},
		{`{"random":{"min":0.5,"max":0.75}}`, &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 4, Scale: 2}, 0.5, 0.75},
		{`"random"`, &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 3, Scale: 3}, 0, 0.999},
		{`{"random":{"min":-1,"max":1}}`, &dialect.Column{Name: "x", Kind: dialect.Float}, -1, 1},
		{`"random"`, &dialect.Column{Name: "x", Kind: dialect.Float, Type: "float(5,2) unsigned", Precision: 32, Scale: 2, Unsigned: true}, 0, 999.99},
	} {
		r := bind(t, c.spec, Target{Column: c.column, Rows: -1})
		s := source(t)
		for range 1000 {
			text, _ := dialect.TextOf(replace(t, r, s, "0"))
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || f < c.low || f > c.high {
				t.Fatalf("%s: %s is not from %v to %v", c.spec, text, c.low, c.high)
			}
			if _, err := constantOf(c.column, replace(t, r, s, "0")); err != nil {
				t.Fatalf("%s: %v", c.spec, err)
			}
		}
	}
	r := bind(t, `{"random":{"from":"2000-01-01","to":"2000-01-03"}}`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Date}, Rows: -1})
	s := source(t)
	seen := map[dialect.Value]bool{}
	for range 100 {
		seen[replace(t, r, s, "1999-01-01")] = true
	}
	if len(seen) != 3 || !seen["2000-01-01"] || !seen["2000-01-03"] {
		t.Errorf("dates from the 1st to the 3rd: %v", seen)
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ spec, old, want string }{
		{`"mask"`, "Ann", "***"},
		{`{"mask":{"first":1}}`, "Ann", "A**"},
		{`{"mask":{"first":1,"last":2,"with":"x"}}`, "Smithers", "Sxxxxxrs"},
		{`{"mask":{"first":1,"last":2}}`, "Ann", "***"},
		{`{"mask":{"first":1,"last":2}}`, "An", "**"},
		{`{"mask":{"last":1}}`, "Zoë", "**ë"},
		{`{"mask":{"first":2}}`, "", ""},
		{`{"mask":{"match":"[^@.]"}}`, "ann@mail.test", "***@****.****"},
		{`{"mask":{"match":"[0-9]+","with":"#"}}`, "flat 12, 4th", "flat ##, #th"},
	} {
		if got := replace(t, bind(t, c.spec, Target{Column: text(40), Rows: -1}), source(t), c.old); got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.spec, c.old, got, c.want)
		}
	}
}

func TestShift(t *testing.T) {
	for _, c := range []struct {
		spec string
		kind dialect.Kind
		old  string
		want string
	}{
		{`{"shift":30}`, dialect.Date, "2000-01-31", "2000-03-01"},
		{`{"shift":{"days":-1}}`, dialect.Date, "2000-03-01", "2000-02-29"},
		{`{"shift":{"days":1,"hours":2,"minutes":-3,"seconds":4}}`, dialect.Timestamp, "2000-01-01 00:00:00.25", "2000-01-02 01:57:04.25"},
		{`{"shift":{"hours":2}}`, dialect.TimestampTZ, "1999-12-31 23:00:00+00", "2000-01-01 01:00:00+00"},
		{`{"shift":{"hours":2}}`, dialect.Time, "23:00:00+02", "01:00:00+02"},
		{`{"shift":30}`, dialect.Timestamp, "infinity", "infinity"},
		{`{"shift":30}`, dialect.Date, "9999-12-31", "9999-12-31"},
		{`{"shift":30}`, dialect.Date, "9999-12-20", "9999-11-20"},
		{`{"shift":30}`, dialect.Date, "0000-00-00", "0000-00-00"},
		{`{"shift":-30}`, dialect.Date, "0001-01-01", "0001-01-31"},
	} {
		r := bind(t, c.spec, Target{Column: &dialect.Column{Name: "x", Kind: c.kind}, Rows: -1})
		if got := replace(t, r, source(t), c.old); got != c.want {
			t.Errorf("%s: %s became %s, want %s", c.spec, c.old, got, c.want)
		}
	}
	r := bind(t, `{"shift":30}`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Date}, Rows: -1})
	if _, err := r.Replace(source(t), "Ann's birthday"); err == nil || strings.Contains(err.Error(), "Ann") {
		t.Errorf("no date in a date column: %v", err)
	}
}

func TestShiftByKeepsTheTimeBetween(t *testing.T) {
	c := &dialect.Column{Name: "x", Kind: dialect.Date}
	r := bind(t, `{"shift":{"within":100,"by":"patient"}}`, Target{Column: c, Rows: -1}).(RowReplacer)
	if got := r.Needs(); len(got) != 1 || got[0] != "patient" {
		t.Fatalf("it needs %v", got)
	}
	moved := func(patient dialect.Value, day string) time.Time {
		v, err := r.ReplaceRow(source(t), day, func(string) dialect.Value { return patient })
		if err != nil {
			t.Fatal(err)
		}
		m, _ := parseMoment(dialect.Date, v.(string))
		return m.t
	}
	spans := map[time.Duration]bool{}
	for patient := range int64(20) {
		first, second := moved(patient, "2000-01-01"), moved(patient, "2000-01-11")
		if second.Sub(first) != 240*time.Hour {
			t.Fatal("the time between two visits changed")
		}
		span := first.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
		if span == 0 || span.Abs() > 100*24*time.Hour {
			t.Fatalf("moved by %s", span)
		}
		spans[span] = true
	}
	if len(spans) < 15 {
		t.Errorf("20 patients moved by %d spans", len(spans))
	}
	if _, err := r.Replace(source(t), "2000-01-01"); err == nil {
		t.Error("Replace without the row worked")
	}
}

func TestNoise(t *testing.T) {
	for _, c := range []struct {
		spec      string
		column    *dialect.Column
		old       dialect.Value
		low, high float64
	}{
		{`{"noise":0.1}`, integer(32), int64(1000), 900, 1100},
		{`{"noise":0.1}`, integer(32), int64(-1000), -1100, -900},
		{`{"noise":0.1}`, integer(16), int64(32767), 29490, 32767},
		{`{"noise":{"absolute":50}}`, integer(16), int64(-32768), -32768, -32718},
		{`{"noise":{"absolute":50}}`, integer(64), int64(math.MaxInt64), 9223372036854775757, math.MaxInt64},
		{`{"noise":{"absolute":50}}`, integer(64), int64(math.MinInt64), math.MinInt64, -9223372036854775758},
		{`{"noise":{"absolute":0.5}}`, &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 4, Scale: 2}, "99.99", 99.49, 99.99},
		{`{"noise":0.5}`, &dialect.Column{Name: "x", Kind: dialect.Float}, "1e3", 500, 1500},
	} {
		r := bind(t, c.spec, Target{Column: c.column, Rows: -1})
		s := source(t)
		seen := map[string]bool{}
		for range 1000 {
			v := replace(t, r, s, c.old)
			if _, err := constantOf(c.column, v); err != nil && c.column.Kind != dialect.Float {
				t.Fatalf("%s: %v", c.spec, err)
			}
			text, _ := dialect.TextOf(v)
			seen[text] = true
			if f, err := strconv.ParseFloat(text, 64); err != nil || f < c.low || f > c.high {
				t.Fatalf("%s: %s is not from %v to %v", c.spec, text, c.low, c.high)
			}
		}
		if len(seen) < 40 {
			t.Errorf("%s: only %d values", c.spec, len(seen))
		}
	}
}

func TestGeneralise(t *testing.T) {
	column := func(k dialect.Kind) *dialect.Column { return &dialect.Column{Name: "x", Kind: k} }
	for _, c := range []struct {
		spec      string
		column    *dialect.Column
		old, want dialect.Value
	}{
		{`{"generalise":"year"}`, column(dialect.Date), "1984-06-30", "1984-01-01"},
		{`{"generalise":"month"}`, column(dialect.Timestamp), "1984-06-30 10:11:12.5", "1984-06-01 00:00:00"},
		{`{"generalise":"hour"}`, column(dialect.TimestampTZ), "1984-06-30 10:11:12+00", "1984-06-30 10:00:00+00"},
		{`{"generalise":"year"}`, column(dialect.Timestamp), "infinity", "infinity"},
		{`{"generalise":{"step":10}}`, integer(32), int64(37), int64(30)},
		{`{"generalise":{"step":10}}`, integer(32), int64(-37), int64(-40)},
		{`{"generalise":{"step":100}}`, integer(8), nil, nil},
		{`{"generalise":{"step":0.5}}`, &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 5, Scale: 2}, "12.74", "12.50"},
		{`{"generalise":{"prefix":3}}`, text(10), "SW1A 1AA", "SW1"},
		{`{"generalise":{"prefix":2,"fill":"0"}}`, text(10), "10115", "10000"},
		{`{"generalise":{"prefix":3}}`, text(10), "Zo", "Zo"},
		{`{"generalise":{"prefix":16}}`, column(dialect.Inet), "192.0.2.44", "192.0.0.0"},
		{`{"generalise":{}}`, column(dialect.Inet), "2001:db8:1:2::3", "2001:db8:1::"},
		{`{"generalise":{}}`, column(dialect.Inet), "08:00:2b:01:02:03", "08:00:2b:00:00:00"},
	} {
		c.column.Nullable = true
		if got := replace(t, bind(t, c.spec, Target{Column: c.column, Rows: -1}), source(t), c.old); got != c.want {
			t.Errorf("%s: %v became %v, want %v", c.spec, c.old, got, c.want)
		}
	}
}

func TestPickWeights(t *testing.T) {
	r := bind(t, `{"pick":{"from":["a","b","c"],"weights":[1,0,3]}}`, Target{Column: text(1), Rows: -1})
	s := source(t)
	n := map[dialect.Value]float64{}
	for range 4000 {
		n[replace(t, r, s, "z")]++
	}
	if n["b"] != 0 || math.Abs(n["a"]-1000) > 150 {
		t.Errorf("weights 1, 0, 3 give %v", n)
	}
}

func TestTemplate(t *testing.T) {
	row := func(string) dialect.Value { return int64(4711) }
	for _, c := range []struct{ template, want string }{
		{"user-{{seq}}@shop.example", `^user-\d{4}@shop\.example$`},
		{"{{ seq order_id }}/{{digits 3}}", `^\d{4}/\d{3}$`},
		{"{{letters 3}}{{hex 4}}{{chars 5}}", `^[a-z]{3}[0-9a-f]{4}[a-z0-9]{5}$`},
		{"{{fake first-name}} {{fake LastName}} {x}", `^[A-Z]\S+ [A-Z].* \{x\}$`},
		{"{{uuid}}", `^[0-9a-f-]{36}$`},
	} {
		r := bind(t, fmt.Sprintf(`{"template":%q}`, c.template), Target{Column: text(60), Rows: -1, Key: []string{"id"}})
		var v dialect.Value
		if rr, ok := r.(RowReplacer); ok {
			v, _ = rr.ReplaceRow(source(t), "old", row)
		} else {
			v = replace(t, r, source(t), "old")
		}
		if !regexp.MustCompile(c.want).MatchString(v.(string)) {
			t.Errorf("%s gives %q, want %s", c.template, v, c.want)
		}
	}
	for _, c := range []struct{ template, want string }{
		{"fixed", "nothing in it is made up"},
		{"{{seq", "{{ without }}"},
		{"seq}}", "}} without {{"},
		{"{{secuence}}", "unknown part"},
		{"{{digits}}", "needs a number"},
		{"{{digits 100000}}", "from 1 to 1000"},
		{"{{fake emial}}", "did you mean email?"},
		{"{{uuid 4}}", "nothing else"},
	} {
		_, err := New(Spec{Name: "template", Params: c.template})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", c.template, err, c.want)
		}
	}
}

func TestCheckDigits(t *testing.T) {
	s := source(t)
	card := bind(t, `"card"`, Target{Column: text(30), Rows: -1})
	iban := bind(t, `"iban"`, Target{Column: text(40), Rows: -1})
	for range 500 {
		v := replace(t, card, s, "4111-1111-1111-1111").(string)
		plain, _ := onlyDigits(v)
		if luhnDigit(plain) != 0 || !regexp.MustCompile(`^4\d{3}(-\d{4}){3}$`).MatchString(v) {
			t.Fatalf("card %s", v)
		}
		v = replace(t, iban, s, "DE89 3704 0044 0532 0130 00").(string)
		if !isIBAN(strings.ReplaceAll(v, " ", "")) || !regexp.MustCompile(`^DE\d\d( \d{4}){4} \d\d$`).MatchString(v) {
			t.Fatalf("IBAN %s", v)
		}
	}
	if v := replace(t, card, s, "none yet").(string); !regexp.MustCompile(`^[a-z]{4} [a-z]{3}$`).MatchString(v) {
		t.Errorf("what is no card number became %q", v)
	}
	for number, ok := range map[string]bool{"79927398713": true, "79927398710": false, "378282246310005": true} {
		if (luhnDigit(number) == 0) != ok {
			t.Errorf("luhn of %s", number)
		}
	}
	for number, ok := range map[string]bool{"GB82WEST12345698765432": true, "gb82west12345698765432": true, "GB83WEST12345698765432": false, "FR1420041010050500013M02606": true, "XX": false} {
		if isIBAN(number) != ok {
			t.Errorf("%s: valid %v", number, !ok)
		}
	}
}

func TestArrayElements(t *testing.T) {
	column := &dialect.Column{Name: "x", Kind: dialect.Array, Type: "integer[]", Element: integer(32)}
	r := bind(t, `{"array":"pseudonym"}`, Target{Column: column, Rows: -1})
	one := replace(t, bind(t, `"pseudonym"`, Target{Column: integer(32), Rows: -1}), source(t), int64(42))
	want := fmt.Sprintf("[0:1]={%v,NULL,%v}", one, one)
	if got := replace(t, r, source(t), "[0:1]={42,NULL,42}"); got != want {
		t.Errorf("elements of {42,NULL,42} become %v, want %s", got, want)
	}
	for _, broken := range []string{"", "{", "}", "{a", `{"a}`, "a", "[x]={a}", "{a}}"} {
		if v, err := r.Replace(source(t), broken); err == nil {
			t.Errorf("%q became %v", broken, v)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"user-{{seq}}", "{{digits 3}}", "{{fake email}}", "{{", "}}", "{{seq a}}{{hex 2}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		st, err := New(Spec{Name: "template", Params: in})
		if err != nil {
			return
		}
		r, err := st.Bind(Target{Column: text(200), Rows: 10, Key: []string{"id"}})
		if err != nil {
			return
		}
		row, ok := r.(RowReplacer)
		if !ok {
			return
		}
		if v, err := row.ReplaceRow(source(t), "x", func(string) dialect.Value { return int64(7) }); err == nil && !fitsColumn(text(200), v.(string)) {
			t.Fatal("too long for the column")
		}
	})
}

func FuzzArray(f *testing.F) {
	for _, seed := range []string{`{}`, `{a,b}`, `{"a,b",NULL}`, `{{1,2},{3,4}}`, `[1:2]={a,b}`, `{"\\x"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		same := func(v dialect.Value) (dialect.Value, error) { return v, nil }
		once, err := mapArray(in, same)
		if err != nil {
			return
		}
		if twice, err := mapArray(once, same); err != nil || twice != once {
			t.Fatalf("%q → %q → %q, %v", in, once, twice, err)
		}
	})
}
