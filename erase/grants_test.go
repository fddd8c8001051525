package erase_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// stranger makes an account without a privilege: its name for grants, and its URL.
func (d *target) stranger(t *testing.T) (role, at string) {
	t.Helper()
	id, err := d.DB.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := "g" + strings.ToLower(id.Names[0])
	name = name[max(0, len(name)-28):]
	role = name
	if d.Engine == sample.Postgres {
		d.exec(t, `CREATE ROLE "`+name+`" LOGIN PASSWORD 'pw'`)
		t.Cleanup(func() { d.exec(t, `DROP OWNED BY "`+name+`"`, `DROP ROLE "`+name+`"`) })
	} else {
		// The account chosen by the server for this connection, among those with that name.
		var user string
		if err := d.SQL.QueryRow("SELECT USER()").Scan(&user); err != nil {
			t.Fatal(err)
		}
		host := user[strings.LastIndexByte(user, '@')+1:]
		role = name + "@" + host
		d.exec(t, "CREATE USER `"+name+"`@`"+host+"` IDENTIFIED BY 'pw'")
		t.Cleanup(func() { d.exec(t, "DROP USER `"+name+"`@`"+host+"`") })
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, "pw")
	return role, u.String()
}

// withAccounts runs a test on the servers with accounts and privileges.
func withAccounts(t *testing.T, test func(t *testing.T, db *target)) {
	t.Helper()
	runOn(t, slices.DeleteFunc(engines(t), func(e engine) bool { return e.name == "sqlite" || strings.HasPrefix(e.name, "sqlserver") }), test)
}

// grants are the statements for the role to carry the plan out.
func (d *target) grants(t *testing.T, p *plan.Plan, role string) []string {
	t.Helper()
	statements, err := erase.Grants(t.Context(), d.DB, p, role)
	if err != nil {
		t.Fatal(err)
	}
	return statements
}

// paste runs the statements at the end of an AccessError.
func (d *target) paste(t *testing.T, err error) {
	t.Helper()
	var denied *erase.AccessError
	if !errors.As(err, &denied) {
		t.Fatalf("error %v, want an AccessError", err)
	}
	_, statements, found := strings.Cut(err.Error(), "with:\n")
	if !found {
		t.Fatalf("%v: holds no statements", err)
	}
	mysql := d.Engine == sample.MySQL || d.Engine == sample.MariaDB
	if mysql != strings.Contains(err.Error(), "some privileges reach new connections only") {
		t.Errorf("%v: whether to connect again", err)
	}
	for _, s := range strings.SplitAfter(statements, ";\n") {
		d.exec(t, strings.TrimSuffix(strings.TrimSpace(s), ";"))
	}
}

func TestAnAccountWithTheGrantsOfAPlanCarriesItOut(t *testing.T) {
	withAccounts(t, func(t *testing.T, db *target) {
		db.club(t)
		p, overwriting := db.plan(t, deletes, plan.ScopeSubjects), db.plan(t, overwrites, plan.ScopeSubjects)
		role, at := db.stranger(t)
		db.exec(t, slices.DeleteFunc(db.grants(t, p, role), func(s string) bool { return strings.Contains(s, "expunge") })...)
		clerk := openTarget(t, at)
		var denied *erase.AccessError
		if _, err := erase.Run(t.Context(), clerk.DB, p, options(p, "r", "1")); !errors.As(err, &denied) || db.journaled(t) {
			t.Fatalf("without privileges on the journal: %v, want an AccessError", err)
		}
		db.exec(t, db.grants(t, p, role)...)
		clerk.run(t, p, options(p, "r", "1"))
		db.exec(t, db.grants(t, overwriting, role)...)
		clerk.run(t, overwriting, options(overwriting, "s", "2"))
	})
}

