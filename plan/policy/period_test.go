package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParsePeriod(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Period
		form string // the canonical form
	}{
		{"6y", Period{Years: 6}, "6y"},
		{"1 year", Period{Years: 1}, "1y"},
		{"2 years", Period{Years: 2}, "2y"},
		{"18mo", Period{Months: 18}, "18mo"},
		{"1 month", Period{Months: 1}, "1mo"},
		{"2 months", Period{Months: 2}, "2mo"},
		{"2w", Period{Days: 14}, "14d"},
		{"1 week", Period{Days: 7}, "7d"},
		{"90d", Period{Days: 90}, "90d"},
		{"1 day", Period{Days: 1}, "1d"},
		{"36h", Period{Hours: 36}, "36h"},
		{"12 hours", Period{Hours: 12}, "12h"},
		{"1y 6mo", Period{Years: 1, Months: 6}, "1y 6mo"},
		{"  6mo\t1 year ", Period{Years: 1, Months: 6}, "1y 6mo"},
		{"1w 3d 4h", Period{Days: 10, Hours: 4}, "10d 4h"},
		{"0d", Period{}, "0d"},
		{"1000y", Period{Years: 1000}, "1000y"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParsePeriod(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want || got.String() != tt.form {
				t.Errorf("%#v, written %s; want %#v, written %s", got, got, tt.want, tt.form)
			}
		})
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	for text, reason := range map[string]string{
		"":                          "is empty",
		" ":                         "is empty",
		"d":                         "is not a period",
		"90":                        "is not a period",
		"-1d":                       "is not a period",
		"+1d":                       "is not a period",
		"1.5y":                      "is not a period",
		"1d,2h":                     "a unit is one of",
		"1y6mo":                     "a unit is one of",
		"3m":                        "months are written mo",
		"3M":                        "a unit is one of",
		"1 d 2d":                    "twice",
		"1w 1 week":                 "twice",
		"1001y":                     "too long",
		"1000w 366000d":             "too long",
		"9000000h":                  "too long",
		"99999999999999999999 y":    "too long",
		"\u0661d":                   "is not a period", // an Arabic-Indic digit
		strings.Repeat("9", 500):    "is not a period",
		"1d " + string('\ufffd'):    "is not a period",
		"1" + string('\ufffd') + "": "is not a period",
	} {
		if p, err := ParsePeriod(text); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParsePeriod(%q) = %v, %v; want an error with %q", text, p, err, reason)
		}
	}
}

