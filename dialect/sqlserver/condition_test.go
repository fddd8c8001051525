package sqlserver

import "testing"

func TestConditions(t *testing.T) {
	d := New(nil)
	for _, sql := range []string{
		"kind = N'it''s )'", "[odd]] name)] = 1", `"odd "" ) name" = 1`, "geography::Parse('x') IS NULL", "a@b = 1 AND c#d <> 0x1F",
	} {
		if err := d.CheckCondition(sql); err != nil {
			t.Errorf("%q %v", sql, err)
		}
	}
	for _, sql := range []string{
		"kind = 'x') OR (1=1", "kind = [a]) OR (1=1)", "[a]] = 1", "kind = @x", "@@rowcount = 1", "kind = $1.5", "#t.a = 1", "{fn now()} > 1", "a = 1 -- x", "a = `b`", "a = 1 DELETE t;",
	} {
		if d.CheckCondition(sql) == nil {
			t.Errorf("%q is accepted", sql)
		}
	}
}
