package erase_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// authors and authorsByNumber are policies for people and their posts.
const (
	authors = `
version: 1
database: club
subject: {table: person, key: email}
tables:
  person: {erase: delete, columns: {email: {pii: contact}}}
  post: {erase: delete, columns: {post_id: none, author: {pii: contact}}}
`
	authorsByNumber = `
version: 1
database: club
subject: {table: person, key: id}
tables:
  person: {erase: delete, columns: {id: none}}
  post: {erase: delete, columns: {post_id: none, author: none}}
`
)

// A foreign key compares by the collation of the referenced column. Otherwise a row with other letters
// than its subject would be left, or the database's cascade would delete it, without the rows referring
// to it.
func TestRowsAreFoundByTheCollationOfWhatTheyReferTo(t *testing.T) {
	const policy = authors + "  reply: {erase: delete, columns: {reply_id: none, post_id: none, body: {pii: free-text}}}\n"
	schema := []string{
		"CREATE TABLE person (email TEXT COLLATE %fold NOT NULL PRIMARY KEY)",
		"CREATE TABLE post (post_id INTEGER NOT NULL PRIMARY KEY, author TEXT COLLATE %exact REFERENCES person (email) ON DELETE CASCADE)",
		"CREATE TABLE reply (reply_id INTEGER NOT NULL PRIMARY KEY, post_id INTEGER REFERENCES post (post_id) ON DELETE SET NULL, body TEXT)",
		"INSERT INTO person VALUES ('ann@x.example'), ('bob@x.example')",
		"INSERT INTO post VALUES (1, 'ann@x.example'), (2, 'Ann@X.example'), (3, 'bob@x.example')",
		"INSERT INTO reply VALUES (11, 1, 'a'), (12, 2, 'b'), (13, 3, 'c')",
	}
	for name, linked := range map[string]bool{"a foreign key": false, "a link": true} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				fold, exact, link := "NOCASE", "BINARY", linked
				ddl, rules := strings.Join(schema, ";"), policy
				switch db.Engine {
				case sample.SQLite:
				case sample.Postgres:
					db.exec(t, "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
					fold, exact = "folding", `"C"`
					link = link || !strings.Contains(t.Name(), "postgres-15") // refuses such a key from version 18 on
				default:
					return // foreign keys have one collation there
				}
				if link {
					ddl = strings.Replace(ddl, " REFERENCES person (email) ON DELETE CASCADE", "", 1)
					rules += "links: ['post(author) -> person(email)']\n"
				}
				db.exec(t, strings.Split(strings.NewReplacer("%fold", fold, "%exact", exact).Replace(ddl), ";")...)
				p := db.plan(t, rules, plan.ScopeSubjects)
				st := db.run(t, p, options(p, "r", "ann@x.example"))
				want := map[string]receipt.Rows{"delete reply": {Matched: 2, Affected: 2}, "delete post": {Matched: 2, Affected: 2}, "delete person": {Matched: 1, Affected: 1}}
				if d := cmp.Diff(want, done(st)); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff([][]int64{{13}}, db.table(t, "SELECT reply_id FROM reply")); d != "" {
					t.Error(d)
				}
				if v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(rules)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("ann@x.example")}); err != nil || v.Outcome != erase.OutcomeHolds {
					t.Errorf("%+v, error %v", v, err)
				}
			})
		})
	}
}

// Columns of two collations can be linked if neither folds anything.
func TestALinkBetweenTwoCollations(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, `CREATE TABLE person (email text COLLATE "C" PRIMARY KEY)`, `CREATE TABLE post (post_id int PRIMARY KEY, author text COLLATE "POSIX")`,
			"INSERT INTO person VALUES ('ann'), ('bob')", "INSERT INTO post VALUES (1, 'ann'), (2, 'bob'), (3, 'nobody')")
		const rules = authors + "links: ['post(author) -> person(email)']\n"
		p := db.plan(t, rules, plan.ScopeSubjects)
		st := db.run(t, p, options(p, "r", "ann"))
		v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(rules)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("ann")})
		if err != nil || v.Outcome != erase.OutcomeCannotTell { // about the orphan
			t.Errorf("%+v, error %v", v, err)
		}
		tx, err := db.DB.Begin(t.Context(), dialect.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context()) //nolint:errcheck // it only reads
		if n, err := tx.Count(t.Context(), db.name("person"), []dialect.Cond{dialect.Referenced{Table: db.name("post"), Columns: []string{"author"}, RefColumns: []string{"email"}}}); n != 1 || err != nil {
			t.Errorf("%d people are referred to, error %v", n, err)
		}
	})
}

