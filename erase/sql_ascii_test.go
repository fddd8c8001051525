package erase_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
)

// TestADatabaseWithoutAnEncoding contains names of any bytes: they are replaced like others, through
// the client and in the database.
func TestADatabaseWithoutAnEncoding(t *testing.T) {
	for _, s := range testdb.Postgreses(t) {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			beside := openTarget(t, s.Database(t).URL)
			u, err := url.Parse(beside.URL)
			if err != nil {
				t.Fatal(err)
			}
			u.Path += "_bytes"
			name := strings.TrimPrefix(u.Path, "/")
			beside.exec(t, "CREATE DATABASE "+name+" ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
			t.Cleanup(func() { beside.exec(t, "DROP DATABASE "+name+" WITH (FORCE)") })
			for _, strategy := range []string{"{fake: first-name}", "random", "{pseudonym: }", "{mask: {first: 1}}", "{random: , consistent: true}", "{hash: hex}", "{generalise: {prefix: 1}}", "{generalise: {prefix: 1, fill: x}}", "scrub", "{fixed: Someone}"} {
				for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything} {
					db := openTarget(t, u.String())
					db.exec(t, "DROP TABLE IF EXISTS person", "CREATE TABLE person (id integer PRIMARY KEY, first text, last varchar(8))",
						`INSERT INTO person SELECT n, convert_from(decode('52656ee9', 'hex'), 'SQL_ASCII'), convert_from(decode('c5c4d6dc', 'hex'), 'SQL_ASCII') FROM generate_series(1, 3) AS n`,
						"INSERT INTO person VALUES (4, 'Zoë', 'Über')")
					policy := "version: 1\ndatabase: old\nsubject: {table: person}\ntables: {person: {erase: overwrite, columns: {id: none, first: {pii: name, overwrite: " + strategy + "}, last: {pii: name, overwrite: random}}}}"
					p := db.plan(t, policy, scope)
					db.run(t, p, options(p, strategy+string(scope), "1", "2", "3", "4"))
					if n := db.count(t, `SELECT count(*) FROM person WHERE last ~ '[^a-zA-Z]' OR octet_length(last) <> CASE id WHEN 4 THEN octet_length(last) ELSE 4 END`); n != 0 {
						t.Errorf("%s, %s: %d last names have a byte of the old one", strategy, scope, n)
					}
					if n := db.count(t, `SELECT count(*) FROM person WHERE first = convert_from(decode('52656ee9', 'hex'), 'SQL_ASCII') OR position(decode('6ee9', 'hex') IN first::bytea) > 0`); n != 0 && strategy != "scrub" {
						t.Errorf("%s, %s: %d first names stayed", strategy, scope, n)
					}
				}
			}
		})
	}
}
