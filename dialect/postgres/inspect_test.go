package postgres

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func TestTablesThatATextWritesTo(t *testing.T) {
	name := func(schema, table string) dialect.Name { return dialect.Name{Schema: schema, Table: table} }
	for _, c := range []struct {
		body string
		want []dialect.Name
	}{
		{"BEGIN INSERT INTO Audit VALUES (OLD.*); END", []dialect.Name{name("", "audit")}},
		{`update only "My""App" . "T 1" set x = 1`, []dialect.Name{name(`My"App`, "T 1")}},
		{"DELETE\nFROM\n  log.entries e WHERE x", []dialect.Name{name("log", "entries")}},
		{"-- INSERT INTO a\n/* UPDATE b\n */ TRUNCATE TABLE c", []dialect.Name{name("", "c")}},
		{"MERGE INTO m USING s ON true", []dialect.Name{name("", "m")}},
		{"SELECT last_update FROM updates", nil},
		{"INSERT INTO a SELECT 1; INSERT INTO größe VALUES (2)", []dialect.Name{name("", "a"), name("", "größe")}},
	} {
		if d := cmp.Diff(c.want, writtenTables(c.body)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, d)
		}
	}
}

func FuzzTablesThatATextWritesTo(f *testing.F) {
	for _, s := range []string{"INSERT INTO a", `UPDATE "a""b"."c" SET`, "delete from only x.y", "/* update a */ --\n", `update "`, "merge into é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, n := range writtenTables(body) {
			if n.Table == "" && utf8.ValidString(body) && !slices.Contains([]rune(body), '"') {
				t.Errorf("%q names an empty table", body)
			}
		}
	})
}

func TestWhatACollationFolds(t *testing.T) {
	for _, c := range []struct {
		locale          string
		deterministic   bool
		letter, accents bool
	}{
		{"und-u-ks-level2", true, false, false},
		{"und-u-ks-level2", false, true, false},
		{"und-u-ks-level1", false, true, true},
		{"und-u-ks-level1-kc-true", false, false, true},
		{"de-u-ks-level3", false, false, false},
		{"und@colStrength=secondary", false, true, false},
		{"und@colStrength=primary;colCaseLevel=yes", false, false, true},
		{"en-US", false, false, false},
	} {
		letter, accents := collation{locale: c.locale, deterministic: c.deterministic}.foldsOf()
		if letter != c.letter || accents != c.accents {
			t.Errorf("%s, deterministic %v: folds case %v, accents %v", c.locale, c.deterministic, letter, accents)
		}
	}
}

func TestClassesOfErrors(t *testing.T) {
	for class, codes := range map[dialect.Class][]string{
		dialect.Retryable:           {"40001", "40P01", "53300"},
		dialect.LockTimeout:         {"55P03", "57014"},
		dialect.UniqueViolation:     {"23505"},
		dialect.ForeignKeyViolation: {"23503", "23001"},
		dialect.OtherConstraint:     {"23502", "23514", "23P01", "44000", "P0001"},
		dialect.DoesNotFit:          {"22001", "22003", "22P02", "22021"},
		dialect.PermissionDenied:    {"42501", "28P01"},
		dialect.ReadOnly:            {"25006"},
		dialect.LostConnection:      {"57P01", "57P02", "57P03", "08006", "25P03", "40003"},
		dialect.Fatal:               {"42P01", "42601", "53100", "25P02", "0A000", "XX000", ""},
	} {
		for _, code := range codes {
			if got := classOf(code); got != class {
				t.Errorf("%s is %q, want %q", code, got, class)
			}
		}
	}
}

// FuzzArrayLiteral parses literals by the rules of the manual.
func FuzzArrayLiteral(f *testing.F) {
	for _, s := range []string{"", "NULL", `"`, `\`, "{}", `a,b`, " x ", `\"`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		lit := arrayLiteral(dialect.Text, []dialect.Row{{a}, {nil}, {b}, {int64(-7)}}, 0)
		var got []string
		rest := lit[1 : len(lit)-1]
		for len(rest) > 0 {
			element := ""
			if rest[0] == '"' {
				rest = rest[1:]
				for rest[0] != '"' {
					if rest[0] == '\\' {
						rest = rest[1:]
					}
					element += string(rest[:1])
					rest = rest[1:]
				}
				rest = rest[1:]
			} else {
				for len(rest) > 0 && rest[0] != ',' {
					element += string(rest[:1])
					rest = rest[1:]
				}
				element = "bare " + element
			}
			got = append(got, element)
			if len(rest) > 0 {
				rest = rest[1:]
			}
		}
		if d := cmp.Diff([]string{a, "bare NULL", b, "bare -7"}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}
