package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Every statement with keys finds its rows by the table's index, whatever join order the planner
// would choose: it doesn't know the number of keys.
func TestStatementsUseTheIndex(t *testing.T) {
	for _, analyse := range []string{"SELECT 1", "ANALYZE"} {
		db := testDB(t, "CREATE TABLE p (a INTEGER, b TEXT, v TEXT, PRIMARY KEY (a, b))", "CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)", "CREATE INDEX c_p ON c (a, b)",
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO p SELECT i / 10, 'k' || i, 'v' FROM n",
			"INSERT INTO c SELECT rowid, a, b FROM p", analyse)
		p, c := dialect.Name{Table: "p"}, dialect.Name{Table: "c"}
		u := dialect.BulkUpdate{Table: p, Key: []string{"a", "b"}, Set: []string{"v"}}
		rows := make([]string, 5000)
		for i := range rows {
			rows[i] = fmt.Sprintf(`[%d,"k%d","w"]`, i/10, i)
		}
		doc := "[" + strings.Join(rows, ",") + "]"
		in := dialect.In{Columns: []string{"a", "b"}, Keys: []dialect.Key{{int64(1), "k1"}}}
		for name, build := range map[string]func(*builder){
			"bulk update": func(b *builder) { b.renderFrom(p); b.bulkUpdates(u, doc, make([]bool, 3)) },
			"delete":      func(b *builder) { b.renderDelete(dialect.Delete{Table: p, Where: []dialect.Cond{in}}) },
			"children":    func(b *builder) { b.renderDelete(dialect.Delete{Table: c, Where: []dialect.Cond{in}}) },
			"referenced": func(b *builder) {
				b.renderCount(p, []dialect.Cond{in, dialect.Referenced{Table: c, Columns: []string{"a", "b"}, RefColumns: []string{"a", "b"}}})
			},
			"orphan": func(b *builder) {
				b.renderCount(c, []dialect.Cond{in, dialect.Orphan{Columns: []string{"a", "b"}, RefTable: p, RefColumns: []string{"a", "b"}}})
			},
		} {
			t.Run(name+" after "+analyse, func(t *testing.T) {
				for _, line := range explain(t, db, build) {
					if strings.HasPrefix(line, "SCAN t") || strings.HasPrefix(line, "SCAN r") || strings.Contains(line, "AUTOMATIC") {
						t.Errorf("the plan says %q", line)
					}
				}
			})
		}
	}
}
