package sample

import (
	"fmt"
	"hash/fnv"
	"iter"
)

// Canary is a personal value that occurs nowhere else, so that finding it
// anywhere shows that the value got there.
type Canary struct {
	Table, Column string
	// Mark is what to search for, 16 lower-case letters and digits: in a
	// document or an e-mail address it is a part of the value.
	Mark string
}

// Planted yields every canary of a shop that has them, in the order of [Tables]
// and rows. Columns that have no room for a mark (dates, countries) have none.
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

// canaryMark is made of the column's number (32 bits of a hash, so that a new table
// doesn't change the marks of others) and the row's.
func canaryMark(table, column string, nth int64) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(table + "\x00" + column)) // a hash never fails
	return fmt.Sprintf("k%07xz%07x", h.Sum32()>>4, nth)
}

// plantCanaries puts canaries into a row, but leaves NULL as it is.
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
