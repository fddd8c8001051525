package erase_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
)

// onMySQL runs a test of a feature of MySQL and MariaDB alone.
func onMySQL(t *testing.T, test func(t *testing.T, db *target)) {
	t.Helper()
	onEach(t, func(t *testing.T, db *target) {
		if db.DB.Engine().Name == "mysql" {
			test(t, db)
		}
	})
}

const people = `
version: 1
database: app
subject: {table: person}
tables:
  person: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: {fake: email}}}}
`

// A foreign key in a database hidden from the account cascades. Nothing names its rows: somebody has to
// know of it and allow it.
func TestACascadeIntoADatabaseThatTheAccountCantSeeIsAHazard(t *testing.T) {
	onMySQL(t, func(t *testing.T, db *target) {
		u, err := url.Parse(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(u.Path, "/")
		other, user := name+"_support", name[:min(len(name), 30)]
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, email varchar(100) NOT NULL)", "INSERT INTO person VALUES (1, 'ada@mail.example'), (2, 'bob@mail.example')",
			"CREATE DATABASE "+other, "CREATE TABLE "+other+".ticket (id int PRIMARY KEY, person_id int, FOREIGN KEY (person_id) REFERENCES "+name+".person (id) ON DELETE CASCADE)",
			"INSERT INTO "+other+".ticket VALUES (10, 1), (11, 2)", "CREATE USER "+user+"@'%' IDENTIFIED BY 'pw'", "GRANT ALL ON "+name+".* TO "+user+"@'%'")
		t.Cleanup(func() { db.exec(t, "DROP DATABASE "+other, "DROP USER "+user+"@'%'") })
		u.User = url.UserPassword(user, "pw")
		app := mysql.New(testdb.OpenMySQL(t, &testdb.Database{URL: u.String(), Name: name}))
		p, err := plan.Build(t.Context(), app, mustParse([]byte(people)), plan.ScopeSubjects)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.UnseenReferences && h.Table.Table == "person" })
		if i < 0 || !strings.Contains(p.Hazards[i].Reason, "grant PROCESS") {
			t.Fatalf("hazards %v, want one of foreign keys that can't be seen, and what shows them", p.Hazards)
		}
		o := options(p, "unseen", "1")
		o.Allow = nil
		if _, err := erase.Run(t.Context(), app, p, o); err == nil || !errors.As(err, new(*erase.HazardError)) {
			t.Errorf("error %v, want a hazard that isn't allowed", err)
		}
		if n := db.count(t, "SELECT count(*) FROM "+other+".ticket"); n != 2 {
			t.Errorf("%d tickets are left, want both", n)
		}
		// An account with full access plans the tickets, too.
		if _, err := plan.Build(t.Context(), db.DB, mustParse([]byte(people)), plan.ScopeSubjects); err == nil || !strings.Contains(err.Error(), "ticket") {
			t.Errorf("error %v, want one that names the table that has no decision", err)
		}
	})
}

// Deleted rows remain in the table as old versions.
func TestVerificationSaysThatMariaDBKeepsOldVersions(t *testing.T) {
	onMySQL(t, func(t *testing.T, db *target) {
		if !strings.Contains(t.Name(), "mariadb") {
			return // MySQL has none
		}
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, email varchar(100) NOT NULL) WITH SYSTEM VERSIONING", "INSERT INTO person VALUES (1, 'ada@mail.example'), (2, 'bob@mail.example')")
		p := db.plan(t, people, plan.ScopeSubjects)
		if !slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.HistoryKept && h.Table.Table == "person" }) {
			t.Errorf("hazards %v, want one of old versions", p.Hazards)
		}
		st := db.run(t, p, options(p, "versions", "1"))
		if n := db.count(t, "SELECT count(*) FROM person FOR SYSTEM_TIME ALL WHERE id = 1"); n != 1 {
			t.Fatalf("%d versions of the row are there, want the old one", n)
		}
		v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(people)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
		if err != nil {
			t.Fatal(err)
		}
		if v.Outcome != erase.OutcomeCannotTell || !slices.ContainsFunc(v.Findings, func(f erase.Finding) bool {
			return f.Table.Table == "person" && strings.Contains(f.Reason, "old versions")
		}) {
			t.Errorf("%+v, want a finding that old versions are kept", v)
		}
	})
}

// A default for the application's transactions isn't a missing privilege.
func TestSessionsThatAreReadOnlyByDefaultAreNone(t *testing.T) {
	onMySQL(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, email varchar(100) NOT NULL)", "INSERT INTO person VALUES (1, 'ada@mail.example')")
		option := "transaction_read_only=1"
		if strings.Contains(t.Name(), "mariadb") {
			option = "tx_read_only=1"
		}
		db.DB = mysql.New(testdb.OpenMySQL(t, &testdb.Database{URL: db.URL}, option))
		p := db.plan(t, people, plan.ScopeSubjects)
		db.run(t, p, options(p, "read-only", "1"))
		if n := db.count(t, "SELECT count(*) FROM person"); n != 0 {
			t.Errorf("%d people are left", n)
		}
	})
}
