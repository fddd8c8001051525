package sample

import (
	"fmt"
	"hash/fnv"
	"iter"
)

// Canary is a unique personal value: wherever it is found, it has leaked there.
type Canary struct {
	Table, Column string
	// Mark is the text to search for, 16 lower-case letters and digits: in a document or an e-mail
	// address it is a part of the value.
	Mark string
}

// Planted yields every canary of a shop with canaries, in the order of [Tables] and rows. Columns
// too small for a mark (dates, countries) have none.
func (s Shop) Planted() iter.Seq[Canary] {
	s.Canaries = true
	return func(yield func(Canary) bool) {
		for _, t := range Tables() {
			columns := t.Insertable()
			nth := int64(-1)
			for r := range s.rows(t) {
				nth++
				for i, c := range columns {
					if c.Personal && r[i] != nil && !yield(Canary{Table: t.Name, Column: c.Name, Mark: canaryMark(t.Name, c.Name, nth)}) {
						return
					}
				}
			}
		}
	}
}

// canaryMark consists of the column's number (32 bits of a hash, so that a new table doesn't change
// other tables' marks) and the row's.
func canaryMark(table, column string, nth int64) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(table + "\x00" + column)) // a hash never fails
	return fmt.Sprintf("k%07xz%07x", h.Sum32()>>4, nth)
}

// plantCanaries puts canaries into a row, and keeps NULL.
func plantCanaries(t *Table, columns []Column, r []any, nth int64) {
	for i, c := range columns {
		if !c.Personal || r[i] == nil {
			continue
		}
		m := canaryMark(t.Name, c.Name, nth)
		switch {
		case c.Type.name == document.name:
			r[i] = `{"nickname": "` + m + `"}`
		case c.Type.name == blob.name:
			r[i] = []byte(m)
		case c.Name == "email":
			r[i] = m + "@mail.example"
		default:
			r[i] = m
		}
	}
}
