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
// others count, as a delete has to know them. A name that the schema lacks
// counts as absent, so that dropping a table changes the fingerprint.
func (s *Schema) Fingerprint(names []Name) string {
	type entry struct {
		Name    Name          `json:"name"`
		Table   *Table        `json:"table"`
		Arrives []*ForeignKey `json:"arrives"`
	}
	entries := make([]entry, 0, len(names))
	for _, n := range names {
		entries = append(entries, entry{n, s.Table(n), s.References(n)})
	}
	doc, err := json.Marshal(entries)
	if err != nil {
		panic("dialect: a schema is always encodable: " + err.Error())
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}
