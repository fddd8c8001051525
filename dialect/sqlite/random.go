package sqlite

import (
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

const (
	// positive is a random integer from 0 to 2^63-1. abs(random()) would fail once in 2^64 times,
	// and favour nothing but 0.
	positive = "(random() & 9223372036854775807)"
	// random has 53 bits, the precision of a double.
	random = "((random() & 9007199254740991) / 9007199254740992.0)"
	// randomUUID is of version 4 and variant 10 (RFC 9562, section 5.4).
	randomUUID = "(lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)" +
		" || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))"
)

func randomInt(low, high int64) string {
	if n := high - low + 1; n > 0 {
		return "(" + strconv.FormatInt(low, 10) + " + " + positive + " % " + strconv.FormatInt(n, 10) + ")"
	}
	return positive // from 0 to the very end
}

// choiceValues returns the values of a Choose, each repeated by its weight, so that one draw picks
// one.
func choiceValues(e dialect.Choose) ([]dialect.Value, bool) {
	const most = 10_000 // the list is one parameter
	if len(e.Values) == 0 || (len(e.Weights) > 0 && len(e.Weights) != len(e.Values)) {
		return nil, false
	}
	if len(e.Weights) == 0 {
		return e.Values, true
	}
	divisor, total := 0, 0
	for _, w := range e.Weights {
		if w < 0 {
			return nil, false
		}
		for a := w; a != 0; { // greatest common divisor
			divisor, a = a, divisor%a
		}
		total += w
	}
	if total == 0 || total/divisor > most {
		return nil, false
	}
	var out []dialect.Value
	for i, w := range e.Weights {
		for range w / divisor {
			out = append(out, e.Values[i])
		}
	}
	return out, true
}

func (b *builder) renderChoose(e dialect.Choose, c *dialect.Column) {
	values, ok := choiceValues(e)
	if !ok {
		b.Unsupported(b.rel.name, "no values to choose from, or weights that don't fit them")
		return
	}
	if e.Column != nil {
		c = e.Column
	}
	index := positive + " % " + strconv.Itoa(len(values))
	rows := make([][]dialect.Value, len(values))
	for i, v := range values {
		rows[i] = []dialect.Value{v}
	}
	doc, tagged, err := encodeRows([]dialect.Kind{c.Kind}, rows)
	if err != nil {
		b.Fail(err)
		return
	}
	if !tagged[0] {
		b.Append("(")
		b.addArg(doc)
		b.Append(" ->> (", index, "))")
		return
	}
	b.Append("CASE ", index)
	for i, v := range values {
		b.Append(" WHEN ", strconv.Itoa(i), " THEN ")
		b.renderLiteral(v, c, c)
	}
	b.Append(" END")
}
