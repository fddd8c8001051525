package mysql_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// A partial revoke on MySQL excludes some databases from a grant on all. Tables there, hidden from
// the user, may refer to visible ones, and cascade from them.
func TestWhatAPartialRevokeHides(t *testing.T) {
	server := testdb.NewMySQL(t, "partial_revokes=ON")
	db := server.Database(t)
	run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE DATABASE hidden",
		"CREATE TABLE hidden.b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES `"+db.Name+"`.a (id) ON DELETE CASCADE)",
		"CREATE USER u@'%' IDENTIFIED BY 'secret'", "GRANT SELECT, DELETE, TRIGGER, REFERENCES ON *.* TO u@'%'")
	t.Cleanup(func() { run(t, db, "DROP USER u@'%'", "DROP DATABASE hidden") })
	for _, c := range []struct{ statements, triggers, references string }{
		{statements: "", triggers: "", references: ""},
		{statements: "REVOKE DELETE ON hidden.* FROM u@'%'"},
		{statements: "REVOKE SELECT, TRIGGER, REFERENCES ON hidden.* FROM u@'%'", references: "a"},
		{statements: "GRANT PROCESS ON *.* TO u@'%'", references: "a"}, // it shows the foreign key
		{statements: "REVOKE TRIGGER ON `" + db.Name + "`.* FROM u@'%'", references: "a", triggers: "a"},
		{statements: "GRANT TRIGGER ON `" + db.Name + "`.a TO u@'%'", references: "a"},
	} {
		if c.statements != "" {
			run(t, db, c.statements)
		}
		s, err := mysql.New(testdb.OpenMySQL(t, as(db, "u", "secret"))).Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var triggers, references []string
		for _, table := range s.Tables {
			if table.TriggersUnseen {
				triggers = append(triggers, table.Name.Table)
			}
			if table.ReferencesUnseen {
				references = append(references, table.Name.Table)
			}
		}
		if d := cmp.Diff(c.references+"|"+c.triggers, strings.Join(references, ",")+"|"+strings.Join(triggers, ",")); d != "" {
			t.Errorf("after %q (-want +got):\n%s", c.statements, d)
		}
	}
}
