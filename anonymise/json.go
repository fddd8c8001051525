package anonymise

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// jsonDefinition: json replaces values inside of documents, each with its own strategy. A path
// names keys, separated by dots; a key with other characters than letters, digits, - and _ is
// written in double quotes. * is any key, [] each element of an array, [2] one of them:
//
//	email   contact.phones[]   items[].buyer.name   "odd key"."x.y"   *.name
//
// Where a path ends at an object or an array, json applies the strategy to every text, number and
// boolean in it; null, fixed and keep take it as a whole. `others` says whether values without a
// path are kept, dropped or made random. json replaces a value other than a JSON text as random
// does.
var jsonDefinition = definition{
	Description: Description{
		Name: "json", Doc: "strategies for paths inside of a document, and what happens to the rest",
		Technique: "randomization", Class: Lossy, Consistent: never, Partial: true,
		Kinds: []dialect.Kind{dialect.JSON, dialect.Text},
		Params: []Param{
			{"paths", "a map of paths (contact.phones[], items[].name, *.email) to strategies"},
			{"others", "what happens to what no path leads to: keep, drop or random"},
		},
	},
	make: makeJSON,
}

type jsonStrategy struct {
	rules  []jsonRule
	others string
	keyed  bool
}

type jsonRule struct {
	path     []step
	written  string
	spec     Spec
	strategy Strategy
}

// step is one step of a path.
type step struct {
	key   string
	any   bool // *
	index int  // -1: not one element
	each  bool // []
}

func makeJSON(v any, _ Modifiers) (Strategy, error) {
	p := readParams("json", v, "")
	j := jsonStrategy{others: p.choice("others", "", "keep", "drop", "random")}
	raw, _ := p.get("paths")
	paths, ok := raw.(map[string]any)
	if raw != nil && !ok {
		p.failAt("paths", "a map of paths to strategies")
	}
	if p.err == nil && j.others == "" {
		p.failAt("others", "say what happens to what no path leads to: keep, drop or random")
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	for _, written := range slices.Sorted(maps.Keys(paths)) {
		rule, err := makeRule(written, paths[written])
		if err != nil {
			return nil, wrapPath(err, "json", "paths", written)
		}
		j.keyed = j.keyed || rule.strategy.Info().Keyed
		j.rules = append(j.rules, rule)
	}
	return j, nil
}

func makeRule(written string, v any) (jsonRule, error) {
	path, err := parsePath(written)
	if err != nil {
		return jsonRule{}, err
	}
	spec, err := ParseSpec(v)
	if err != nil {
		return jsonRule{}, err
	}
	if spec.Modifiers.When != "" {
		return jsonRule{}, specErrorf([]string{"when"}, "a condition is for the whole column: write it beside json")
	}
	s, err := New(spec)
	return jsonRule{path, written, spec, s}, err
}

// parsePath reads a path.
func parsePath(text string) ([]step, error) {
	wrong := func(reason string) ([]step, error) { return nil, specErrorf(nil, "the path %s: %s", text, reason) }
	rest := strings.TrimPrefix(strings.TrimPrefix(text, "$"), ".")
	if rest == "" {
		return wrong("names nothing; write a, a.b, a[].b or *.b")
	}
	var path []step
	for rest != "" {
		switch rest[0] {
		case '[':
			inside, after, ok := strings.Cut(rest[1:], "]")
			s := step{index: -1, each: true}
			if ok && inside != "" && inside != "*" {
				n, err := strconv.Atoi(inside)
				ok = err == nil && n >= 0
				s = step{index: n}
			}
			if !ok {
				return wrong("[] is each element, [2] one of them")
			}
			path, rest = append(path, s), after
		case '"':
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return wrong("a key in quotes doesn't end")
			}
			key, err := strconv.Unquote(quoted)
			if err != nil {
				return wrong("a key in quotes that can't be read")
			}
			path, rest = append(path, step{key: key, index: -1}), rest[len(quoted):]
		default:
			n := strings.IndexAny(rest, `.["`)
			if n < 0 {
				n = len(rest)
			}
			key := rest[:n]
			if key == "" || key != "*" && strings.ContainsFunc(key, func(r rune) bool { return !isWordRune(r) && r != '-' && r != '_' }) {
				return wrong(`a key with other characters than letters, digits, - and _ stands in double quotes`)
			}
			path, rest = append(path, step{key: key, any: key == "*", index: -1}), rest[n:]
		}
		if after, dot := strings.CutPrefix(rest, "."); dot {
			if after == "" || after[0] == '.' || after[0] == '[' {
				return wrong("a key is missing behind a dot")
			}
			rest = after
		} else if rest != "" && rest[0] != '[' {
			return wrong("a dot is missing before a key")
		}
	}
	return path, nil
}

func (j jsonStrategy) Info() Info {
	i := jsonDefinition.info()
	i.Keyed = j.keyed
	return i
}

func (j jsonStrategy) Bind(t Target) (Replacer, error) {
	bound := make([]boundRule, len(j.rules))
	for i, rule := range j.rules {
		b, err := rule.bind(t.Column.Name)
		if err != nil {
			return nil, fmt.Errorf("path %s: %w", rule.written, err)
		}
		bound[i] = b
	}
	c := t.Column
	return clientReplacer{Lossy, func(s *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		doc, err := parseJSON(text)
		if err != nil {
			if c.Kind == dialect.Text {
				return randomLike(s, text), nil
			}
			return randomJSON(s, old), nil
		}
		w := walker{s, j.others}
		if err := w.walk(doc, bound); err != nil {
			return nil, err
		}
		if text = doc.String(); !fitsColumn(c, text) {
			return nil, fmt.Errorf("json: the document got longer than column %s, which holds %d: use shorter values, or random", c.Name, c.Length)
		}
		return text, nil
	}}, nil
}
