package mysql

import (
	"strings"
	"testing"
)

func TestConditions(t *testing.T) {
	d := &DB{}
	for _, sql := range []string{
		`kind = 'a\\' OR kind = '\"'`, `kind = 'it''s'`, "`odd ``) name` = 1", `kind LIKE 'a\_b'`, "doc -> '$.a' <=> 'b' && a != 1", "x'ff' = b",
	} {
		if err := d.CheckCondition(sql); err != nil {
			t.Errorf("%q %v", sql, err)
		}
	}
	for sql, why := range map[string]string{
		`kind = 'a\') OR (1=1 OR kind = '`: "behind a backslash",
		`kind = 'a\\') OR (1=1`:            "closes a parenthesis",
		`kind = "a"`:                       "sql_mode",
		"a = 1 # b":                        "comment (#)",
		"a = 1 /*!50000 OR 1 */":           "SQL comment",
		"a = 1 OR b || c":                  "||",
		`kind = _gbk'中\'`:                  "character set",
		"@a := 1":                          "@",
		"{d '2020-01-01'} < a":             "'{'",
		`a = \N`:                           `'\\'`,
	} {
		if err := d.CheckCondition(sql); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want …%s…", sql, err, why)
		}
	}
}
