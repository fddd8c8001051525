package policy

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func reported() *Error {
	return &Error{Problems: []Problem{
		{Pos: Pos{Line: 12, Column: 3}, Table: "customer", Reason: "column mobile is not classified: 100 %", Lines: "      mobile: {pii: undecided}\n"},
		{Table: "note, old", Reason: "the table is not in the policy"},
	}}
}

func TestProblemsAsWorkflowCommands(t *testing.T) {
	want := "::error file=db/a%2Cb%3A1.yaml,line=12,col=3,title=policy::table customer: column mobile is not classified: 100 %25%0A      mobile: {pii: undecided}\n" +
		"::error file=db/a%2Cb%3A1.yaml,title=policy::table \"note, old\": the table is not in the policy\n"
	if d := cmp.Diff(want, reported().GitHub("db/a,b:1.yaml")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// sarifShape is what SARIF 2.1.0 requires of the written objects, and allows no others.
const sarifShape = `{
  "type": "object", "required": ["version", "runs"], "additionalProperties": false,
  "properties": {
    "$schema": {"type": "string", "format": "uri"},
    "version": {"const": "2.1.0"},
    "runs": {"type": "array", "items": {
      "type": "object", "required": ["tool"], "additionalProperties": false,
      "properties": {
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "tool": {"type": "object", "required": ["driver"], "additionalProperties": false, "properties": {
          "driver": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
            "name": {"type": "string"}, "version": {"type": "string"}, "informationUri": {"type": "string", "format": "uri"},
            "rules": {"type": "array", "uniqueItems": true, "items": {
              "type": "object", "required": ["id"], "additionalProperties": false,
              "properties": {"id": {"type": "string"}, "shortDescription": {"$ref": "#/$defs/message"}}
            }}
          }}
        }},
        "results": {"type": "array", "items": {
          "type": "object", "required": ["message"], "additionalProperties": false,
          "properties": {
            "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": -1},
            "level": {"enum": ["none", "note", "warning", "error"]},
            "message": {"$ref": "#/$defs/message"},
            "locations": {"type": "array", "items": {
              "type": "object", "additionalProperties": false,
              "properties": {"physicalLocation": {"type": "object", "required": ["artifactLocation"], "additionalProperties": false, "properties": {
                "artifactLocation": {"type": "object", "required": ["uri"], "additionalProperties": false, "properties": {"uri": {"type": "string", "format": "uri-reference"}}},
                "region": {"type": "object", "required": ["startLine"], "additionalProperties": false, "properties": {
                  "startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}
                }}
              }}}
            }}
          }
        }}
      }
    }}
  },
  "$defs": {"message": {"type": "object", "required": ["text"], "additionalProperties": false, "properties": {"text": {"type": "string"}}}}
}`

func TestProblemsAsSARIF(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(sarifShape)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	shape := c.MustCompile("sarif.json")
	for name, e := range map[string]*Error{"two problems": reported(), "none": nil} {
		t.Run(name, func(t *testing.T) {
			text, err := e.SARIF("db/the policy.yaml", "v1.2.3")
			if err != nil {
				t.Fatal(err)
			}
			log, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := shape.Validate(log); err != nil {
				t.Error(err)
			}
			results := log.(map[string]any)["runs"].([]any)[0].(map[string]any)["results"].([]any)
			if e == nil {
				if len(results) != 0 {
					t.Errorf("results %v of no problem", results)
				}
				return
			}
			want := []any{map[string]any{"physicalLocation": map[string]any{
				"artifactLocation": map[string]any{"uri": "db/the%20policy.yaml"},
				"region":           map[string]any{"startLine": json.Number("12"), "startColumn": json.Number("3")},
			}}}
			if d := cmp.Diff(want, results[0].(map[string]any)["locations"]); d != "" {
				t.Errorf("location (-want +got):\n%s", d)
			}
			if len(results) != 2 {
				t.Errorf("%d results, want 2", len(results))
			}
		})
	}
}
