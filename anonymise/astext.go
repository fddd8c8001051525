package anonymise

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// Sees returns the column as the strategy sees it. With `as: text` a binary column is a text of as
// many bytes; any other column is returned as it is.
func (s Spec) Sees(c *dialect.Column) *dialect.Column {
	if s.Modifiers.As != "text" || c.Kind != dialect.Bytes {
		return c
	}
	return textIn(c)
}

// textIn returns the text column for a binary column's text. It has no collation and no padding.
func textIn(c *dialect.Column) *dialect.Column {
	text := *c
	text.Kind, text.LengthInBytes, text.Fixed = dialect.Text, c.Length > 0, false
	text.Charset, text.Collation = "", ""
	return &text
}

func (b *bound) asText() bool { return b.column.Kind != b.stored.Kind }

var errNotText = errors.New("the value isn't UTF-8, and the policy says `as: text`")

// drawAsText decodes the stored bytes, gives the strategy the text, and encodes the replacement as
// bytes. A value that SQLite stores as text in such a column remains a text.
func (b *bound) drawAsText(s *Source, old dialect.Value, inner func(*Source, dialect.Value) (dialect.Value, error)) (dialect.Value, error) {
	var text dialect.Value
	if v, ok := dialect.TextOf(old); ok {
		if slices.Contains(b.odd, dialect.NotText) && !utf8.ValidString(v) {
			return nil, errNotText
		}
		if isBytes(old) && b.stored.Fixed {
			v = string(bytes.TrimRight([]byte(v), "\x00"))
		}
		text = v
	}
	v, err := b.draw(s, text, inner)
	if err != nil {
		return nil, err
	}
	return b.toBytes(old, v), nil
}

// toBytes converts v, the replacement of old, to bytes. It pads a column of a fixed length with
// zero bytes, as MySQL and SQL Server do.
func (b *bound) toBytes(old, v dialect.Value) dialect.Value {
	text, ok := v.(string)
	if !ok || old != nil && !isBytes(old) {
		return v
	}
	out := []byte(text)
	if before, _ := old.([]byte); b.stored.Fixed && (old == nil || len(before) == b.stored.Length) {
		out = append(out, make([]byte, max(0, b.stored.Length-len(out)))...)
	}
	return out
}

func isBytes(v dialect.Value) bool {
	_, ok := v.([]byte)
	return ok
}
