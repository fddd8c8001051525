package anonymise

import (
	"fmt"

	"github.com/expungedb/expunge/dialect"
)

// bindOtherwise returns the replacer of values that the column's strategy can't replace. It makes
// NULL, the default of the stored column c, or a random value of the target's column.
func bindOtherwise(name string, t Target, c *dialect.Column) (Replacer, error) {
	switch name {
	case "null":
		if !c.Nullable {
			return nil, fmt.Errorf("column %s is NOT NULL: say default or random", c.Name)
		}
		return bothWays{clientReplacer{Lossy, func(*Source, dialect.Value) (dialect.Value, error) { return nil, nil }}, dialect.Null{}}, nil
	case "default":
		if c.Default == nil {
			return nil, fmt.Errorf("column %s has no default: say null or random", c.Name)
		}
		v, err := defaultValue(c)
		if err != nil || v == nil && !c.Nullable {
			return nil, fmt.Errorf("only the database can work out the default of column %s: say null or random", c.Name)
		}
		r := bothWays{clientReplacer{Lossy, func(*Source, dialect.Value) (dialect.Value, error) { return v, nil }}, dialect.Null{}}
		if v != nil {
			r.expr = dialect.Literal{Value: v, Column: c}
		}
		return r, nil
	}
	return randomStrategy{}.Bind(t)
}

// Odd lists the oddities of values that the strategy can't replace. A database calculates with all
// of them but dates without a month or a day.
func (b *bound) Odd(inDatabase bool) []dialect.Oddity {
	if !inDatabase {
		return b.odd
	}
	var out []dialect.Oddity
	for _, o := range b.odd {
		if o == dialect.ZeroDate || o == dialect.InvalidDate {
			out = append(out, o)
		}
	}
	return out
}

// Otherwise reports whether the policy has a replacement for odd values.
func (b *bound) Otherwise() bool { return b.otherwise != nil }

// oddOnes is the condition for a value to have one of the oddities.
func oddOnes(c *dialect.Column, odd []dialect.Oddity) dialect.Cond {
	var out dialect.Any
	for _, o := range odd {
		out = append(out, dialect.Odd{Column: c.Name, Oddity: o})
	}
	return out
}
