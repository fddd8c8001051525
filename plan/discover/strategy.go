package discover

import (
	"encoding/json"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// proposeStrategies proposes a strategy for each personal column: the first one that fits
// the column. A unique column prefers one that isn't lossy.
func (d *database) proposeStrategies() {
	for _, t := range d.tables {
		for _, c := range t.columns {
			if c.verdict.personal() {
				d.proposeStrategy(c)
			}
		}
	}
}

func (d *database) proposeStrategy(c *column) {
	t, v := c.table, &c.verdict
	if why := d.whyKept(c); why != "" {
		v.because("%s, so it is kept as it is", why)
		v.final = &anonymise.Spec{Name: "keep"}
		return
	}
	if d.isJoined(c) {
		d.proposePseudonym(c)
		return
	}
	indexes := t.UniqueIndexes(c.Name)
	unique := len(indexes) > 0
	oneNull := slices.ContainsFunc(indexes, func(ix *dialect.Index) bool { return ix.NullsEqual })
	var fallback *anonymise.Spec
	for _, spec := range c.specs() {
		_, replacer, err := plan.Bind(t.Table, spec, c.Column)
		if err != nil || spec.Name == "null" && oneNull {
			continue
		}
		if !unique || replacer.Class() != anonymise.Lossy || spec.Name == "null" {
			v.final = &spec
			return
		}
		if fallback == nil {
			fallback = &spec
		}
	}
	if v.final = fallback; v.final == nil {
		v.leaveOpen("it seems to be %s, and no strategy fits the column", v.category)
	}
}

// isUnaddressed reports whether the table has neither a key nor a row address. Then one statement
// overwrites all rows, by a value that every engine can compute.
func (t *table) isUnaddressed() bool { return len(t.Key()) == 0 && t.Address == "" }

// whyKept returns the reason for not overwriting a personal column, or "".
func (d *database) whyKept(c *column) string {
	switch t := c.table; {
	case !c.Assignable():
		return "the engine computes it"
	case slices.Contains(t.Key(), c.Name):
		return "rows are addressed by it"
	case t.refersBy(c.Name):
		return "it follows what it refers to"
	case d.referredTo(c) && !d.isJoined(c):
		return "other rows refer to it"
	}
	return ""
}

// isJoined reports whether a link compares the column with another personal one.
func (d *database) isJoined(c *column) bool {
	return len(d.joinedWith(c)) > 0
}

// joinedWith returns the personal columns compared with the column by links.
func (d *database) joinedWith(c *column) []*column {
	var out []*column
	for _, l := range d.links {
		from, to := l.from.column(l.columns[0]), l.to.column(l.refColumns[0])
		switch {
		case !from.verdict.personal() || !to.verdict.personal():
		case from == c:
			out = append(out, to)
		case to == c:
			out = append(out, from)
		}
	}
	return out
}

// proposePseudonym proposes a pseudonym, so that equal values get equal replacements in all columns
// compared with each other. If it doesn't fit all of them, they are kept.
func (d *database) proposePseudonym(c *column) {
	group := []*column{c}
	for i := 0; i < len(group); i++ {
		for _, o := range d.joinedWith(group[i]) {
			if !slices.Contains(group, o) {
				group = append(group, o)
			}
		}
	}
	spec := mustSpec(`"pseudonym"`)
	if c.verdict.meaning == emailAddress {
		spec = mustSpec(`{"pseudonym":"email"}`)
	}
	for _, o := range group {
		if _, _, err := plan.Bind(o.table.Table, spec, o.Column); err != nil || d.whyKept(o) != "" || o.table.isUnaddressed() {
			c.verdict.because("other columns are compared with it, and one strategy doesn't fit them all, so it is kept as it is")
			c.verdict.final = &anonymise.Spec{Name: "keep"}
			return
		}
	}
	c.verdict.because("links compare it with other columns, which get the same pseudonyms")
	c.verdict.final = &spec
}

// specs returns the strategies to try for a column, the best one first.
func (c *column) specs() []anonymise.Spec {
	var out []anonymise.Spec
	add := func(s anonymise.Spec) {
		if c.Kind == dialect.Array && s.Name != "null" {
			b, _ := json.Marshal(s)
			var inner any
			_ = json.Unmarshal(b, &inner) // decodes its own encoding
			s = anonymise.Spec{Name: "array", Params: inner}
		}
		out = append(out, s)
	}
	if c.table.isUnaddressed() {
		if c.Nullable {
			return []anonymise.Spec{mustSpec(`"null"`)}
		}
		return []anonymise.Spec{mustSpec(`{"fixed":""}`)}
	}
	if c.verdict.spec != nil {
		add(*c.verdict.spec)
	}
	if slices.Contains(moments, c.Kind) {
		add(mustSpec(`{"shift":{"within":180}}`)) // keeps the order of events
	}
	if m := c.verdict.meaning; m != nil {
		for _, text := range m.specs {
			if text == `"null"` && !c.Nullable {
				continue
			}
			add(mustSpec(text))
		}
	}
	for _, text := range []string{`"random"`, `"pick"`, `"pseudonym"`, `"null"`} {
		if text != `"null"` || c.Nullable {
			add(mustSpec(text))
		}
	}
	return out
}

// mustSpec parses a strategy of this package's tables.
func mustSpec(text string) anonymise.Spec {
	var s anonymise.Spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic("discover: " + text + ": " + err.Error())
	}
	return s
}
