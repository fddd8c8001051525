package erase_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/plan"
)

// Three rows, two with 5 MB of text and nothing in it to remove: an engine with packets of 16 MB gets
// several statements.
func TestABulkOverwriteKeepsLongTexts(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		typ := map[string]string{"mysql": "longtext", "sqlserver": "nvarchar(max)"}[db.DB.Engine().Name]
		if typ == "" {
			typ = "text"
		}
		long := strings.Repeat("abcdefghij", 500_000)
		db.exec(t, "CREATE TABLE doc (id int PRIMARY KEY, body "+typ+", title varchar(20))")
		for i, body := range []string{long, long, "short"} {
			db.exec(t, fmt.Sprintf("INSERT INTO doc VALUES (%d, '%s', 'p%[1]d')", i+1, body))
		}
		p := db.plan(t, `
version: 1
database: docs
subject: {table: doc}
tables:
  doc:
    erase: overwrite
    columns:
      id: none
      body: {pii: free-text, overwrite: scrub}
      title: {pii: name, overwrite: {fake: first-name}}
`, plan.ScopeSubjects)
		st := db.run(t, p, options(p, "long", "1", "2", "3"))
		if got := done(st)["overwrite doc"]; got.Affected != 3 || got.Left != 0 {
			t.Errorf("the receipt says %+v", got)
		}
		for id, length := range map[int]int{1: len(long), 2: len(long), 3: 5} {
			if n := db.count(t, fmt.Sprintf("SELECT count(*) FROM doc WHERE id = %d AND %s(body) = %d AND title NOT LIKE 'p_'", id, db.length(), length)); n != 1 {
				t.Errorf("row %d hasn't %d characters of text and a new title", id, length)
			}
		}
	})
}

// length is the engine's function for a text's length.
func (d *target) length() string {
	if d.DB.Engine().Name == "sqlserver" {
		return "len"
	}
	return "length"
}
