package discover

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

func TestDocumentsAreLookedInto(t *testing.T) {
	for _, c := range []struct {
		name string
		docs []string
		want map[string]string // path → meaning
	}{
		{"keys", []string{`{"email": "x", "age": 3}`}, map[string]string{"email": "an e-mail address"}},
		{"values under keys that say nothing", []string{`{"a": "x@y.example"}`, `{"a": "z@y.example"}`}, map[string]string{"a": "an e-mail address"}},
		{"arrays", []string{`{"contacts": [{"tel": "+49 30 1234567"}, {"tel": null}]}`, `{"contacts": []}`}, map[string]string{"contacts[].tel": "a phone number"}},
		{"an array at the top", []string{`["x@y.example"]`, `["z@y.example"]`}, map[string]string{"[]": "an e-mail address"}},
		{"a document inside of a text", []string{`{"raw": "{\"iban\": \"DE89370400440532013000\"}"}`, `{"raw": "{\"iban\": \"DE89370400440532013000\"}"}`},
			map[string]string{"raw.iban": "an IBAN"}},
		{"a thing's name", []string{`{"product": {"name": "Lamp"}}`, `{"product": {"name": "Pen"}}`}, map[string]string{}},
		{"a person's name", []string{`{"buyer": {"name": "x"}}`, `{"buyer": {"name": "y"}}`}, map[string]string{"buyer.name": "a person's name"}},
		{"keys that are values", []string{`{"x@y.example": 1, "b@y.example": "Anna"}`}, map[string]string{"*": "free text"}},
		{"keys that need quotes", []string{`{"e mail": "x@y.example"}`, `{"e mail": "x@y.example"}`, `{"a.b": {"phone": "+49 30 1234567"}}`, `{"a.b": {"phone": "1"}}`},
			map[string]string{`"e mail"`: "an e-mail address", `"a.b".phone`: "a phone number"}},
		{"settings", []string{`{"theme": "dark", "size": 3}`, `{"theme": "light"}`}, map[string]string{}},
		{"no documents", []string{`[`, `{"a"`, ``}, map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var docs documents
			for _, d := range c.docs {
				if isDocument(dialect.JSON, d) {
					docs.add(d)
				}
			}
			got := map[string]string{}
			for _, p := range docs.personalPlaces() {
				got[p.written] = p.meaning.name
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDocuments(f *testing.F) {
	for _, s := range []string{`{"email": "x@y.example"}`, `[[[[1]]]]`, `{"": {"": ""}}`, `{"a b": {"*": "Anna"}}`, `{"x\"y": "+49 30 1234567"}`, `{"raw": "{\"a\": 1}"}`, `{"\u0000": "a@b.example"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isDocument(dialect.JSON, text) {
			t.Skip()
		}
		var docs documents
		docs.add(text)
		docs.add(text)
		paths := map[string]any{}
		for _, p := range docs.personalPlaces() {
			paths[p.written] = p.meaning.forDocument()
		}
		if _, err := anonymise.New(anonymise.Spec{Name: "json", Params: map[string]any{"others": "random", "paths": paths}}); err != nil {
			t.Errorf("the paths can't be used: %v", err)
		}
	})
}
