package anonymise

import (
	"fmt"
	"math"
	"sort"
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

// pickDefinition: pick takes one of the values of a list, each equally likely unless weighted. It
// may pick the old value too: never doing so would reveal something about it.
var pickDefinition = definition{
	Description: Description{
		Name: "pick", Doc: "one of a list of values, or of an enum's labels",
		Technique: "randomization", Class: Lossy, Consistent: withModifier, InDatabase: true,
		Params: []Param{
			{"from", "the values; {pick: [a, b]} for short, an enum's labels by default"},
			{"weights", "whole numbers, as many as the values: how often each is taken"},
		},
	},
	make:       makePick,
	fills:      true,
	consistent: true,
}

type pickStrategy struct {
	from    []any
	weights []int
}

func makePick(v any, _ Modifiers) (Strategy, error) {
	p := readParams("pick", v, "from")
	var s pickStrategy
	s.from, _ = p.list("from")
	for i, v := range s.from {
		switch v.(type) {
		case string, float64, bool:
		default:
			p.failAt("from", "entry %d is neither a text, a number, true nor false", i)
		}
	}
	weights, _ := p.list("weights")
	sum := 0
	for i, v := range weights {
		f, ok := v.(float64)
		if !ok || f != math.Trunc(f) || f < 0 || f > 1e6 {
			p.failAt("weights", "entry %d is no whole number from 0 to 1000000", i)
		}
		sum += int(f)
		s.weights = append(s.weights, int(f))
	}
	if len(weights) > 0 && sum == 0 {
		p.failAt("weights", "at least one must be above 0")
	}
	if len(weights) > 0 && s.from != nil && len(weights) != len(s.from) {
		p.failAt("weights", "%d of them for %d values", len(weights), len(s.from))
	}
	return s, p.done()
}

func (pickStrategy) Info() Info { return pickDefinition.info() }

func (p pickStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if certainlyRepeats(t) && (t.Rows < 0 || t.Rows > int64(len(p.from)+len(c.Labels))) {
		return nil, fmt.Errorf("column %s is unique, and a list is not: use random, fake or pseudonym", c.Name)
	}
	from := p.from
	if from == nil {
		if len(c.Labels) == 0 {
			return nil, fmt.Errorf("column %s has no labels to pick from: say {pick: [a, b]}", c.Name)
		}
		for _, l := range c.Labels {
			from = append(from, l)
		}
	}
	if len(p.weights) > 0 && len(p.weights) != len(from) {
		return nil, fmt.Errorf("%d weights for the %d labels of column %s", len(p.weights), len(from), c.Name)
	}
	values := make([]dialect.Value, len(from))
	for i, v := range from {
		value, err := constantValue(c, v)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", strconv.Itoa(i), err)
		}
		values[i] = value
	}
	ends := make([]int, len(p.weights)) // where each value's share ends
	sum := 0
	for i, w := range p.weights {
		sum += w
		ends[i] = sum
	}
	replace := func(s *Source, _ dialect.Value) (dialect.Value, error) {
		if sum == 0 {
			return values[s.rng.IntN(len(values))], nil
		}
		return values[sort.SearchInts(ends, s.rng.IntN(sum)+1)], nil
	}
	return bothWays{clientReplacer{Lossy, replace}, dialect.Choose{Values: values, Weights: p.weights, Column: c}}, nil
}
