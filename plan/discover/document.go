package discover

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

// documents are the paths of one column's JSON documents. A path is a list of
// keys, with "" for the elements of an array.
type documents struct {
	n     int // number of documents
	paths map[string]*path
}

// path is one place in the documents with texts, numbers or booleans.
type path struct {
	keys   []string
	docs   int // documents with this path
	last   int // the last document counted in docs
	values int
	hits   map[*meaning]int
	texts  int // values with a name in them, and phrases
}

// deepest and widest limit the walk through very large documents.
const deepest, widest = 12, 500

// isDocument reports whether a value is a JSON object or array.
func isDocument(kind dialect.Kind, v string) bool {
	if kind != dialect.JSON && kind != dialect.Text {
		return false
	}
	return len(v) > 1 && (v[0] == '{' || v[0] == '[') && json.Valid([]byte(v))
}

func (d *documents) add(text string) {
	var doc any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return
	}
	d.n++
	if d.paths == nil {
		d.paths = map[string]*path{}
	}
	d.walk(doc, nil)
}

func (d *documents) walk(v any, keys []string) {
	if len(keys) > deepest || len(d.paths) > widest {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			key := k
			if key == "" {
				key = " " // "" stands for an array's elements
			}
			d.walk(v[k], append(slices.Clip(keys), key))
		}
	case []any:
		for _, e := range v {
			d.walk(e, append(slices.Clip(keys), ""))
		}
	case string:
		d.at(keys).text(v)
		if doc, ok := nestedDocument(v); ok {
			d.walk(doc, keys)
		}
	case float64:
		d.at(keys).text(strconv.FormatFloat(v, 'f', -1, 64))
	case bool:
		d.at(keys)
	}
}

// nestedDocument parses a document inside a text.
func nestedDocument(v string) (doc any, ok bool) {
	if !isDocument(dialect.JSON, v) {
		return nil, false
	}
	return doc, json.Unmarshal([]byte(v), &doc) == nil
}

func (d *documents) at(keys []string) *path {
	id := strings.Join(keys, "\x00")
	p := d.paths[id]
	if p == nil {
		p = &path{keys: keys, hits: map[*meaning]int{}}
		d.paths[id] = p
	}
	if p.last != d.n {
		p.docs, p.last = p.docs+1, d.n
	}
	return p
}

func (p *path) text(v string) {
	if v == "" {
		return
	}
	p.values++
	for i := range detectors {
		if det := &detectors[i]; det.least > 0 && det.like(v) {
			p.hits[det.meaning]++
			break
		}
	}
	if mentionsName(v) || isPhrase(v) {
		p.texts++
	}
}

// placed is a meaning at a path in the syntax of a policy.
type placed struct {
	written string
	meaning *meaning
}

// personalPlaces returns the paths to personal values. Keys in few documents, and keys
// with the form of values, are values themselves (documents by e-mail address): * stands
// for them.
func (d *documents) personalPlaces() []placed {
	common := map[string]int{}
	for _, p := range d.paths {
		for _, k := range p.keys {
			common[k] = max(common[k], p.docs)
		}
	}
	var out []placed
	for _, id := range slices.Sorted(maps.Keys(d.paths)) {
		p := d.paths[id]
		written, open := writtenPath(p.keys, func(key string) bool { return common[key] >= max(2, d.n/10) && !valueLike(key) || isTerm(key) })
		m := p.meaning(open)
		if m == nil || written == "" {
			continue
		}
		if i := slices.IndexFunc(out, func(o placed) bool { return o.written == written }); i < 0 {
			out = append(out, placed{written, m})
		} else if out[i].meaning != m {
			out[i].meaning = freeText
		}
	}
	return out
}

// meaning returns the meaning of the path, by its key or its values. open says that a key
// of the path is a value: then the path is at least free text.
func (p *path) meaning(open bool) *meaning {
	best, most := (*meaning)(nil), 0
	for i := range detectors {
		if m := detectors[i].meaning; p.hits[m] > most {
			best, most = m, p.hits[m]
		}
	}
	if best != nil && most*2 >= p.values {
		return best
	}
	// The last key of the path, arrays aside, and the one before it:
	// emergency: {name: …}.
	var keys []string
	for _, k := range slices.Backward(p.keys) {
		if k != "" && len(keys) < 2 {
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 {
		if m := readName(keys[0], dialect.Text); m.meaning != nil && !m.plainly() && (m.strength > hint || m.meaning == fullName || m.meaning == freeText || m.meaning == street || m.meaning == userName) {
			if m.meaning == fullName && len(keys) > 1 {
				if isThing(keys[1]) {
					return nil
				}
				if readName(keys[1], dialect.Text).meaning == company {
					return company
				}
			}
			return m.meaning
		}
	}
	if p.texts*3 >= p.values && p.values > 0 || open {
		return freeText
	}
	return nil
}

// namedByValues reports whether a key of the documents looks like a value.
func (d *documents) namedByValues() bool {
	for _, p := range d.paths {
		if slices.ContainsFunc(p.keys, func(k string) bool { return valueLike(k) && !isTerm(k) }) {
			return true
		}
	}
	return false
}

// judgeDocuments judges a column by its documents. It reports whether they are
// enough to decide.
func (c *column) judgeDocuments() bool {
	docs := &c.values.docs
	if docs.n == 0 || docs.n*10 < c.values.n*8 {
		return false
	}
	found := docs.personalPlaces()
	if len(found) == 0 {
		c.verdict.because("%d sampled documents have nothing personal that shows", docs.n)
		return true
	}
	paths := map[string]any{}
	category := found[0].meaning.category
	var names []string
	for _, f := range found {
		spec := f.meaning.forDocument()
		paths[f.written] = spec
		if f.meaning.category != category {
			category = "other"
		}
		if len(names) < 6 {
			names = append(names, f.meaning.name+" at "+f.written)
		}
	}
	// Documents differ from row to row: values at other paths become random too.
	spec := anonymise.Spec{Name: "json", Params: map[string]any{"others": "random", "paths": paths}}
	if docs.namedByValues() { // the strategy keeps keys
		spec = mustSpec(`"null"`)
		if !c.Nullable {
			spec = mustSpec(`{"fixed":"{}"}`)
		}
		c.verdict.because("keys of sampled documents look like values")
	}
	c.verdict.category, c.verdict.confidence, c.verdict.spec = category, byName, &spec
	more := ""
	if len(found) > len(names) {
		more = fmt.Sprintf(" and %d more", len(found)-len(names))
	}
	c.verdict.because("%d sampled documents have %s%s", docs.n, strings.Join(names, ", "), more)
	return true
}

// forDocument returns the strategy of a meaning inside a document, without the length
// and kind of a column to fit.
func (m *meaning) forDocument() any {
	var v any
	if len(m.specs) == 0 || json.Unmarshal([]byte(m.specs[0]), &v) != nil || v == "null" || v == "pick" {
		return "random"
	}
	if made, ok := v.(map[string]any); ok && made["fake"] == nil {
		return "random"
	}
	return v
}
