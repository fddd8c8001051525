package erase_test

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// TestAUniqueColumnStillJoinsWithItsCopy: the group of a consistent strategy is made unique as a whole,
// as short as its shortest column and folded if one column folds. An undeclared copy thus can still be
// joined afterwards.
func TestAUniqueColumnStillJoinsWithItsCopy(t *testing.T) {
	strategies := []string{
		"{fake: username, consistent: true}", "{fake: email, consistent: logins}", "{random: null, consistent: true}", "pseudonym", "{hash: {length: 24}}",
		"{template: 'u{{letters 9}}', consistent: true}",
	}
	onEach(t, func(t *testing.T, db *target) {
		folding := map[string]string{sample.SQLite: "VARCHAR(50) COLLATE NOCASE", sample.Postgres: "citext", sample.SQLServer: "nvarchar(50) COLLATE Latin1_General_CI_AS"}[db.Engine]
		switch {
		case db.Engine == sample.Postgres:
			db.exec(t, "CREATE EXTENSION citext")
		case folding == "":
			folding = "VARCHAR(50) COLLATE utf8mb4_general_ci"
		}
		policy := "version: 1\ndatabase: logins\ntables:\n"
		for i, s := range strategies {
			db.exec(t,
				fmt.Sprintf("CREATE TABLE member%d (id INTEGER NOT NULL PRIMARY KEY, login VARCHAR(60) NOT NULL, CONSTRAINT uq_login%d UNIQUE (login))", i, i),
				fmt.Sprintf("CREATE TABLE log%d (id INTEGER NOT NULL PRIMARY KEY, login VARCHAR(30) NOT NULL, padded CHAR(40) NOT NULL, folded %s NOT NULL)", i, folding),
				fmt.Sprintf("CREATE TABLE part%d (login VARCHAR(45) NOT NULL, no INTEGER NOT NULL, CONSTRAINT pk_part%d PRIMARY KEY (no), CONSTRAINT uq_part%d UNIQUE (login, no))", i, i, i),
			)
			for id, login := range []string{"ada", "bob.example", "c"} {
				db.exec(t,
					fmt.Sprintf("INSERT INTO member%d VALUES (%d, '%s')", i, id, login),
					fmt.Sprintf("INSERT INTO log%d VALUES (%d, '%s', '%s', '%s')", i, id, login, login, login),
					fmt.Sprintf("INSERT INTO part%d VALUES ('%s', %d)", i, login, id),
				)
			}
			policy += fmt.Sprintf("  member%d: {columns: {id: none, login: {pii: identifier, overwrite: %s}}}\n", i, s)
			policy += fmt.Sprintf("  log%d: {columns: {id: none, login: {pii: identifier, overwrite: %s}, padded: {pii: identifier, overwrite: %s}, folded: {pii: identifier, overwrite: %s}}}\n", i, s, s, s)
			policy += fmt.Sprintf("  part%d: {columns: {no: none, login: {pii: identifier, overwrite: %s}}}\n", i, s)
		}
		p := db.plan(t, policy, plan.ScopeEverything)
		db.run(t, p, options(p, "joined"))
		for i, s := range strategies {
			for _, join := range []string{
				"log%[1]d l ON l.login = m.login", "log%[1]d l ON RTRIM(l.padded) = m.login", "log%[1]d l ON CAST(l.folded AS CHAR(60)) = CAST(m.login AS CHAR(60))", "part%[1]d l ON l.login = m.login",
			} {
				if n := db.count(t, fmt.Sprintf("SELECT count(*) FROM member%[1]d m JOIN "+join, i)); n != 3 {
					t.Errorf("%s: %d of 3 rows join by %s", s, n, join)
				}
			}
			if n := db.count(t, fmt.Sprintf("SELECT count(*) FROM member%d WHERE login IN ('ada', 'bob.example', 'c')", i)); n != 0 {
				t.Errorf("%s: %d old values", s, n)
			}
		}
	})
}
