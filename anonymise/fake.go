package anonymise

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/expungedb/expunge/dialect"
)

// fakeDefinition: fake makes a value with one of gofakeit's functions. A policy may write the
// function as gofakeit's lookup table has it (firstname) or with hyphens, underscores or capitals.
// fake moves e-mail addresses and host names to the domain .example (RFC 2606), which nobody can
// own: a test system's mail must not reach a stranger.
//
// In a unique column a text gets random characters of its own kind; see unique.go.
var fakeDefinition = definition{
	Description: Description{
		Name: "fake", Doc: "a made-up value of a kind: e-mail, first-name, phone, city, company, …",
		Technique: "synthetic data", Class: Lossy, Consistent: withModifier,
		Kinds: []dialect.Kind{
			dialect.Text, dialect.Int, dialect.Decimal, dialect.Float, dialect.Bool, dialect.Date, dialect.Time,
			dialect.Timestamp, dialect.TimestampTZ, dialect.UUID, dialect.Inet, dialect.JSON, dialect.Enum,
		},
		Params: []Param{
			{"<function>", "a function of gofakeit: {fake: email}, with parameters {fake: {number: {min: 1, max: 9}}}"},
		},
	},
	make:       makeFake,
	fills:      true,
	consistent: true,
	redraw:     true,
}

type fakeStrategy struct {
	name   string // as in gofakeit's table
	info   *gofakeit.Info
	params *gofakeit.MapParams
}

// unfit are functions without a single value: whole files, pictures, and lists of other functions.
var unfit = []string{"csv", "fields", "fixedwidth", "imagejpeg", "imagepng", "json", "sql", "svg", "template", "xml"}

// clocked are functions with values that depend on today's date: a consistent replacement must not.
var clocked = []string{
	"car", "creditcard", "creditcardexp", "date", "firefoxuseragent", "futuredate", "pastdate", "person", "useragent", "year",
}

func makeFake(v any, m Modifiers) (Strategy, error) {
	path := []string{"fake"}
	var name string
	var given map[string]any
	switch v := v.(type) {
	case string:
		name = v
	case map[string]any:
		if len(v) != 1 {
			return nil, specErrorf(path, "one function, such as {fake: {number: {min: 1, max: 9}}}")
		}
		for f, p := range v {
			name = f
			var ok bool
			if given, ok = p.(map[string]any); !ok && p != nil {
				return nil, specErrorf([]string{"fake", f}, "the parameters are a map such as {min: 1, max: 9}")
			}
		}
	default:
		return nil, specErrorf(path, "the function is missing: {fake: email}")
	}
	f := fakeStrategy{name: fakerName(name)}
	if f.info = lookUpFaker(f.name); f.info == nil {
		return nil, specErrorf(path, "%s of gofakeit %s (its README lists them)", unknownName("function", name, slices.Sorted(maps.Keys(gofakeit.FuncLookups))), FakerVersion())
	}
	if slices.Contains(unfit, f.name) || strings.HasPrefix(f.info.Output, "[]") || strings.HasPrefix(f.info.Output, "map[string][]") {
		return nil, specErrorf(path, "function %s makes no single value (%s)", name, f.info.Output)
	}
	endless := f.name == "daterange" && given["enddate"] == nil // ends today
	if m.Consistent && (endless || slices.Contains(clocked, f.name)) {
		return nil, specErrorf(path, "function %s depends on today's date, so that it can't be consistent: use shift, or random with from and to", name)
	}
	if m.Locale != "" && !strings.HasPrefix(strings.ToLower(m.Locale), "en") {
		return nil, specErrorf([]string{"locale"}, "gofakeit %s makes English values only: leave it out, or use pick with a list of your own", FakerVersion())
	}
	return f.withParams(name, given)
}

// fakerName is a function's name in gofakeit's table: small letters and digits.
func fakerName(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}

// lookUpFaker finds a function by its name without separators; the application may have added
// functions to gofakeit's table.
func lookUpFaker(name string) *gofakeit.Info {
	if info := gofakeit.GetFuncLookup(name); info != nil {
		return info
	}
	for key := range gofakeit.FuncLookups {
		if fakerName(key) == name {
			return gofakeit.GetFuncLookup(key)
		}
	}
	return nil
}

// withParams checks the parameters by making a value.
func (f fakeStrategy) withParams(name string, given map[string]any) (Strategy, error) {
	path := []string{"fake", name}
	var fields []string
	for _, p := range f.info.Params {
		fields = append(fields, p.Field)
	}
	f.params = gofakeit.NewMapParams()
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if len(fields) == 0 {
			return nil, specErrorf(append(path, key), "function %s takes no parameters", name)
		}
		if !slices.Contains(fields, key) {
			return nil, specErrorf(append(path, key), "%s", unknownName("parameter", key, fields))
		}
		list, ok := given[key].([]any)
		if !ok {
			list = []any{given[key]}
		}
		for _, v := range list {
			f.params.Add(key, paramText(v))
		}
	}
	trial := gofakeit.New(1)
	v, err := generateEmail(trial, f.info, f.params)
	if err != nil {
		return nil, specErrorf(path, "function %s refuses its parameters (it takes %s): %s", name, strings.Join(fields, ", "), err)
	}
	if _, ok := plainText(v); !ok {
		return nil, specErrorf(path[:1], "function %s makes no single value (%s)", name, f.info.Output)
	}
	return f, nil
}

