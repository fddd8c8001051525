package anonymise

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// modified is a strategy with its modifiers and the rules of all strategies: assignable columns,
// NULL, consistency, the condition. So a strategy's own Replacer sees only values to replace.
type modified struct {
	inner Strategy
	spec  Spec
	definition
}

// Info is the strategy's own, changed by the modifiers.
func (m modified) Info() Info {
	i := m.inner.Info()
	if m.streamed() {
		i.Consistent, i.Keyed = true, true
		i.Technique = "pseudonymization"
	}
	return i
}

// streamed reports whether the modifier makes the strategy consistent by reseeding its randomness.
// Keyed strategies have their group already.
func (m modified) streamed() bool { return m.spec.Modifiers.Consistent && m.consistent }

// Bind checks the column and binds the strategy to it.
func (m modified) Bind(t Target) (Replacer, error) {
	c, stored := t.Column, t.Column
	name := m.spec.title()
	switch {
	case c.Generated:
		return nil, fmt.Errorf("%s: column %s is computed by the database and can't be assigned to: overwrite the columns it is computed from", name, c.Name)
	case c.Unsupported != "":
		return nil, fmt.Errorf("%s: column %s can't be assigned to: %s", name, c.Name, c.Unsupported)
	case !c.Assignable() && m.spec.Name != "keep":
		return nil, fmt.Errorf("%s: column %s is numbered by the database and can't be assigned to: keep it, or delete the rows", name, c.Name)
	case m.spec.Modifiers.As != "" && c.Kind != dialect.Bytes:
		return nil, fmt.Errorf("%s: column %s is %s, and only a binary column is read `as: text`: leave that out", name, c.Name, describeColumn(c))
	}
	if !m.discards() {
		c = m.spec.Sees(c)
		t.Column = c
	}
	if len(m.Kinds) > 0 && !slices.Contains(m.Kinds, c.Kind) {
		return nil, fmt.Errorf("%s: column %s is %s, and %s works on %s", name, c.Name, describeColumn(c), m.spec.Name, joinKinds(m.Kinds))
	}
	if m.Info().Keyed {
		t = narrowedTarget(t)
	}
	inner, err := m.inner.Bind(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b := &bound{
		inner:  inner,
		column: c,
		stored: stored,
		fill:   m.spec.Modifiers.FillNull || m.spec.Name == "null" || m.spec.Name == "default",
		when:   m.spec.Modifiers.When,
		redraw: m.redraw && !fewValues(c),
	}
	if m.refuses != nil {
		b.odd = m.refuses(c)
	}
	if b.asText() && m.spec.Name != "fixed" {
		b.odd = append(b.odd, dialect.NotText)
	}
	if o := m.spec.Modifiers.Otherwise; o != "" {
		if b.otherwise, err = bindOtherwise(o, t, stored); err != nil {
			return nil, fmt.Errorf("%s: otherwise: %w", name, err)
		}
	}
	if m.streamed() {
		b.domain = newDomain(m.spec.Modifiers.Group, m.spec.purpose())
		b.canon = newCanon(t, m.spec.Modifiers.Fold)
	}
	b.class = inner.Class()
	if m.Info().Keyed && t.Unique && newCanon(t, m.spec.Modifiers.Fold).merges(c) {
		b.class = Lossy
	}
	if row, ok := inner.(RowReplacer); ok {
		return rowBound{b, row}, nil
	}
	return b, nil
}

// discards reports whether the column alone, and not the old value, decides the replacement.
func (m modified) discards() bool { return m.spec.Name == "null" || m.spec.Name == "default" }

// title names the strategy in errors: `fake: email`, `mask`.
func (s Spec) title() string {
	if text, ok := s.Params.(string); ok && s.Name != "fixed" {
		return s.Name + ": " + text
	}
	return s.Name
}

// purpose is the strategy without its modifiers: two consistent strategies agree if they are
// written alike.
func (s Spec) purpose() string { return Spec{Name: s.Name, Params: s.Params}.String() }

// bound is a modified strategy on a column.
type bound struct {
	inner  Replacer
	class  Class
	column *dialect.Column // as the strategy sees it
	stored *dialect.Column // as it is
	fill   bool
	redraw bool
	when   string
	domain domain // nil where values are drawn anew
	canon  canon

	odd       []dialect.Oddity // the oddities that inner can't replace,
	otherwise Replacer         // and their replacer; nil: they are errors
}

// When is the condition, in the engine's SQL.
func (b *bound) When() string { return b.when }

// Class is the inner strategy's, but Lossy where the strategy merges values that the column
// distinguishes.
func (b *bound) Class() Class { return b.class }

// Expr wraps the inner expression so that it keeps NULL, and the rows for which the condition
// doesn't hold. A NOT NULL column needs no test.
func (b *bound) Expr() (dialect.Expr, bool) {
	if b.domain != nil || b.asText() {
		return nil, false
	}
	e, ok := b.inner.Expr()
	if !ok {
		return nil, false
	}
	if odd := b.Odd(true); b.otherwise != nil && len(odd) > 0 {
		other, ok := b.otherwise.Expr()
		if !ok {
			return nil, false
		}
		e = dialect.If{Cond: oddOnes(b.column, odd), Then: other, Else: e}
	}
	if !b.fill && b.column.Nullable {
		e = dialect.If{Cond: dialect.IsNull{Column: b.column.Name}, Then: dialect.Null{}, Else: e}
	}
	if b.when != "" {
		e = dialect.If{Cond: dialect.Match{SQL: b.when}, Then: e, Else: dialect.Current{Column: b.column}}
	}
	return e, true
}

// Replace gives the replacement of one value.
func (b *bound) Replace(s *Source, old dialect.Value) (dialect.Value, error) {
	return b.replace(s, old, b.inner.Replace)
}

// redraws is the number of tries to get another value than the old one. A value whose shape has few
// others (one letter) may remain unchanged.
const redraws = 8

func (b *bound) replace(s *Source, old dialect.Value, inner func(*Source, dialect.Value) (dialect.Value, error)) (dialect.Value, error) {
	draw := b.draw
	if b.asText() {
		draw = b.drawAsText
	}
	v, err := draw(s, old, inner)
	if err == nil || b.otherwise == nil || errors.Is(err, ErrNoSecret) {
		return v, err
	}
	s.others++
	if v, err = b.otherwise.Replace(s, nil); b.asText() && err == nil {
		v = b.toBytes(old, v)
	}
	return v, err
}

func (b *bound) draw(s *Source, old dialect.Value, inner func(*Source, dialect.Value) (dialect.Value, error)) (dialect.Value, error) {
	if old == nil && !b.fill {
		return nil, nil
	}
	if b.domain != nil {
		canonical := b.canon.value(old)
		was, err := s.keyedBy(b.domain, canonical)
		if err != nil {
			return nil, err
		}
		defer s.resume(was)
		if _, isText := old.(string); isText {
			old = canonical
		}
	}
	for range redraws {
		v, err := inner(s, old)
		if err != nil || !b.redraw || old == nil || !sameValue(old, v) {
			return v, err
		}
	}
	return inner(s, old)
}

// sameValue reports whether most collations take two values for equal.
func sameValue(a, b dialect.Value) bool {
	x, _ := dialect.TextOf(a)
	y, _ := dialect.TextOf(b)
	return strings.EqualFold(x, y)
}

// rowBound is a bound strategy that reads other columns of the row.
type rowBound struct {
	*bound
	row RowReplacer
}

func (b rowBound) Needs() []string { return b.row.Needs() }

// Unfit implements Numbering.
func (b rowBound) Unfit() dialect.Cond {
	if n, ok := b.row.(Numbering); ok {
		return n.Unfit()
	}
	return nil
}

func (b rowBound) ReplaceRow(s *Source, old dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
	return b.replace(s, old, func(s *Source, old dialect.Value) (dialect.Value, error) {
		return b.row.ReplaceRow(s, old, row)
	})
}

// clientReplacer is a Replacer that works through the client only.
type clientReplacer struct {
	class   Class
	replace func(s *Source, old dialect.Value) (dialect.Value, error)
}

func (clientReplacer) Expr() (dialect.Expr, bool) { return nil, false }
func (r clientReplacer) Class() Class             { return r.class }
func (r clientReplacer) Replace(s *Source, old dialect.Value) (dialect.Value, error) {
	return r.replace(s, old)
}

// bothWays is a Replacer with an expression and the same in Go.
type bothWays struct {
	clientReplacer
	expr dialect.Expr
}

func (r bothWays) Expr() (dialect.Expr, bool) { return r.expr, r.expr != nil }
