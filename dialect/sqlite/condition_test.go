package sqlite

import (
	"strings"
	"testing"
)

func TestConditions(t *testing.T) {
	db := New(nil)
	for _, sql := range []string{
		`kind = 'a\' OR kind = 'b'`, "[odd ) name] = 1", "`odd ``) name` = 1", `"odd "") name" = x'ff'`, "doc ->> '$.a' = 'b'", "a || b == 'c'",
	} {
		if err := db.CheckCondition(sql); err != nil {
			t.Errorf("%q %v", sql, err)
		}
	}
	for sql, why := range map[string]string{
		"kind = [a]]":      "']'",
		"[a]) OR (1=1":     "closes a parenthesis",
		"a = ?1":           "parameter",
		"a = $a::b(')')":   "dollar sign",
		"a = #1":           "parameter (#)",
		"a = @b":           "@",
		"a = 1 /* b":       "comment",
		"a = 1\x0b OR 1=1": `'\v'`,
	} {
		if err := db.CheckCondition(sql); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want …%s…", sql, err, why)
		}
	}
}
