package anonymise

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// node is a JSON value. It keeps the order of keys and the spelling of numbers, as do the engines
// that store a document as text.
type node struct {
	keys   []string // of an object
	nodes  []*node  // of an object or an array
	object bool
	array  bool
	scalar any // string, json.Number, bool or nil
}

// maxDepth is the maximum nesting of a document. A recursion survives even encoding/json's own
// limit, 10,000.
const maxDepth = 1000

var errNoJSON = errors.New("the value is no valid JSON")

func parseJSON(text string) (*node, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	n, err := readNode(dec, 0)
	if err != nil {
		return nil, errNoJSON // the decoder's own error quotes the value
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errNoJSON
	}
	return n, nil
}

func validJSON(text string) bool { return json.Valid([]byte(text)) }

func readNode(dec *json.Decoder, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errNoJSON
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return &node{scalar: token}, nil
	}
	n := &node{object: delim == '{', array: delim == '['}
	for dec.More() {
		if n.object {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string))
		}
		child, err := readNode(dec, depth+1)
		if err != nil {
			return nil, err
		}
		n.nodes = append(n.nodes, child)
	}
	_, err = dec.Token()
	return n, err
}

// String writes the document without space between its tokens.
func (n *node) String() string {
	var b bytes.Buffer
	n.write(&b)
	return b.String()
}

func (n *node) write(b *bytes.Buffer) {
	if !n.object && !n.array {
		text, err := encodeJSON(n.scalar)
		if err != nil {
			text = []byte("null")
		}
		b.Write(text)
		return
	}
	open, end := byte('['), byte(']')
	if n.object {
		open, end = '{', '}'
	}
	b.WriteByte(open)
	for i, child := range n.nodes {
		if i > 0 {
			b.WriteByte(',')
		}
		if n.object {
			key, _ := encodeJSON(n.keys[i])
			b.Write(key)
			b.WriteByte(':')
		}
		child.write(b)
	}
	b.WriteByte(end)
}

// randomise replaces every text, number and boolean below n. It keeps keys, nulls and the
// structure.
func (n *node) randomise(s *Source) {
	for _, child := range n.nodes {
		child.randomise(s)
	}
	switch v := n.scalar.(type) {
	case string:
		n.scalar = randomLike(s, v)
	case json.Number:
		n.scalar = json.Number(randomDigits(s, string(v)))
	case bool:
		n.scalar = s.rng.IntN(2) == 0
	}
}

// randomDigits replaces the digits of a JSON number before its exponent; the leading one never
// becomes 0.
func randomDigits(s *Source, number string) string {
	b := []byte(number)
	for i, c := range b {
		if c == 'e' || c == 'E' {
			break
		}
		if c < '0' || c > '9' {
			continue
		}
		leading := i == 0 || i == 1 && b[0] == '-'
		switch {
		case leading && c == '0':
		case leading:
			b[i] = digits[1+s.rng.IntN(9)]
		default:
			b[i] = digits[s.rng.IntN(10)]
		}
	}
	return string(b)
}

// randomJSON keeps the structure of a document. It replaces any other value (SQLite stores
// anything) like a text, and returns a JSON text.
func randomJSON(s *Source, old dialect.Value) dialect.Value {
	text, ok := dialect.TextOf(old)
	if !ok {
		return "{}"
	}
	n, err := parseJSON(text)
	if err != nil {
		n = &node{scalar: text}
	}
	n.randomise(s)
	return n.String()
}
