package receipt

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReceiptsMeetTheSchema(t *testing.T) {
	full, small := testStatement(), NewStatement(smallPredicate())
	committed := testPredicate()
	committed.Commitments = NewCommitments([]BatchCommitment{{Root: Hash{1}, Padded: 64}})
	held := NewStatement(committed)
	for name, s := range map[string]*Statement{"every field": &full, "only what must be there": &small, "commitments": &held} {
		t.Run(name, func(t *testing.T) {
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			if err := compileSchema(t).Validate(asJSON(t, s)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSchemaRefusesWhatValidateRefuses(t *testing.T) {
	tests := map[string]func(*Predicate){
		"no receipt ID":     func(p *Predicate) { p.ReceiptID = "" },
		"no scope":          func(p *Predicate) { p.Scope = "" },
		"no residue":        func(p *Predicate) { p.Residue = Residue{} },
		"a digest in words": func(p *Predicate) { p.PlanDigest = "none" },
		"an operation":      func(p *Predicate) { p.Actions[0].Operation = "truncate" },
		"a negative count":  func(p *Predicate) { p.Actions[0].Rows.Unchecked = -1 },
		"a count too large": func(p *Predicate) { p.Actions[0].Rows.Unchecked = maxCount + 1 },
		"a count of values": func(p *Predicate) { p.Actions[1].Unchanged = -1 },
		"a day":             func(p *Predicate) { p.Final = "soon" },
		"another text":      func(p *Predicate) { p.DoesNotProve = "anything" },
		"a check's method":  func(p *Predicate) { p.Checks[0].Method = "guess" },
	}
	schema := compileSchema(t)
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			s := testStatement()
			change(&s.Predicate)
			if s.Validate() == nil {
				t.Error("Validate accepts it")
			}
			if schema.Validate(asJSON(t, &s)) == nil {
				t.Error("the schema accepts it")
			}
		})
	}
}

// The schema and the types must have the same fields, and the same ones optional.
func TestSchemaHasTheFieldsOfTheTypes(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	defs := doc["$defs"].(map[string]any)
	var compare func(path string, typ reflect.Type, node map[string]any)
	compare = func(path string, typ reflect.Type, node map[string]any) {
		if ref, ok := node["$ref"].(string); ok {
			node = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		switch typ.Kind() {
		case reflect.Pointer:
			compare(path, typ.Elem(), node)
			return
		case reflect.Slice:
			compare(path+"[]", typ.Elem(), node["items"].(map[string]any))
			return
		case reflect.Struct:
		default:
			return
		}
		if typ == reflect.TypeFor[time.Time]() {
			return
		}
		var fields, required []string
		properties := node["properties"].(map[string]any)
		for f := range typ.Fields() {
			name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, name)
			if !strings.Contains(opts, "omit") {
				required = append(required, name)
			}
			if sub, ok := properties[name].(map[string]any); ok {
				compare(path+"."+name, f.Type, sub)
			}
		}
		if d := cmp.Diff(slices.Sorted(slices.Values(fields)), slices.Sorted(maps.Keys(properties))); d != "" {
			t.Errorf("%s: fields (-type +schema):\n%s", path, d)
		}
		var must []string
		for _, r := range node["required"].([]any) {
			must = append(must, r.(string))
		}
		slices.Sort(required)
		slices.Sort(must)
		if d := cmp.Diff(required, must); d != "" {
			t.Errorf("%s: required (-type +schema):\n%s", path, d)
		}
	}
	compare("statement", reflect.TypeFor[Statement](), doc)
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	b, err := encodeJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
