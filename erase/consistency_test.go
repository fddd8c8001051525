package erase_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// writings are the ways in which an engine's columns may store one text: plain and by bytes, in latin1,
// padded, and compared without case.
var writings = map[string][]string{
	sample.SQLite:   {"VARCHAR(80)", "VARCHAR(80)", "CHAR(60)", "VARCHAR(80) COLLATE NOCASE"},
	sample.Postgres: {"varchar(80)", "text", "char(60)", "citext"},
	sample.MySQL: {"varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "varchar(80) CHARACTER SET latin1 COLLATE latin1_bin",
		"char(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "varchar(80) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"},
	sample.SQLServer: {"nvarchar(80) COLLATE Latin1_General_100_BIN2", "varchar(80) COLLATE Latin1_General_100_BIN2", "nchar(60) COLLATE Latin1_General_100_BIN2", "nvarchar(80) COLLATE Latin1_General_CI_AS"},
}

// A person has one replacement in every database: a staging copy of the shop's MySQL still joins with
// one of the accounts' PostgreSQL.
func TestOnePersonHasOneReplacementInEveryEngine(t *testing.T) {
	strategies := []string{
		"{pseudonym: email}", "{fake: email, consistent: true}", "{fake: name, consistent: people}", "{hash: {length: 40}}", "{random: null, consistent: true}",
		"{pseudonym: email, consistent: folded, fold: true}", "{fake: email, consistent: folded, fold: true}",
	}
	people := []string{"ann.smith@mail.example", "bob@mail.example", "zoë.müller@mail.example"}
	others := []string{"ANN.Smith@mail.example", "bob@mail.example", "ZOË.Müller@mail.example"} // the same people by `fold: true`
	var policy strings.Builder
	policy.WriteString("version: 1\ndatabase: people\ntables:\n")
	for i, s := range strategies {
		fmt.Fprintf(&policy, "  person%d: {columns: {id: none", i)
		for j := range 4 {
			fmt.Fprintf(&policy, ", c%d: {pii: contact, overwrite: %s}", j, s)
		}
		policy.WriteString("}}\n")
	}
	other, err := anonymise.NewSecret([]byte(strings.Repeat("other secret ", 3)))
	if err != nil {
		t.Fatal(err)
	}
	first := map[string][]string{}
	for _, e := range engines(t) {
		db := e.open(t)
		columns := writings[db.Engine]
		switch db.Engine {
		case sample.MariaDB:
			columns = writings[sample.MySQL]
		case sample.Postgres:
			db.exec(t, "CREATE EXTENSION citext")
		}
		fill := func() {
			for i, s := range strategies {
				db.exec(t, fmt.Sprintf("DELETE FROM person%d", i))
				for id, p := range people {
					second := p
					if strings.Contains(s, "fold") {
						second = others[id]
					}
					db.exec(t, fmt.Sprintf("INSERT INTO person%d VALUES (%d, '%s', '%s', '%s', '%s')", i, id, p, second, p, second))
				}
			}
		}
		for i := range strategies {
			db.exec(t, fmt.Sprintf("CREATE TABLE person%d (id INTEGER NOT NULL PRIMARY KEY, c0 %s, c1 %s, c2 %s, c3 %s)", i, columns[0], columns[1], columns[2], columns[3]))
		}
		p := db.plan(t, policy.String(), plan.ScopeEverything)
		replaced := func(run string, secret anonymise.Secret) map[string][]string {
			fill()
			o := options(p, run)
			o.Secret = secret
			db.run(t, p, o)
			out := map[string][]string{}
			for i, s := range strategies {
				for id, row := range scan[string](t, db, fmt.Sprintf("SELECT c0, c1, c2, c3 FROM person%d ORDER BY id", i)) {
					for j := range row {
						row[j] = strings.TrimRight(row[j], " ")
					}
					if len(slices.Compact(slices.Clone(row))) != 1 {
						t.Errorf("%s, %s: columns of one person have %d replacements", e.name, s, len(slices.Compact(slices.Clone(row))))
					}
					// general_ci folds accents, and so do all columns of the group then: such databases
					// agree with each other.
					of := s
					if id == 2 && !strings.Contains(s, "fold") && (db.Engine == sample.MySQL || db.Engine == sample.MariaDB) {
						of += ", without accents"
					}
					out[of] = append(out[of], row[0])
				}
			}
			return out
		}
		got := replaced("one", secret())
		for s, values := range got {
			if first[s] == nil {
				first[s] = values
			}
			n := min(len(first[s]), len(values)) // the third person may be in a separate list
			if d := cmp.Diff(first[s][:n], values[:n]); d != "" {
				t.Errorf("%s, %s: other replacements than on the first engine:\n%s", e.name, s, d)
			}
		}
		for s, values := range replaced("two", other) {
			for i, v := range values {
				if v == got[s][i] || slices.Contains(people, v) {
					t.Errorf("%s, %s: another secret gives the same", e.name, s)
				}
			}
		}
	}
}