func paramText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// generateEmail calls a function of gofakeit. Its errors and panics are about its parameters.
func generateEmail(f *gofakeit.Faker, info *gofakeit.Info, params *gofakeit.MapParams) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	if len(*params) == 0 {
		params = nil // the defaults of lists are read only where there are no parameters at all
	}
	return info.Generate(f, params, info)
}

// plainText returns a generated value as text: canonical where Go's own formatting is, JSON for a
// value with fields.
func plainText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(v), true
	case float32:
		return strconv.FormatFloat(float64(v), 'f', -1, 32), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case time.Time:
		return v.UTC().Format(time.RFC3339), true
	case error:
		return v.Error(), true
	case nil:
		return "", false
	}
	b, err := encodeJSON(v)
	return string(b), err == nil
}

func (fakeStrategy) Info() Info { return fakeDefinition.info() }

// fakeTries is the number of tries before a made-up text is cut to the column's length.
const fakeTries = 16

func (f fakeStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	// Sample values show whether the function makes values of the column's kind.
	trial, fit := NewSource(Secret{}, gofakeit.New(1).Rand), false
	for range fakeTries {
		text, err := f.makeFake(trial)
		if err != nil {
			return nil, err
		}
		if _, fit = f.convert(c, text); fit {
			break
		}
	}
	if !fit {
		return nil, fmt.Errorf("%s makes %s; column %s is %s", f.name, f.output(), c.Name, describeColumn(c))
	}
	if c.Kind == dialect.Text {
		return f.bindText(t)
	}
	class := Lossy
	if c.Kind == dialect.UUID && f.name == "uuid" {
		class = LikelyUnique
	}
	return clientReplacer{class, func(s *Source, _ dialect.Value) (dialect.Value, error) {
		for range fakeTries {
			text, err := f.makeFake(s)
			if err != nil {
				return nil, err
			}
			if v, ok := f.convert(c, text); ok {
				return v, nil
			}
		}
		return nil, fmt.Errorf("fake: %s makes values that don't fit column %s, which is %s: give it a range, or use random", f.name, c.Name, describeColumn(c))
	}}, nil
}

func (f fakeStrategy) bindText(t Target) (Replacer, error) {
	c := t.Column
	u, class, err := f.uniquely(t)
	if err != nil {
		return nil, err
	}
	return clientReplacer{class, func(s *Source, _ dialect.Value) (dialect.Value, error) {
		var text string
		for range fakeTries {
			var err error
			if text, err = f.makeFake(s); err != nil {
				return nil, err
			}
			if fitsColumn(c, text) {
				break
			}
		}
		if u != nil {
			return u(s, text), nil
		}
		if !fitsColumn(c, text) && f.name == "email" {
			return shortEmail(text, roomOf(c)), nil
		}
		return cutToFit(c, text), nil
	}}, nil
}

// makeFake makes a value, as text.
func (f fakeStrategy) makeFake(s *Source) (string, error) {
	v, err := generateEmail(s.faker, f.info, f.params)
	if err != nil {
		return "", fmt.Errorf("fake: %s: gofakeit refuses its parameters", f.name)
	}
	text, ok := plainText(v)
	if !ok {
		return "", fmt.Errorf("fake: %s makes no single value", f.name)
	}
	switch f.name {
	case "email", "domainname":
		if dot := strings.LastIndexByte(text, '.'); dot > 0 {
			text = text[:dot] + ".example"
		}
	case "username": // of a name such as "van Dam"
		text = strings.ReplaceAll(text, " ", "")
	}
	return text, nil
}

func (f fakeStrategy) output() string {
	switch f.info.Output {
	case "string":
		return "text"
	case "time":
		return "a timestamp"
	}
	return f.info.Output
}

// convert brings made-up text to the column's canonical form; ok is false where the text isn't of
// the column's kind.
func (f fakeStrategy) convert(c *dialect.Column, text string) (dialect.Value, bool) {
	switch c.Kind {
	case dialect.Text:
		return text, true
	case dialect.Decimal:
		d, ok := parseDecimal(text)
		if ok && c.Precision > 0 && len(d.fraction) > c.Scale {
			d.fraction = d.fraction[:max(c.Scale, 0)] // a price has two digits, the column decides
		}
		return d.String(), ok && d.fits(c)
	case dialect.Float:
		_, err := strconv.ParseFloat(text, 64)
		return text, err == nil
	case dialect.Date, dialect.Time, dialect.Timestamp, dialect.TimestampTZ:
		return convertMoment(c, text)
	}
	v, err := constantValue(c, text)
	return v, err == nil
}

// convertMoment converts a text of gofakeit's date functions.
func convertMoment(c *dialect.Column, text string) (dialect.Value, bool) {
	m, ok := parseMoment(c.Kind, text)
	if !ok {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, false
		}
		m = moment{t: t.UTC().Truncate(time.Second), kind: c.Kind}
	}
	return m.String(), isHeld(c, m)
}
