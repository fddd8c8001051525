package discover

import (
	"encoding/json"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// proposeStrategies gives each personal column the first strategy that can be
// bound to it.
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
	switch {
	case !c.Assignable():
		v.because("the engine computes it, so no strategy is proposed")
		return
	case slices.Contains(t.Key(), c.Name):
		v.because("rows are addressed by it, so no strategy is proposed")
		return
	case t.refersBy(c.Name):
		v.because("it follows what it refers to")
		return
	case d.referredTo(c):
		v.because("other rows refer to it, so no strategy is proposed")
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
		v.because("no strategy was found that fits the column")
	}
}

// specs are the strategies to try for a column, the best one first.
func (c *column) specs() []anonymise.Spec {
	var out []anonymise.Spec
	add := func(s anonymise.Spec) {
		if c.Kind == dialect.Array && s.Name != "null" {
			b, _ := json.Marshal(s)
			var inner any
			_ = json.Unmarshal(b, &inner) // what was just encoded
			s = anonymise.Spec{Name: "array", Params: inner}
		}
		out = append(out, s)
	}
	if c.verdict.spec != nil {
		add(*c.verdict.spec)
	}
	if slices.Contains(moments, c.Kind) {
		add(mustSpec(`{"shift":{"days":180}}`)) // keeps what a calendar tells, such as the order of events
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

// mustSpec reads a strategy of this package's tables.
func mustSpec(text string) anonymise.Spec {
	var s anonymise.Spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic("discover: " + text + ": " + err.Error())
	}
	return s
}
