package anonymise

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// params reads a strategy's parameters one by one. It keeps the first error; done returns that, or
// an error for an unread key.
type params struct {
	path  []string
	m     map[string]any
	asked []string
	err   error
}

// readParams takes parameters that are a map, or absent. A single value stands for the parameter
// named short; an empty short permits no single value.
func readParams(name string, v any, short string) *params {
	p := &params{path: []string{name}}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		p.m = v
	default:
		if short == "" {
			p.err = specErrorf(p.path, "the parameters are a map such as {%s: {…}}", name)
		} else {
			p.m = map[string]any{short: v}
		}
	}
	return p
}

func (p *params) at(key string) []string { return append(slices.Clip(p.path), key) }

func (p *params) failAt(key, format string, args ...any) {
	if p.err == nil {
		p.err = specErrorf(p.at(key), format, args...)
	}
}

func (p *params) get(key string) (any, bool) {
	p.asked = append(p.asked, key)
	v, ok := p.m[key]
	return v, ok
}

// int reads a whole number from low to high.
func (p *params) int(key string, otherwise, low, high int) int {
	v, ok := p.get(key)
	if !ok {
		return otherwise
	}
	f, isNumber := v.(float64)
	if !isNumber || f != math.Trunc(f) || f < float64(low) || f > float64(high) {
		p.failAt(key, "a whole number from %d to %d", low, high)
		return otherwise
	}
	return int(f)
}

// floatOf reads a number; ok is false where it is absent or no number.
func (p *params) floatOf(key string) (f float64, ok bool) {
	v, ok := p.get(key)
	if !ok {
		return 0, false
	}
	f, isNumber := v.(float64)
	if !isNumber {
		p.failAt(key, "a number")
	}
	return f, isNumber
}

// textOr reads a text that isn't empty.
func (p *params) textOr(key, otherwise string) string {
	v, ok := p.get(key)
	if !ok {
		return otherwise
	}
	s, isText := v.(string)
	if !isText || s == "" {
		p.failAt(key, "a text")
		return otherwise
	}
	return s
}

// choice reads one of the names.
func (p *params) choice(key, otherwise string, names ...string) string {
	s := p.textOr(key, otherwise)
	if s != otherwise && !slices.Contains(names, s) {
		p.failAt(key, "%s", unknownName("value", s, names))
	}
	return s
}

// list reads a list with at least one entry.
func (p *params) list(key string) ([]any, bool) {
	v, ok := p.get(key)
	if !ok {
		return nil, false
	}
	l, isList := v.([]any)
	if !isList || len(l) == 0 {
		p.failAt(key, "a list with at least one entry")
		return nil, false
	}
	return l, true
}

func (p *params) done() error {
	if p.err != nil {
		return p.err
	}
	for _, key := range slices.Sorted(maps.Keys(p.m)) {
		if !slices.Contains(p.asked, key) {
			if len(p.asked) == 0 {
				return specErrorf(p.at(key), "%s takes no parameters", p.path[0])
			}
			return specErrorf(p.at(key), "%s", unknownName("parameter", key, p.asked))
		}
	}
	return nil
}

// unknownName says that a name is unknown: it names the nearest one where the name looks misspelt,
// else all of them.
func unknownName(what, name string, names []string) string {
	if near := nearestName(name, names); near != "" {
		return fmt.Sprintf("unknown %s %q: did you mean %s?", what, name, near)
	}
	if len(names) > 30 {
		return fmt.Sprintf("unknown %s %q", what, name)
	}
	return fmt.Sprintf("unknown %s %q: there are %s", what, name, strings.Join(names, ", "))
}

// nearestName is the name with the least edit distance, if that is small.
func nearestName(name string, names []string) string {
	best, least := "", len(name)/3+2
	for _, n := range names {
		if d := editDistance(strings.ToLower(name), strings.ToLower(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
