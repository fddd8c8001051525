package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint is the SHA-256, in hex, of the given tables in canonical form (encoding/json with its
// fixed field order). Two databases have the same fingerprint if their catalogues agree about these
// tables. It omits estimates and leaf partitions. It covers other tables' references to the tables,
// because a delete has to know them, and the materialized views and publications that copy their
// rows. A name without a table counts as absent, so that dropping a table changes the fingerprint.
func (s *Schema) Fingerprint(names []Name) string {
	type entry struct {
		Name    Name          `json:"name"`
		Table   *Table        `json:"table"`
		Arrives []*ForeignKey `json:"arrives"`
		Copies  []string      `json:"copies,omitempty"`
	}
	entries := make([]entry, 0, len(names))
	for _, n := range names {
		e := entry{Name: n, Table: s.Table(n), Arrives: s.References(n)}
		for _, t := range s.VirtualCopies(n) {
			e.Copies = append(e.Copies, "table "+t.Name.String())
		}
		views, publications := s.Copies(n)
		for _, v := range views {
			e.Copies = append(e.Copies, "view "+v.Name.String())
		}
		for _, p := range publications {
			e.Copies = append(e.Copies, "publication "+p.Name)
		}
		entries = append(entries, e)
	}
	doc, err := json.Marshal(entries)
	if err != nil {
		panic("dialect: a schema is always encodable: " + err.Error())
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}
