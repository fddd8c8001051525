package sqlite

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// SQLite orders a number before any text, so that its own comparison would put each of these before
// 2025.
func TestMomentsAreComparedInTheFormTheyHave(t *testing.T) {
	for _, c := range []struct {
		typ   string
		value string
	}{
		{"DATE", "2025-01-01"}, {"DATETIME", "2025-01-01 00:00:00"}, {"TIMESTAMP WITH TIME ZONE", "2025-01-01 00:00:00+00"},
	} {
		db := testDB(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, at "+c.typ+")", `INSERT INTO t VALUES
			(10, '2024-12-31'), (11, '2024-12-31T23:59:59Z'), (12, 1735603200), (13, 1735603200000), (14, 1735603200000000), (15, 1735603200000000000), (16, 2460675.5), (17, -86400), (18, 1735603200.25),
			(20, '2025-01-02'), (21, '2025-01-02 00:00:00.5'), (22, 1735776000), (23, 1735776000000), (24, 1735776000000000), (25, 1735776000000000000), (26, 2460677.5), (27, 1735776000.25),
			(30, NULL), (31, ''), (32, '12/31/2024'), (33, 20241231), (34, x'00'), (35, 'now')`)
		tx, err := db.Begin(t.Context(), dialect.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		ids := func(cond dialect.Cond) (out []int64) {
			for r, err := range tx.Query(t.Context(), dialect.Select{Table: dialect.Name{Table: "t"}, Columns: []string{"id"}, Where: []dialect.Cond{cond}, Order: []string{"id"}}) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, r[0].(int64))
			}
			return out
		}
		before, after := []int64{10, 11, 12, 13, 14, 15, 16, 17, 18}, []int64{20, 21, 22, 23, 24, 25, 26, 27}
		for op, want := range map[string][]int64{"<": before, "<=": before, ">": after, ">=": after} {
			if d := cmp.Diff(want, ids(dialect.Compare{Column: "at", Op: op, Value: c.value})); d != "" {
				t.Errorf("%s %s (-want +got):\n%s", c.typ, op, d)
			}
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
