package condition

import "testing"

func TestEquals(t *testing.T) {
	ansi := Rules{Quotes: map[byte]Quote{'\'': {End: '\'', Doubled: true}, '"': {End: '"', Doubled: true}}, NameQuote: '"', Signs: "="}
	escaping := Rules{Quotes: map[byte]Quote{'\'': {End: '\'', Doubled: true, Escapes: true}, '`': {End: '`', Doubled: true}}, NameQuote: '`', Signs: "="}
	for _, test := range []struct {
		name         string
		rules        Rules
		column, text string
		want         string
	}{
		{"a plain name", ansi, "entity_type", "user", "entity_type = 'user'"},
		{"one that needs quotes", ansi, "Entity Type", "user", `"Entity Type" = 'user'`},
		{"in backticks", escaping, "entity-type", "user", "`entity-type` = 'user'"},
		{"quotes in both", ansi, `a"b`, "it's", `"a""b" = 'it''s'`},
		{"a backslash is itself", ansi, "kind", `App\User`, `kind = 'App\User'`},
		{"a backslash escapes", escaping, "kind", `App\User`, `kind = 'App\\User'`},
		{"a backslash before a quote", escaping, "kind", `a\'b`, `kind = 'a\\''b'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.rules.Equals(test.column, test.text)
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if err := Check(got, test.rules); err != nil {
				t.Errorf("it is no condition: %v", err)
			}
		})
	}
}
