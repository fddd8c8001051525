package anonymise

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// maskDefinition: mask hides characters and keeps the length. It hides all of a text with no more
// characters than first and last keep: keeping those would keep it all.
var maskDefinition = definition{
	Description: Description{
		Name: "mask", Doc: "characters are hidden, some at the start and the end are kept",
		Technique: "masking", Class: Lossy, Consistent: always, InDatabase: true, Partial: true,
		Kinds: []dialect.Kind{dialect.Text},
		Params: []Param{
			{"first", "how many characters are kept at the start, 0 by default"},
			{"last", "how many characters are kept at the end, 0 by default"},
			{"with", "the character to hide with, * by default"},
			{"match", "a regular expression (RE2): only what it matches is hidden, instead of first and last"},
		},
	},
	make: makeMask,
}

type maskStrategy struct {
	first, last int
	with        string
	match       *regexp.Regexp
}

func makeMask(v any, _ Modifiers) (Strategy, error) {
	p := readParams("mask", v, "")
	m := maskStrategy{first: p.int("first", 0, 0, 1000), last: p.int("last", 0, 0, 1000), with: p.textOr("with", "*")}
	if len(m.with) != 1 || m.with[0] < ' ' || m.with[0] > '~' {
		p.failAt("with", "one ASCII character")
	}
	if match := p.textOr("match", ""); match != "" {
		var err error
		if m.match, err = regexp.Compile(match); err != nil {
			p.failAt("match", "%s", err)
		}
		if m.first+m.last > 0 {
			p.failAt("match", "either match, or first and last")
		}
	}
	return m, p.done()
}

func (maskStrategy) Info() Info { return maskDefinition.info() }

func (m maskStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if c.Length > 0 && m.first+m.last >= c.Length {
		return nil, fmt.Errorf("column %s holds %d characters, and first and last keep %d: keep fewer", c.Name, c.Length, m.first+m.last)
	}
	replace := func(_ *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		if c.Fixed {
			text = strings.TrimRight(text, " ")
		}
		return m.hide(text), nil
	}
	r := bothWays{clientReplacer: clientReplacer{Lossy, replace}}
	if m.match == nil {
		r.expr = m.expr(c)
	}
	return r, nil
}

func (m maskStrategy) hide(text string) string {
	if m.match != nil {
		return m.match.ReplaceAllStringFunc(text, func(hit string) string {
			return strings.Repeat(m.with, utf8.RuneCountInString(hit))
		})
	}
	runes := []rune(text)
	if len(runes) <= m.first+m.last {
		return strings.Repeat(m.with, len(runes))
	}
	return string(runes[:m.first]) + strings.Repeat(m.with, len(runes)-m.first-m.last) + string(runes[len(runes)-m.last:])
}

func (m maskStrategy) expr(c *dialect.Column) dialect.Expr {
	old := dialect.Current{Column: c}
	all := dialect.Repeat{Of: old, With: m.with}
	kept := m.first + m.last
	if kept == 0 {
		return all
	}
	var parts dialect.Concat
	if m.first > 0 {
		parts = append(parts, dialect.Left{Of: old, N: m.first})
	}
	parts = append(parts, dialect.Repeat{Of: old, With: m.with, Less: kept})
	if m.last > 0 {
		parts = append(parts, dialect.Right{Of: old, N: m.last})
	}
	return dialect.If{Cond: dialect.LongerThan{Column: c.Name, N: kept}, Then: parts, Else: all}
}
