package anonymise

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// defaultDefinition: default writes the column's declared default into every row, also into those
// with NULL: the keyword DEFAULT can't depend on the row.
var defaultDefinition = definition{
	Description: Description{
		Name: "default", Doc: "the column's declared default, also for NULL",
		Technique: "suppression", Class: Lossy, Consistent: never, InDatabase: true,
	},
	make: func(v any, m Modifiers) (Strategy, error) {
		if m.When != "" {
			return nil, specErrorf([]string{"when"}, "a default can't be written to some rows only: use fixed")
		}
		return defaultStrategy{}, readParams("default", v, "").done()
	},
	fills: true,
}

type defaultStrategy struct{}

func (defaultStrategy) Info() Info { return defaultDefinition.info() }

func (defaultStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if c.Default == nil {
		return nil, fmt.Errorf("column %s has no default: use fixed or null", c.Name)
	}
	if certainlyRepeats(t) {
		return nil, fmt.Errorf("column %s is unique, and one value for every row is not: use random, fake or pseudonym", c.Name)
	}
	v, err := defaultValue(c)
	return bothWays{clientReplacer{Lossy, func(*Source, dialect.Value) (dialect.Value, error) { return v, err }}, dialect.Default{}}, nil
}

// defaultLiteral matches a constant default: a number, a quoted text (of any engine: N'…', with a
// cast behind it), true, false or NULL.
var defaultLiteral = regexp.MustCompile(`^(?i:N?'((?:[^']|'')*)'(?:::[\w ."\[\](),]+)?|(-?\d+(?:\.\d+)?)(?:::[\w ]+)?|(true|false)|(null)(?:::[\w ."\[\](),]+)?)$`)

// defaultValue returns a constant default, for steps that work through the client because of
// another column.
func defaultValue(c *dialect.Column) (dialect.Value, error) {
	text := strings.TrimSpace(*c.Default)
	for strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") { // SQL Server: ((0))
		text = strings.TrimSpace(text[1 : len(text)-1])
	}
	m := defaultLiteral.FindStringSubmatch(text)
	switch {
	case m == nil:
		return nil, fmt.Errorf("default: column %s has a default that only the database can work out, and another column of this step goes through the client: use fixed", c.Name)
	case m[4] != "":
		return nil, nil
	case m[3] != "":
		return constantValue(c, strings.ToLower(m[3]))
	case m[2] != "":
		return constantValue(c, m[2])
	}
	return constantValue(c, strings.ReplaceAll(m[1], "''", "'"))
}
