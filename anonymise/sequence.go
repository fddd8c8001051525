package anonymise

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// sequenceDefinition: sequence gives each row a unique number, from a column with unique numbers:
// the row's key by default. Workers would have to share a counter and remember it over a crash. The
// keyed permutation of the key (see permute.go) needs neither, and gives a row the same number each
// time. The numbers have as many digits as the key, in no visible order.
var sequenceDefinition = definition{
	Description: Description{
		Name: "sequence", Doc: "a number of its own for each row, made of the row's key",
		Technique: "pseudonymization", Class: Unique, Keyed: true, Consistent: never,
		Kinds: []dialect.Kind{dialect.Text, dialect.Int, dialect.Decimal},
		Params: []Param{
			{"by", "a column with whole numbers; the table's key, where that is one column, by default"},
			{"prefix", "a text before the number, in a text column; {sequence: user-} for short"},
		},
	},
	make:  makeSequence,
	fills: true,
}

type sequenceStrategy struct {
	by, prefix string
	m          Modifiers
}

func makeSequence(v any, m Modifiers) (Strategy, error) {
	p := readParams("sequence", v, "prefix")
	s := sequenceStrategy{by: p.textOr("by", ""), prefix: p.textOr("prefix", ""), m: m}
	return s, p.done()
}

func (sequenceStrategy) Info() Info { return sequenceDefinition.info() }

func (q sequenceStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if q.prefix != "" && c.Kind != dialect.Text {
		return nil, fmt.Errorf("a prefix is a text; column %s is %s: leave it out", c.Name, describeColumn(c))
	}
	if c.Kind == dialect.Decimal && c.Precision > 0 && c.Precision <= c.Scale || isYear(c) {
		return nil, fmt.Errorf("column %s is %s that has no room for row numbers: use random", c.Name, describeColumn(c))
	}
	if c.Kind == dialect.Text && !fitsColumn(c, q.prefix+"0") {
		return nil, fmt.Errorf("the prefix leaves no room for a number in column %s, which holds %d characters: use a shorter prefix", c.Name, c.Length)
	}
	n, err := newRowNumber(t, q.by, q.m)
	if err != nil {
		return nil, err
	}
	return numberReplacer{n.by, q.maxDigits(c), rowReplacer{n.class, []string{n.by}, func(s *Source, _ dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
		text, err := n.of(s, row)
		if err != nil {
			return nil, err
		}
		if c.Kind == dialect.Text && !fitsColumn(c, q.prefix+text) {
			return nil, fmt.Errorf("sequence: prefix and number are longer than column %s, which holds %d characters: use a shorter prefix", c.Name, c.Length)
		}
		if c.Kind == dialect.Text {
			return q.prefix + text, nil
		}
		v, err := constantValue(c, text)
		if err != nil {
			return nil, fmt.Errorf("sequence: the numbers of column %s don't fit column %s", n.by, c.Name)
		}
		return v, nil
	}}}, nil
}

// maxDigits is how many digits the column certainly has room for, 0 for any number.
func (q sequenceStrategy) maxDigits(c *dialect.Column) int {
	switch {
	case c.Kind == dialect.Text && c.Length > 0 && c.LengthInBytes:
		return c.Length - len(q.prefix)
	case c.Kind == dialect.Text && c.Length > 0:
		return c.Length - utf8.RuneCountInString(q.prefix)
	case c.Kind == dialect.Decimal && c.Precision > 0:
		return c.Precision - c.Scale
	case c.Kind == dialect.Int && c.Precision > 0 && c.Precision < 64:
		bits := c.Precision
		if !c.Unsigned {
			bits--
		}
		return len(strconv.FormatInt(1<<bits-1, 10)) - 1
	}
	return 0
}

// numberReplacer makes numbers that have as many digits as those of the row's column.
type numberReplacer struct {
	by        string
	maxDigits int // 0: any number
	rowReplacer
}

// Unfit holds for rows without a number, and for those whose number may be too long for the column.
func (r numberReplacer) Unfit() dialect.Cond {
	out := dialect.Any{dialect.IsNull{Column: r.by}, dialect.Compare{Column: r.by, Op: "<", Value: int64(0)}}
	if r.maxDigits > 0 && r.maxDigits < 19 {
		bound := int64(1)
		for range r.maxDigits {
			bound *= 10
		}
		out = append(out, dialect.Compare{Column: r.by, Op: ">=", Value: bound})
	}
	return out
}

// rowNumber is a row's number, made from one of its columns.
type rowNumber struct {
	by     string
	class  Class
	domain domain
}

func newRowNumber(t Target, by string, m Modifiers) (rowNumber, error) {
	if by == "" && len(t.Key) == 1 {
		by = t.Key[0]
	}
	if by == "" {
		return rowNumber{}, fmt.Errorf("the table of column %s has no key of one column to number rows by: name a column with unique whole numbers (by)", t.Column.Name)
	}
	n := rowNumber{by: by, class: Lossy, domain: newDomain(m.Group, "sequence")}
	if slices.Equal(t.Key, []string{by}) {
		n.class = Unique
	}
	return n, nil
}

func (n rowNumber) of(s *Source, row func(string) dialect.Value) (string, error) {
	text, _ := dialect.TextOf(row(n.by))
	whole, err := strconv.ParseInt(text, 10, 64)
	if err != nil || whole < 0 {
		return "", fmt.Errorf("column %s has a value that is no whole number: number rows by another column", n.by)
	}
	v, err := s.permuteInt(n.domain, whole)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(v.(int64), 10), nil
}

// rowReplacer is a Replacer that needs other columns of the row.
type rowReplacer struct {
	class   Class
	needs   []string
	replace func(s *Source, old dialect.Value, row func(string) dialect.Value) (dialect.Value, error)
}

func (rowReplacer) Expr() (dialect.Expr, bool) { return nil, false }
func (r rowReplacer) Class() Class             { return r.class }
func (r rowReplacer) Needs() []string          { return slices.Clone(r.needs) }

func (r rowReplacer) Replace(*Source, dialect.Value) (dialect.Value, error) {
	return nil, fmt.Errorf("the row's columns %v are needed: call ReplaceRow", r.needs)
}

func (r rowReplacer) ReplaceRow(s *Source, old dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
	return r.replace(s, old, row)
}