// A foreign key compares by the referenced column's type, and casts the referring values into it.
func TestRowsAreFoundByTheTypeOfWhatTheyReferTo(t *testing.T) {
	const links = "links: ['post(author) -> person(id)']\n"
	run := func(t *testing.T, db *target, policy string, keys ...string) {
		t.Helper()
		p := db.plan(t, policy, plan.ScopeSubjects)
		st := db.run(t, p, options(p, "r", keys...))
		if d := cmp.Diff(receipt.Rows{Matched: 1, Affected: 1}, done(st)["delete post"]); d != "" {
			t.Error(d)
		}
		if n := db.count(t, "SELECT count(*) FROM post WHERE post_id = 12"); n != 1 {
			t.Error("another person's row is gone")
		}
		if v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(policy)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys(keys...)}); err != nil || v.Outcome != erase.OutcomeHolds {
			t.Errorf("%+v, error %v", v, err)
		}
	}
	t.Run("a wider integer", func(t *testing.T) {
		onEach(t, func(t *testing.T, db *target) {
			db.exec(t, "CREATE TABLE person (id BIGINT NOT NULL PRIMARY KEY)", "CREATE TABLE post (post_id INTEGER NOT NULL PRIMARY KEY, author INTEGER)",
				"INSERT INTO person VALUES (1), (2), (3000000000)", "INSERT INTO post VALUES (11, 1), (12, 2)")
			run(t, db, authorsByNumber+links, "1", "3000000000")
		})
	})
	for _, c := range []struct{ name, id, author, ids, authors, policy, keys string }{
		{"a number with decimals", "numeric(12, 2)", "int REFERENCES person", "(1), (2), (2.5)", "(11, 1), (12, 2)", authorsByNumber, "1 2.5"},
		{"a float", "float8", "numeric REFERENCES person", "(0.1), (2), (1e300)", "(11, 0.1), (12, 2)", authorsByNumber, "0.1 1e300"},
		{"letters of which the case counts", "text", "citext UNIQUE REFERENCES person", "('a'), ('A'), ('c')", "(11, 'c'), (12, 'A')", authorsByNumber, "a c"},
		{"letters of which it doesn't", "citext", "varchar(9)", "('a'), ('b')", "(11, 'A'), (12, 'b')", authorsByNumber + links, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onPostgres(t, func(t *testing.T, db *target) {
				db.exec(t, "CREATE EXTENSION citext", "CREATE TABLE person (id "+c.id+" PRIMARY KEY)", "CREATE TABLE post (post_id int PRIMARY KEY, author "+c.author+")",
					"INSERT INTO person VALUES "+c.ids, "INSERT INTO post VALUES "+c.authors)
				run(t, db, c.policy, strings.Fields(c.keys)...)
			})
		})
	}
}

// A column without a type keeps the number 1 and the text '1'. Both refer to a typed key, by
// conversion.
func TestRowsAreFoundByColumnsWithoutAType(t *testing.T) {
	for name, types := range map[string][2]string{"number": {"INTEGER", ""}, "text": {"TEXT", ""}, "blob": {"INT", "BLOB"}} {
		t.Run(name, func(t *testing.T) {
			db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
			db.exec(t, "CREATE TABLE person (id "+types[0]+" PRIMARY KEY)", "CREATE TABLE post (post_id INTEGER PRIMARY KEY, author "+types[1]+" REFERENCES person ON DELETE CASCADE)",
				"INSERT INTO person VALUES (1), (2)", "INSERT INTO post VALUES (11, 1), (12, '1'), (21, 2), (22, '2')")
			p := db.plan(t, authorsByNumber, plan.ScopeSubjects)
			st := db.run(t, p, options(p, "r", "1"))
			if d := cmp.Diff(receipt.Rows{Matched: 2, Affected: 2}, done(st)["delete post"]); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([][]int64{{21}, {22}}, db.table(t, "SELECT post_id FROM post")); d != "" {
				t.Error(d)
			}
		})
	}
}