// The error names an account's missing privileges once, with statements that grant them all.
func TestAnAccountWithoutPrivilegesIsToldTheStatements(t *testing.T) {
	type verb struct {
		name string
		do   func(t *testing.T, as *target, p *plan.Plan, st *receipt.Statement) error
	}
	verbs := []verb{
		{"rehearse", func(t *testing.T, as *target, p *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Rehearse(t.Context(), as.DB, p, withSample(options(p, "", "2"), 1))
			return err
		}},
		{"preview", func(t *testing.T, as *target, p *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Preview(t.Context(), as.DB, p, options(p, "", "2"))
			return err
		}},
		{"samples", func(t *testing.T, as *target, p *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Samples(t.Context(), as.DB, p, withSample(options(p, ""), 1))
			return err
		}},
		{"remains", func(t *testing.T, as *target, p *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Remains(t.Context(), as.DB, p, erase.SubjectKeys("1"))
			return err
		}},
		{"verify", func(t *testing.T, as *target, _ *plan.Plan, st *receipt.Statement) error {
			v, err := erase.Verify(t.Context(), as.DB, mustParse([]byte(overwrites)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
			if err == nil && v.Outcome == erase.OutcomeCannotTell && slices.ContainsFunc(v.Findings, func(f erase.Finding) bool { return f.Table.Table == "" }) {
				t.Errorf("%+v", v.Findings)
			}
			return err
		}},
		{"repair", func(t *testing.T, as *target, _ *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Repair(t.Context(), as.DB)
			return err
		}},
		{"pause", func(t *testing.T, as *target, _ *plan.Plan, _ *receipt.Statement) error {
			return erase.Pause(t.Context(), as.DB, "other")
		}},
		{"resume", func(t *testing.T, as *target, _ *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Resume(t.Context(), as.DB, "other")
			return err
		}},
		{"adopt", func(t *testing.T, as *target, _ *plan.Plan, _ *receipt.Statement) error {
			return erase.Adopt(t.Context(), as.DB)
		}},
		{"protect", func(t *testing.T, as *target, _ *plan.Plan, _ *receipt.Statement) error {
			return erase.Protect(t.Context(), as.DB)
		}},
		{"close", func(t *testing.T, as *target, p *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Close(t.Context(), as.DB, p, erase.Options{RunID: "r", Signers: signers()}, "")
			return err
		}},
		{"run", func(t *testing.T, as *target, p *plan.Plan, _ *receipt.Statement) error {
			_, err := erase.Run(t.Context(), as.DB, p, options(p, "s", "2"))
			return err
		}},
	}
	withAccounts(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, overwrites, plan.ScopeSubjects)
		st := db.run(t, p, options(p, "r", "1"))
		for _, v := range verbs {
			t.Run(v.name, func(t *testing.T) {
				role, at := db.stranger(t)
				if db.Engine != sample.Postgres { // the others refuse a connection without privileges
					db.exec(t, "GRANT INSERT ON letter TO "+db.account(role))
				}
				db.paste(t, v.do(t, openTarget(t, at), p, st))
				if err := v.do(t, openTarget(t, at), p, st); err != nil { // a session may have the privileges from its start
					t.Errorf("with the privileges: %v", err)
				}
			})
		}
	})
}

// A run that could journal its work only in part isn't begun.
func TestAMissingPrivilegeOnTheJournalStopsARunBeforeItBegins(t *testing.T) {
	withAccounts(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, overwrites, plan.ScopeSubjects)
		role, at := db.stranger(t)
		db.exec(t, db.grants(t, p, role)...)
		privileges, account := []string{"INSERT", "UPDATE", "DELETE"}, db.account(role)
		if db.Engine == sample.Postgres {
			privileges = append(privileges, "SELECT")
		}
		before := db.dump(t)
		for _, table := range []string{"run", "batch", "database", "pause", "suspended", "held"} {
			for _, privilege := range privileges {
				name := db.quote(db.DB.JournalTable(table))
				db.exec(t, "REVOKE "+privilege+" ON "+name+" FROM "+account)
				as := openTarget(t, at)
				_, err := erase.Run(t.Context(), as.DB, p, options(p, "r", "1"))
				if d := cmp.Diff(before, db.dump(t)); d != "" {
					t.Fatalf("without %s on %s: something is written: %s", privilege, table, d)
				}
				db.paste(t, err)
			}
		}
		openTarget(t, at).run(t, p, options(p, "r", "1"))
	})
}

// account quotes the name of a role of stranger.
func (d *target) account(role string) string {
	if d.Engine == sample.Postgres {
		return `"` + role + `"`
	}
	user, host, _ := strings.Cut(role, "@")
	return "`" + user + "`@`" + host + "`"
}
