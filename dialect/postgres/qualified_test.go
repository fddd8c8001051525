package postgres

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// A bare name in a statement resolves by the search path, and another user may have made a better
// match there.
func TestGeneratedSQLNamesTheSchemaOfAllThatItUses(t *testing.T) {
	for group, cases := range shapes {
		for _, c := range cases {
			s, err := renderStatement(c.of)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if group == "cond" && strings.HasPrefix(c.name, "Match") {
				continue // the policy's own SQL
			}
			sql := strings.ReplaceAll(s.sql, "code = 'x'", "true")
			if trial, ok := c.of.(dialect.Trial); ok { // the check's own SQL, computed with only pg_catalog on the search path
				sql = strings.ReplaceAll(sql, trial.Check.Condition, "true")
			}
			if bare := bareNames(sql); len(bare) > 0 {
				t.Errorf("%s, %s: %q are without a schema in\n%s", group, c.name, bare, sql)
			}
		}
	}
}

func TestBareNamesAreFound(t *testing.T) {
	for sql, want := range map[string][]string{
		`SELECT now(), pg_catalog.now()`:                                {"now("},
		`SELECT a = b, a OPERATOR(pg_catalog.=) b`:                      {"="},
		`UPDATE x SET "a" = b, "c" = d WHERE "e" < 'it''s = <'`:         {"<"},
		`SELECT $1::int8, $2::"app"."t", $3::character varying(40)`:     {"::int8"},
		`SELECT a IN (SELECT b), a COLLATE "C" FROM x JOIN y USING (z)`: {"IN (", "COLLATE \"", "USING ("},
	} {
		if d := cmp.Diff(want, bareNames(sql)); d != "" {
			t.Errorf("%s (-want +got):\n%s", sql, d)
		}
	}
}

var (
	quotes   = regexp.MustCompile(`"(?:[^"]|"")*"`)
	texts    = regexp.MustCompile(`'(?:[^']|'')*'`)
	assigned = regexp.MustCompile(`(SET |, )"x" = `)
	rules    = []*regexp.Regexp{
		regexp.MustCompile(`(?:^|[^.\w"])([a-z_][a-z_0-9]*\()`),                // a function
		regexp.MustCompile(`([-+*/<>=~!@#%^&|?]+)`),                            // an operator
		regexp.MustCompile(`(::(?:[a-z_][a-z_0-9]*))(?:[^.a-z_0-9]|$)`),        // a type
		regexp.MustCompile(`\b(IN \(|USING \(|BETWEEN|NULLIF|LIKE|COLLATE ")`), // anything else that looks up an operator or collation
	}
	// grammar matches similar texts that the server doesn't look up.
	grammar = regexp.MustCompile(`OPERATOR\(\w+\.[^)]+\)|count\(\*\)|\b(?:AS )?[kv]\(|coalesce\(|=>|::(?:character varying|bigint|integer|numeric)\b|IS NOT DISTINCT FROM NULL|old AS`)
)

// bareNames returns the functions, operators, types and collations without a schema in generated
// SQL.
func bareNames(sql string) []string {
	sql = quotes.ReplaceAllStringFunc(sql, func(name string) string {
		if name == `"C"` {
			return name
		}
		return `"x"`
	})
	sql = texts.ReplaceAllString(sql, "''")
	sql = assigned.ReplaceAllString(sql, "$1x ")
	sql = grammar.ReplaceAllString(sql, " ")
	var out []string
	for _, rule := range rules {
		for _, m := range rule.FindAllStringSubmatch(sql, -1) {
			out = append(out, m[1])
		}
	}
	return out
}
