package erase_test

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// Names of people differ by case and accents, but references to them don't, or the reverse. The
// referenced column decides.
func TestALinkBetweenTwoCollationsTakesOnlyTheSubjectsRows(t *testing.T) {
	const policy = `
version: 1
database: forum
subject: {table: person, identifiers: [name]}
tables:
  person: {erase: delete, columns: {id: none, name: {pii: name, overwrite: random}}}
  post: {erase: delete, columns: {id: none, author: {pii: name, overwrite: random}, body: {pii: free-text, overwrite: random}}}
links:
  - post(author) -> person(name)
`
	for name, personIsExact := range map[string]bool{"the person's is exact": true, "the post's is exact": false} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) { linkTwoCollations(t, db, policy, personIsExact) })
		})
	}
}

func linkTwoCollations(t *testing.T, db *target, policy string, personIsExact bool) {
	t.Helper()
	exact, folded := "varchar(50) COLLATE utf8mb4_bin", "varchar(50) COLLATE utf8mb4_general_ci"
	switch db.DB.Engine().Name {
	case "sqlite":
		exact, folded = "TEXT", "TEXT COLLATE NOCASE"
	case "postgres":
		db.exec(t, "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
		exact, folded = `text COLLATE "C"`, "text COLLATE folding"
	case "sqlserver":
		exact, folded = "nvarchar(50) COLLATE Latin1_General_100_BIN2", "nvarchar(50) COLLATE Latin1_General_100_CI_AI"
	}
	person, post, left := exact, folded, [][]int64{{2}, {3}}
	if !personIsExact {
		person, post, left = folded, exact, [][]int64{{2}}
	}
	db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, name "+person+" NOT NULL)", "CREATE TABLE post (id int PRIMARY KEY, author "+post+", body varchar(60))",
		"CREATE INDEX post_author ON post (author)",
		"INSERT INTO person VALUES (1, 'rene'), (2, 'paul')",
		"INSERT INTO post VALUES (1, 'rene', 'x'), (2, 'paul', 'y'), (3, 'RENE', 'z')")
	p := db.plan(t, policy, plan.ScopeSubjects)
	st := db.run(t, p, options(p, "collations", "1"))
	if d := cmp.Diff(left, db.table(t, "SELECT id FROM post ORDER BY id")); d != "" {
		t.Errorf("posts that are left (-want +got):\n%s", d)
	}
	n := int64(3 - len(left))
	if d := cmp.Diff(receipt.Rows{Matched: n, Affected: n}, done(st)["delete post"]); d != "" {
		t.Error(d)
	}
	if v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(policy)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")}); err != nil || v.Outcome == erase.OutcomeBroken {
		t.Errorf("%+v, error %v", v, err)
	}
	tx, err := db.DB.Begin(t.Context(), dialect.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // it only reads
	orphan := dialect.Orphan{Columns: []string{"author"}, RefTable: db.name("person"), RefColumns: []string{"name"}}
	if n, err := tx.Count(t.Context(), db.name("post"), []dialect.Cond{orphan}); err != nil || n != int64(len(left)-1) {
		t.Errorf("%d posts are nobody's, error %v", n, err)
	}
}
