package anonymise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Spec is a strategy as a policy and a plan write it: a bare name, or a name with parameters, and
// modifiers beside it. In JSON (and YAML) a Spec with neither is a string ("random"). Otherwise it
// is an object: one entry is the strategy and the others are modifiers:
//
//	{"fake":"email"}
//	{"mask":{"first":1}}
//	{"consistent":true,"fake":"first-name","null":"fill"}
//	{"random":null,"when":"country = 'DE'"}
//
// The null strategy may be written as JSON null or "null", and is encoded as "null". The zero Spec
// is no strategy, and can't be encoded.
type Spec struct {
	Name      string
	Params    any // the parameters as decoded JSON: string, float64, bool, nil, []any, map[string]any
	Modifiers Modifiers
}

// Modifiers change how any strategy is applied. The zero value changes nothing.
type Modifiers struct {
	// Consistent (`consistent: true`) gives equal values equal replacements, in every table and
	// engine, for one secret.
	Consistent bool
	// Group (`consistent: customer-email`) is Consistent with a name: two groups give unrelated
	// replacements for one value. Empty is the common group of all unnamed ones.
	Group string
	// When (`when:`) is a condition in the engine's SQL over the row's columns; where it doesn't
	// hold, the value is kept. See [Conditional].
	When string
	// FillNull (`null: fill`) replaces NULL too. `null: keep` is the default.
	FillNull bool
	// Locale (`locale:`) is the language of made-up values, as far as the generator has it.
	Locale string
	// Fold (`fold: true|false`) says whether a consistent strategy takes values for equal that
	// differ only by case or accents: "true", "false", or empty to follow the column's collation.
	Fold string
	// As (`as: text`) declares that a binary column holds text, in UTF-8: the strategy gets a text,
	// and its replacement is stored as bytes. Empty: the column's type decides.
	As string
	// Otherwise (`otherwise: null|default|random`) is the replacement of a value that the strategy
	// can't replace (see [Particular]); empty is an error.
	Otherwise string
}

// modifierNames are the modifiers' names. "null" is one only beside a strategy, and with the value
// keep or fill.
var modifierNames = []string{"as", "consistent", "fold", "locale", "null", "otherwise", "when"}

// SpecError describes an error in a strategy as it is written.
type SpecError struct {
	// Path leads from the strategy to the wrong key, in keys (or list positions) as written; empty
	// is the whole.
	Path   []string
	Reason string
}

// Error is the path and the reason.
func (e *SpecError) Error() string {
	if len(e.Path) == 0 {
		return e.Reason
	}
	return strings.Join(e.Path, ".") + ": " + e.Reason
}

func specErrorf(path []string, format string, args ...any) *SpecError {
	return &SpecError{Path: path, Reason: fmt.Sprintf(format, args...)}
}

// wrapPath prefixes path to an error of a nested strategy.
func wrapPath(err error, path ...string) error {
	var se *SpecError
	if errors.As(err, &se) {
		return &SpecError{append(path, se.Path...), se.Reason}
	}
	return err
}

// ParseSpec makes a Spec from the output of a YAML or JSON decoder. It checks the form only: [New]
// checks whether the strategy exists and takes these parameters. Every error is a *SpecError.
func ParseSpec(v any) (Spec, error) {
	switch v := v.(type) {
	case nil:
		return Spec{Name: "null"}, nil
	case string:
		if v == "" {
			return Spec{}, specErrorf(nil, "no strategy")
		}
		return Spec{Name: v}, nil
	case map[string]any:
		return parseEntries(v)
	}
	return Spec{}, specErrorf(nil, "a strategy is a name, or a name with parameters such as {fake: email}")
}

func parseEntries(m map[string]any) (Spec, error) {
	var s Spec
	var names []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if isModifier(key, m) {
			if err := s.Modifiers.set(key, m[key]); err != nil {
				return Spec{}, err
			}
			continue
		}
		names = append(names, key)
	}
	switch {
	case len(names) == 0:
		return Spec{}, specErrorf(nil, "no strategy beside the modifiers")
	case len(names) > 1:
		return Spec{}, specErrorf(names[1:2], "two strategies for one column, %s and %s: one entry names the strategy, beside it only modifiers (%s) may stand",
			names[0], names[1], strings.Join(modifierNames, ", "))
	case names[0] == "":
		return Spec{}, specErrorf(names, "no strategy")
	}
	params, err := canonicalParams(m[names[0]], names)
	if err != nil {
		return Spec{}, err
	}
	if none, ok := params.(map[string]any); ok && len(none) == 0 {
		params = nil // one strategy, and so one consistent group, however it is written
	}
	s.Name, s.Params = names[0], params
	return s, nil
}

