package anonymise

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// TestPitfall21DistinctValues counts the different values of 1,000 rows: no drawing strategy gives
// every row the same, and unique strategies give every row another.
func TestPitfall21DistinctValues(t *testing.T) {
	const rows = 1000
	column := func(k dialect.Kind) *dialect.Column { return &dialect.Column{Name: "x", Kind: k} }
	char := func(n int) *dialect.Column {
		c := text(n)
		c.Fixed = true
		return c
	}
	decimalColumn := &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 12, Scale: 2}
	email := func(i int) dialect.Value { return fmt.Sprintf("user.%03d@mail.test", i) }
	one := func(v dialect.Value) func(int) dialect.Value { return func(int) dialect.Value { return v } }
	number := func(i int) dialect.Value { return int64(i + 1) }
	for _, c := range []struct {
		name, spec string
		column     *dialect.Column
		unique     bool
		old        func(i int) dialect.Value
		least      int
	}{
		{"random text", `"random"`, text(80), false, email, rows},
		{"random text, all rows the same", `"random"`, text(80), false, one("same for all"), rows},
		{"random text in a unique column, short values", `"random"`, text(80), true, one("ab"), rows},
		{"random text in a unique column, empty values", `"random"`, text(80), true, one(""), rows},
		{"random text in a unique CHAR", `"random"`, char(20), true, one("ab                  "), rows},
		{"random int", `"random"`, integer(64), false, number, rows},
		{"random decimal", `"random"`, decimalColumn, false, one("12.50"), rows},
		{"random float", `"random"`, column(dialect.Float), false, one("12.5"), rows},
		{"random date", `"random"`, column(dialect.Date), false, one("2000-01-01"), 900},
		{"random timestamp", `"random"`, column(dialect.Timestamp), false, one("2000-01-01 00:00:00"), rows},
		{"random time", `"random"`, column(dialect.Time), false, one("00:00:00"), 900},
		{"random uuid", `"random"`, column(dialect.UUID), false, one("0b8f1c5e-5ad5-4d4c-9b0e-3f9a1e0d7c11"), rows},
		{"random bytes", `"random"`, column(dialect.Bytes), false, one([]byte("sixteen bytes...")), rows},
		{"random json", `"random"`, column(dialect.JSON), false, one(`{"name":"Ann Smith"}`), rows},
		{"random inet", `"random"`, column(dialect.Inet), false, one("192.0.2.1"), rows - 1},
		{"random bool", `"random"`, column(dialect.Bool), false, one("true"), 2},
		{"random, filling NULL", `{"random":null,"null":"fill"}`, text(80), false, one(nil), rows},
		{"fake e-mail", `{"fake":"email"}`, text(80), false, email, 990},
		{"fake e-mail, unique", `{"fake":"email"}`, text(80), true, email, rows},
		{"fake e-mail, unique and short", `{"fake":"email"}`, text(24), true, email, rows},
		{"fake first name", `{"fake":"first-name"}`, text(80), false, email, 300},
		{"fake first name, unique", `{"fake":"first-name"}`, text(80), true, email, rows},
		{"fake user name, unique", `{"fake":"username"}`, text(20), true, email, rows},
		{"fake phone, unique", `{"fake":"phone"}`, text(80), true, email, rows},
		{"fake number", `{"fake":"int32"}`, integer(64), false, number, 999},
		{"consistent fake, all rows the same", `{"fake":"email","consistent":true}`, text(80), true, one("ann@mail.test"), 1},
		{"consistent fake, unique", `{"fake":"email","consistent":true}`, text(80), true, email, rows},
		{"pseudonym of texts", `"pseudonym"`, text(80), true, email, rows},
		{"pseudonym of numbers", `"pseudonym"`, integer(16), true, number, rows},
		{"pseudonym as e-mail", `{"pseudonym":"email"}`, text(80), true, email, rows},
		{"hash", `"hash"`, text(80), true, email, rows},
		{"shift", `{"shift":{"within":365}}`, column(dialect.Timestamp), false, one("2000-01-01 00:00:00"), rows},
		{"noise", `{"noise":0.5}`, integer(64), false, one(int64(1_000_000)), 990},
		{"pick", `{"pick":["a","b","c"]}`, text(10), false, email, 3},
		{"template", `{"template":"{{letters 8}}-{{digits 4}}"}`, text(80), true, email, rows},
		{"sequence", `{"sequence":{"prefix":"user-"}}`, text(80), true, number, rows},
		{"card", `"card"`, text(80), true, one("4111111111111111"), rows},
		{"iban", `"iban"`, text(80), true, one("GB82WEST12345698765432"), rows},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bind(t, c.spec, Target{Column: c.column, Unique: c.unique, Rows: rows, Key: []string{"id"}})
			s := source(t)
			seen := map[string]bool{}
			for i := range rows {
				old := c.old(i)
				var v dialect.Value
				if row, ok := r.(RowReplacer); ok {
					var err error
					if v, err = row.ReplaceRow(s, old, func(string) dialect.Value { return int64(i + 1) }); err != nil {
						t.Fatal(err)
					}
				} else {
					v = replace(t, r, s, old)
				}
				if old != nil && sameValue(old, v) && !fewValues(c.column) && c.name != "fake number" {
					t.Fatal("a value came out as it was")
				}
				if text, ok := v.(string); ok && c.column.Kind == dialect.Text && !fitsColumn(c.column, text) {
					t.Fatalf("a value of %d characters in a column for %d", len(text), c.column.Length)
				}
				text, _ := dialect.TextOf(v)
				seen[text] = true
			}
			if len(seen) < c.least || c.least == 1 && len(seen) != 1 {
				t.Errorf("%d different values, want %d", len(seen), c.least)
			}
		})
	}
}
