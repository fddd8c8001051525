package erase_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
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
		// The account that the server takes this connection for, of those with that name.
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

func TestAnAccountWithTheGrantsOfAPlanCarriesItOut(t *testing.T) {
	servers := slices.DeleteFunc(engines(t), func(e engine) bool { return e.name == "sqlite" || strings.HasPrefix(e.name, "sqlserver") })
	runOn(t, servers, func(t *testing.T, db *target) {
		db.club(t)
		p, overwriting := db.plan(t, deletes, plan.Subjects()), db.plan(t, overwrites, plan.Subjects())
		role, at := db.stranger(t)
		for _, s := range erase.Grants(db.DB, p, role) {
			if !strings.Contains(s, "expunge") { // all but the journal
				db.exec(t, s)
			}
		}
		clerk := openTarget(t, at)
		var denied *erase.AccessError
		if _, err := erase.Run(t.Context(), clerk.DB, p, options(p, "r", "1")); !errors.As(err, &denied) || db.journaled(t) {
			t.Fatalf("without privileges on the journal: %v, want an AccessError", err)
		}
		for _, s := range erase.Grants(db.DB, p, role) {
			db.exec(t, s)
		}
		clerk.run(t, p, options(p, "r", "1"))
		for _, s := range erase.Grants(db.DB, overwriting, role) {
			db.exec(t, s)
		}
		clerk.run(t, overwriting, options(overwriting, "s", "2"))
	})
}