func isModifier(key string, m map[string]any) bool {
	if key == "null" {
		return m[key] == "keep" || m[key] == "fill"
	}
	return slices.Contains(modifierNames, key)
}

func (m *Modifiers) set(key string, v any) error {
	path := []string{key}
	text, isText := v.(string)
	if key == "otherwise" {
		if v == nil {
			text = "null"
		}
		if !slices.Contains([]string{"null", "default", "random"}, text) {
			return specErrorf(path, "null, default or random")
		}
		m.Otherwise = text
		return nil
	}
	flag, isFlag := v.(bool)
	switch {
	case key == "as" && v == "text":
		m.As = text
	case key == "as":
		return specErrorf(path, "text")
	case key == "null":
		m.FillNull = v == "fill"
	case key == "consistent" && isFlag:
		m.Consistent = flag
	case key == "consistent" && isText && text != "":
		m.Consistent, m.Group = true, text
	case key == "consistent":
		return specErrorf(path, "true, false, or the name of a group whose columns agree")
	case key == "fold" && isFlag:
		m.Fold = strconv.FormatBool(flag)
	case key == "fold":
		return specErrorf(path, "true or false")
	case !isText || text == "":
		return specErrorf(path, "a text")
	case key == "when":
		m.When = text
	case key == "locale":
		m.Locale = text
	}
	return nil
}

// exactInts: float64 has every whole number up to it.
const exactInts = 1 << 53

// canonicalParams converts a decoder's values to encoding/json's types.
func canonicalParams(v any, path []string) (any, error) {
	number := func(f float64, exact bool) (any, error) {
		if !exact || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, specErrorf(path, "a number that can't be kept exactly: put it in quotes")
		}
		if f == 0 {
			f = 0 // -0 is written as it is read
		}
		return f, nil
	}
	switch v := v.(type) {
	case nil, string, bool:
		return v, nil
	case float64:
		return number(v, true)
	case float32:
		return number(float64(v), true)
	case int:
		return number(float64(v), int64(v) <= exactInts && int64(v) >= -exactInts)
	case int64:
		return number(float64(v), v <= exactInts && v >= -exactInts)
	case uint64:
		return number(float64(v), v <= exactInts)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			c, err := canonicalParams(e, append(slices.Clip(path), strconv.Itoa(i)))
			if err != nil {
				return nil, err
			}
			out[i] = c
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			c, err := canonicalParams(e, append(slices.Clip(path), k))
			if err != nil {
				return nil, err
			}
			out[k] = c
		}
		return out, nil
	}
	return nil, specErrorf(path, "a value that JSON doesn't have: write it as a text, a number, a list or a map with text keys")
}

// IsZero reports whether s is no strategy.
func (s Spec) IsZero() bool { return s.Name == "" }

// String is the spec in its JSON form.
func (s Spec) String() string {
	b, err := s.MarshalJSON()
	if err != nil {
		return s.Name
	}
	return string(b)
}

// MarshalJSON writes the canonical form: keys sorted, no space.
func (s Spec) MarshalJSON() ([]byte, error) {
	if s.IsZero() {
		return nil, specErrorf(nil, "no strategy")
	}
	if s.Params == nil && s.Modifiers == (Modifiers{}) {
		return encodeJSON(s.Name)
	}
	m := map[string]any{s.Name: s.Params}
	if s.Modifiers.Group != "" {
		m["consistent"] = s.Modifiers.Group
	} else if s.Modifiers.Consistent {
		m["consistent"] = true
	}
	if s.Modifiers.When != "" {
		m["when"] = s.Modifiers.When
	}
	if s.Modifiers.FillNull {
		m["null"] = "fill"
	}
	if s.Modifiers.Locale != "" {
		m["locale"] = s.Modifiers.Locale
	}
	if s.Modifiers.Fold != "" {
		m["fold"] = s.Modifiers.Fold == "true"
	}
	if s.Modifiers.As != "" {
		m["as"] = s.Modifiers.As
	}
	if s.Modifiers.Otherwise != "" {
		m["otherwise"] = s.Modifiers.Otherwise
	}
	return encodeJSON(m)
}

// encodeJSON is json.Marshal without its escaping of < > &, so that a condition stays readable.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads the canonical form and its equivalents. An error of form is a *SpecError.
func (s *Spec) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	parsed, err := ParseSpec(v)
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