func TestPeriodIsAStringInJSON(t *testing.T) {
	type doc struct {
		Kept  Period `json:"kept"`
		Other Period `json:"other,omitzero"`
	}
	text, err := json.Marshal(doc{Kept: Period{Years: 1, Days: 14}})
	if err != nil || string(text) != `{"kept":"1y 14d"}` {
		t.Errorf("%s, %v", text, err)
	}
	var back doc
	if err := json.Unmarshal([]byte(`{"kept":"2 weeks"}`), &back); err != nil || back.Kept != (Period{Days: 14}) {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"kept":"soon"}`), &back); err == nil {
		t.Error("a text that is no period was accepted")
	}
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Regulation 1182/71, Art. 3(2)(c): the same day, or the month's last.
func TestPeriodCountsMonthsAsTheRegulationDoes(t *testing.T) {
	for _, tt := range []struct{ from, period, after, before string }{
		{"2026-01-15 10:30", "1mo", "2026-02-15 10:30", "2025-12-15 10:30"},
		{"2026-01-31 10:30", "1mo", "2026-02-28 10:30", "2025-12-31 10:30"},
		{"2024-01-31 10:30", "1mo", "2024-02-29 10:30", "2023-12-31 10:30"},
		{"2026-03-31 10:30", "1mo", "2026-04-30 10:30", "2026-02-28 10:30"},
		{"2024-03-31 10:30", "1mo", "2024-04-30 10:30", "2024-02-29 10:30"},
		{"2024-02-29 00:00", "1y", "2025-02-28 00:00", "2023-02-28 00:00"},
		{"2024-02-29 00:00", "4y", "2028-02-29 00:00", "2020-02-29 00:00"},
		{"2026-10-31 00:00", "18mo", "2028-04-30 00:00", "2025-04-30 00:00"},
		{"2026-01-31 00:00", "1mo 1d", "2026-03-01 00:00", "2025-12-30 00:00"},
		{"2026-01-01 12:00", "36h", "2026-01-03 00:00", "2025-12-31 00:00"},
		{"2026-06-15 12:00", "6y", "2032-06-15 12:00", "2020-06-15 12:00"},
		{"2026-06-15 12:00", "0d", "2026-06-15 12:00", "2026-06-15 12:00"},
	} {
		t.Run(tt.from+" "+tt.period, func(t *testing.T) {
			p, err := ParsePeriod(tt.period)
			if err != nil {
				t.Fatal(err)
			}
			from := moment(t, tt.from)
			if got := p.After(from); !got.Equal(moment(t, tt.after)) {
				t.Errorf("after: %s, want %s", got, tt.after)
			}
			if got := p.Before(from); !got.Equal(moment(t, tt.before)) {
				t.Errorf("before: %s, want %s", got, tt.before)
			}
		})
	}
}

// A row dated 31 January with a hold of a month is held while its date is not before the moment a
// month ago: to the end of 28 February.
func TestHoldOfAMonthFrom31JanuaryEndsWithFebruary(t *testing.T) {
	month := Period{Months: 1}
	row := moment(t, "2026-01-31 00:00")
	for _, tt := range []struct {
		now  string
		held bool
	}{
		{"2026-02-28 00:00", true},
		{"2026-02-28 23:59", true},
		{"2026-03-01 00:00", false},
	} {
		if held := !row.Before(month.Before(moment(t, tt.now))); held != tt.held {
			t.Errorf("at %s held is %t, want %t", tt.now, held, tt.held)
		}
	}
}

var (
	anyPeriod = rapid.Custom(func(t *rapid.T) Period {
		return Period{
			Years:  rapid.IntRange(0, mostYears).Draw(t, "years"),
			Months: rapid.IntRange(0, mostMonths).Draw(t, "months"),
			Days:   rapid.IntRange(0, mostDays).Draw(t, "days"),
			Hours:  rapid.IntRange(0, mostHours).Draw(t, "hours"),
		}
	})
	usualPeriod = rapid.Custom(func(t *rapid.T) Period {
		return Period{
			Years:  rapid.IntRange(0, 10).Draw(t, "years"),
			Months: rapid.IntRange(0, 30).Draw(t, "months"),
			Days:   rapid.IntRange(0, 100).Draw(t, "days"),
			Hours:  rapid.IntRange(0, 100).Draw(t, "hours"),
		}
	})
	anyMoment = rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0).UTC()
	})
)

func TestPeriodReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPeriod.Draw(t, "period")
		if got, err := ParsePeriod(p.String()); err != nil || got != p {
			t.Fatalf("%s was read as %s, %v", p, got, err)
		}
	})
}

func TestPeriodBeforeUndoesAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, at := usualPeriod.Draw(t, "period"), anyMoment.Draw(t, "moment")
		back := p.Before(p.After(at))
		// A day missing in the other month is three days off at most.
		if back.After(at) || at.Sub(back) > 3*24*time.Hour {
			t.Fatalf("%s before and after %s is %s", p, at, back)
		}
	})
}

// A comparison of dates with Before(now) never ends a period too early.
func TestPeriodIsNeverOverTooEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now := usualPeriod.Draw(t, "period"), anyMoment.Draw(t, "now")
		cutoff := p.Before(now)
		dated := cutoff.Add(-time.Duration(rapid.Int64Range(1, 5*24*3600).Draw(t, "seconds earlier")) * time.Second)
		if end := p.After(dated); end.After(now) {
			t.Fatalf("of %s from %s is over at %s, its end is %s", p, dated, now, end)
		}
	})
}

func TestLongest(t *testing.T) {
	month, thirty := Period{Months: 1}, Period{Days: 30}
	for _, tt := range []struct {
		name string
		from string
		in   []Period
		want Period
	}{
		{"none", "2026-01-01 00:00", nil, Period{}},
		{"one", "2026-01-01 00:00", []Period{thirty}, thirty},
		{"a month of 28 days", "2026-02-01 00:00", []Period{month, thirty}, thirty},
		{"a month of 31 days", "2026-03-01 00:00", []Period{thirty, month}, month},
		{"equal ones: the first", "2026-04-01 00:00", []Period{thirty, month}, thirty},
		{"hours and days", "2026-01-01 00:00", []Period{{Hours: 36}, {Days: 1}}, Period{Hours: 36}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, longestPeriod(moment(t, tt.from), tt.in...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"6y", "18mo", "1 month", "2 weeks 3 days", "36h", "0d", "", "1d 1d", "3m", "-1y", "9999999999999999999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if err != nil {
			return
		}
		if again, err := ParsePeriod(p.String()); err != nil || again != p {
			t.Errorf("%q is %s, which is read as %s, %v", s, p, again, err)
		}
	})
}
