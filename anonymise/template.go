package anonymise

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// templateDefinition: template writes a text around made-up parts:
//
//	user-{{seq}}@shop.example
//	{{fake first-name}} {{letters 1}}.
//	REF-{{digits 8}}-{{hex 4}}
//
// The language has no conditions, no loops and no access to the old value or to other columns'
// values. Its parts are
//
//	{{seq}}, {{seq COLUMN}}  a number of the row's own, made of its key (or of COLUMN); see sequence
//	{{digits N}}             N random digits
//	{{letters N}}            N random lower-case letters
//	{{chars N}}              N random lower-case letters and digits
//	{{hex N}}                N random hexadecimal digits
//	{{uuid}}                 a random UUID
//	{{fake FUNCTION}}        a made-up value; see fake
var templateDefinition = definition{
	Description: Description{
		Name: "template", Doc: "a text with made-up parts: user-{{seq}}@shop.example",
		Technique: "synthetic data", Class: Unique, Consistent: withModifier,
		Kinds:  []dialect.Kind{dialect.Text},
		Params: []Param{{"text", "the template, with {{seq}}, {{seq COLUMN}}, {{digits N}}, {{letters N}}, {{chars N}}, {{hex N}}, {{uuid}}, {{fake FUNCTION}}; {template: …} for short"}},
	},
	make:       makeTemplate,
	fills:      true,
	consistent: true,
	redraw:     true,
}

type templateStrategy struct {
	parts []templatePart
	m     Modifiers
}

// templatePart is fixed text, or a made-up one.
type templatePart struct {
	text     string // fixed, where kind is empty
	kind     string
	n        int
	by       string
	alphabet string
	fake     fakeStrategy
}

// templateAlphabets are the parts drawn character by character.
var templateAlphabets = map[string]string{
	"digits":  digits,
	"letters": lowerLetters,
	"chars":   lowerLetters + digits,
	"hex":     "0123456789abcdef",
}

var templateKinds = []string{"chars", "digits", "fake", "hex", "letters", "seq", "uuid"}

func makeTemplate(v any, m Modifiers) (Strategy, error) {
	p := readParams("template", v, "text")
	text := p.textOr("text", "")
	if text == "" && p.err == nil {
		return nil, specErrorf(p.path, "the text is missing: {template: user-{{seq}}}")
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	parts, reason := parseTemplate(text, m)
	if reason != "" {
		return nil, specErrorf(p.path, "%s", reason)
	}
	return templateStrategy{parts, m}, nil
}

// parseTemplate returns the parts, or the reason why the text is invalid.
func parseTemplate(text string, m Modifiers) (parts []templatePart, reason string) {
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if strings.Contains(before, "}}") {
			return nil, "}} without {{ before it"
		}
		if before != "" {
			parts = append(parts, templatePart{text: before})
		}
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, "{{ without }} behind it"
		}
		part, reason := parsePart(inside, m)
		if reason != "" {
			return nil, reason
		}
		parts, text = append(parts, part), after
	}
	if !slices.ContainsFunc(parts, func(p templatePart) bool { return p.kind != "" }) {
		return nil, "nothing in it is made up: use fixed, or a part such as {{seq}}"
	}
	return parts, ""
}

func parsePart(inside string, m Modifiers) (templatePart, string) {
	kind, arg, _ := strings.Cut(strings.TrimSpace(inside), " ")
	arg = strings.TrimSpace(arg)
	p := templatePart{kind: kind, alphabet: templateAlphabets[kind]}
	switch {
	case p.alphabet != "":
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 || n > 1000 {
			return p, fmt.Sprintf("{{%s}} needs a number from 1 to 1000: {{%s 8}}", kind, kind)
		}
		p.n = n
	case kind == "uuid":
		if arg != "" {
			return p, "{{uuid}} takes nothing else"
		}
	case kind == "seq":
		p.by = arg
	case kind == "fake":
		f, err := makeFake(arg, m)
		if err != nil {
			return p, "{{fake}}: " + err.Error()
		}
		p.fake = f.(fakeStrategy)
	default:
		return p, unknownName("part", kind, templateKinds)
	}
	return p, ""
}

func (ts templateStrategy) has(kind string) bool {
	return slices.ContainsFunc(ts.parts, func(p templatePart) bool { return p.kind == kind })
}

func (ts templateStrategy) Info() Info {
	i := templateDefinition.info()
	if i.Keyed = ts.has("seq"); !i.Keyed {
		i.Class = LikelyUnique
	}
	return i
}

func (ts templateStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	least, space := 0, 1.0
	class := Class("")
	numbers := map[string]rowNumber{}
	var needs []string
	for _, p := range ts.parts {
		switch {
		case p.kind == "":
			least += len([]rune(p.text))
		case p.alphabet != "":
			least += p.n
			space *= math.Pow(float64(len(p.alphabet)), float64(min(p.n, 50)))
		case p.kind == "uuid":
			least += 36
			space *= math.Pow(2, 122)
		case p.kind == "seq":
			least++
			n, err := newRowNumber(t, p.by, ts.m)
			if err != nil {
				return nil, err
			}
			if n.class == Unique {
				class = Unique
			}
			numbers[p.by] = n
			needs = append(needs, n.by)
		}
	}
	if least > roomOf(c) {
		return nil, fmt.Errorf("the text has at least %d characters, and column %s holds %d: make it shorter", least, c.Name, c.Length)
	}
	if class == "" {
		if err := hasRoom(space, t); err != nil && !ts.has("fake") && !ts.has("seq") {
			return nil, err
		}
		class = birthdayClass(space, t)
	}
	if ts.unclear() && class == Unique {
		class = LikelyUnique
	}
	render := func(s *Source, row func(string) dialect.Value) (dialect.Value, error) {
		text, err := ts.render(s, numbers, row)
		if err == nil && !fitsColumn(c, text) {
			if text = cutToFit(c, text); class == Unique {
				err = fmt.Errorf("template: the text got longer than column %s, which holds %d characters: make it shorter", c.Name, c.Length)
			}
		}
		return text, err
	}
	if len(needs) == 0 {
		return clientReplacer{class, func(s *Source, _ dialect.Value) (dialect.Value, error) { return render(s, nil) }}, nil
	}
	return rowReplacer{class, needs, func(s *Source, _ dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
		return render(s, row)
	}}, nil
}

// unclear reports whether digits beside the row's number can make two rows equal: 1 before 12 looks
// like 11 before 2.
func (ts templateStrategy) unclear() bool {
	for i, p := range ts.parts {
		if p.kind != "seq" {
			continue
		}
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < len(ts.parts) && ts.parts[j].kind != "" && ts.parts[j].kind != "letters" {
				return true
			}
		}
	}
	return false
}

func (ts templateStrategy) render(s *Source, numbers map[string]rowNumber, row func(string) dialect.Value) (string, error) {
	var b strings.Builder
	for _, p := range ts.parts {
		text, err := p.text, error(nil)
		switch {
		case p.alphabet != "":
			for range p.n {
				b.WriteByte(p.alphabet[s.rng.IntN(len(p.alphabet))])
			}
		case p.kind == "uuid":
			text = randomUUID(s).String()
		case p.kind == "fake":
			text, err = p.fake.makeFake(s)
		case p.kind == "seq":
			text, err = numbers[p.by].of(s, row)
		}
		if err != nil {
			return "", fmt.Errorf("template: %w", err)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}
