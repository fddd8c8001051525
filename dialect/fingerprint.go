package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint is the SHA-256, in hex, of the given tables in canonical form
// (encoding/json with its fixed field order): two databases whose catalogues
// say the same about these tables have the same fingerprint. Estimates and
// leaf partitions are left out. References that arrive at the tables from
// others count, as a delete has to know them, and so do the materialized views and publications
// that copy their rows. A name that the schema lacks
// counts as absent, so that dropping a table changes the fingerprint.
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
