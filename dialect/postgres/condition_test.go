package postgres

import (
	"strings"
	"testing"
)

func TestConditions(t *testing.T) {
	db := &DB{}
	for _, sql := range []string{
		"kind = 'a\\' OR kind = 'b'", `"odd "" ) name" = 1`, "tags[1] = 'x' AND tags @> ARRAY['a', 'b']", "doc ->> 'a' = 'b' AND doc #> '{a}' IS NULL",
		"created::date < date '2020-01-01'", "a$$b = 1", "name ~* '^x' AND name !~~ 'y%'", "B'101' = flags AND x'ff' IS NOT NULL", "document @@ to_tsquery('x')",
	} {
		if err := db.CheckCondition(sql); err != nil {
			t.Errorf("%q %v", sql, err)
		}
	}
	for sql, why := range map[string]string{
		"kind = $$'$$) OR (true AND kind <> $$'$$": "dollar sign",
		"kind = $q$x$q$":             "dollar sign",
		`kind = E'\') OR (true) --'`: "of the form E'",
		"kind = e'a'\n'b\\' OR '":    "of the form e'",
		`kind = U&'\0027'`:           "of the form U&'",
		`u&"a" = 1`:                  `of the form u&"`,
		"kind = 1e'a'":               "runs into",
		"a = 1 /* /* */ */":          "comment",
		"doc ? 'a'":                  "jsonb_exists",
		"a[1:2] IS NULL":             "parameter (:)",
		"a = `b`":                    "'`'",
		"tags[(1] = 2)":              "in another order",
	} {
		if err := db.CheckCondition(sql); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want …%s…", sql, err, why)
		}
	}
}
