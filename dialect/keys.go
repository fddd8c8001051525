package dialect

// Keys returns every set of columns that addresses a row: first the one of Key, then those of the
// other usable unique indexes.
func (t *Table) Keys() [][]string {
	var out [][]string
	if len(t.PrimaryKey) > 0 {
		out = append(out, t.PrimaryKey)
	}
	for _, ix := range t.Indexes {
		if t.keyIndex(ix) && !ix.Primary {
			out = append(out, ix.Columns())
		}
	}
	return out
}
