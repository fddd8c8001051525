package mysql_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// shapes are tables of both servers, beyond those of the conformance suite.
var shapes = []string{
	`CREATE TABLE kinds (id int unsigned AUTO_INCREMENT PRIMARY KEY, huge bigint unsigned, flag tinyint(1), tiny tinyint, medium mediumint,
		bits bit(9), label enum('a','b''c','d\\e','f,g') DEFAULT 'b''c', tags set('x','y z'), made year, price double(10,2), clock time(3), short tinytext, body text,
		raw16 binary(16), ident binary(16) COMMENT 'uuid', ident2 char(36) CHARACTER SET ascii COMMENT 'uuid', doc json, single float, place point,
		old varchar(10) CHARACTER SET latin1 COLLATE latin1_general_cs, num int DEFAULT -5, txt varchar(20) DEFAULT 'it''s',
		made_at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), twice int GENERATED ALWAYS AS (num * 2) VIRTUAL, CHECK (num < 100))`,
	`CREATE TABLE indexed (id int PRIMARY KEY, email varchar(200) COLLATE utf8mb4_general_ci, note text, at point NOT NULL, UNIQUE prefix (email(10)), FULLTEXT words (note), SPATIAL INDEX places (at), KEY back (email DESC))`,
	`CREATE TABLE loose (a int, UNIQUE (a)) ENGINE = MyISAM`,
	`CREATE TABLE parts (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)`,
	`CREATE TABLE log (id int PRIMARY KEY, what text)`,
	`CREATE TABLE child (id int PRIMARY KEY, parent int unsigned, FOREIGN KEY up (parent) REFERENCES kinds (ID) ON DELETE SET NULL ON UPDATE CASCADE)`,
	"CREATE TRIGGER audit AFTER UPDATE ON child FOR EACH ROW INSERT INTO `log` VALUES (OLD.id, 'updated')",
	`CREATE VIEW seen AS SELECT c.id FROM child c JOIN kinds k ON k.id = c.parent`,
}

func TestInspectionGolden(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, shapes...)
		if db.Server.Engine == "mariadb" {
			run(t, db, `CREATE TABLE versioned (id int PRIMARY KEY, name varchar(20)) WITH SYSTEM VERSIONING`,
				`CREATE TABLE versioned_openly (id int PRIMARY KEY, a timestamp(6) GENERATED ALWAYS AS ROW START, b timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING`,
				`CREATE TABLE addressed (id uuid PRIMARY KEY, ip inet6)`)
		} else {
			run(t, db, `ALTER TABLE child ADD folded varchar(20), ADD UNIQUE INDEX functional ((lower(folded))), ADD INDEX unseen (folded) INVISIBLE`)
		}
		schema, err := mysql.New(testdb.OpenMySQL(t, db)).Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		schema.Version = db.Server.Version
		got, err := json.MarshalIndent(schema, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "inspect-"+db.Server.Engine+".golden", append(got, '\n'))
		if parts := schema.Table(name("parts")); len(parts.Partitions) != 2 {
			t.Errorf("%d partitions, want 2", len(parts.Partitions))
		}
	})
}

func TestReferencesFromOtherDatabasesAreFound(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		other := db.Server.Database(t)
		run(t, db, "CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE here (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parent (id))",
			"INSERT INTO parent VALUES (1), (2)")
		run(t, other, "CREATE TABLE there (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES `"+db.Name+"`.parent (id))",
			"CREATE TABLE beyond (id int PRIMARY KEY, there int, FOREIGN KEY (there) REFERENCES there (id))",
			"CREATE TABLE apart (id int PRIMARY KEY)", "INSERT INTO there VALUES (7, 1)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		schema, err := d.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []dialect.Name
		for _, table := range schema.Tables {
			names = append(names, table.Name)
		}
		there := dialect.Name{Schema: other.Name, Table: "there"}
		want := []dialect.Name{name("here"), name("parent"), {Schema: other.Name, Table: "beyond"}, there}
		if d := cmp.Diff(want, names); d != "" {
			t.Errorf("tables (-want +got):\n%s", d)
		}
		refs := schema.References(name("parent"))
		if len(refs) != 2 || !slices.ContainsFunc(refs, func(fk *dialect.ForeignKey) bool { return fk.Table == there }) {
			t.Errorf("%d references arrive at parent, want 2, one from the other database", len(refs))
		}
		write(t, d, func(tx dialect.Tx) {
			if n, err := tx.Delete(t.Context(), dialect.Delete{Table: there, Where: []dialect.Cond{dialect.In{Columns: []string{"parent"}, Keys: []dialect.Key{{int64(1)}}}}}); err != nil || n != 1 {
				t.Errorf("deleted %d rows of the other database, %v, want 1", n, err)
			}
		})
	})
}

func TestTheSchemaOfACopyUnderAnotherNameIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		var prints []string
		for _, copied := range []*testdb.Database{db, db.Server.Database(t)} {
			run(t, copied, shapes...)
			schema, err := mysql.New(testdb.OpenMySQL(t, copied)).Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			prints = append(prints, schema.Fingerprint([]dialect.Name{name("kinds"), name("child"), name("indexed")}))
		}
		if prints[0] != prints[1] {
			t.Error("the fingerprints of two copies differ")
		}
	})
}

func TestPrivilegesOfColumnsAndRoles(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		user := db.Name
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, x int, y int)", "CREATE TABLE b (id int PRIMARY KEY)",
			"CREATE USER "+user+"@'%' IDENTIFIED BY 'secret'",
			"GRANT SELECT, UPDATE (x) ON `"+db.Name+"`.a TO "+user+"@'%'")
		t.Cleanup(func() { run(t, db, "DROP USER "+user+"@'%'") })
		limited := mysql.New(testdb.OpenMySQL(t, as(db, user, "secret")))
		for _, c := range []struct {
			name   string
			access dialect.Access
			want   int
		}{
			{"a column that may be updated", dialect.Access{Table: name("a"), Update: []string{"x"}}, 0},
			{"a column that may not", dialect.Access{Table: name("a"), Update: []string{"x", "y"}}, 1},
			{"a delete", dialect.Access{Table: name("a"), Update: []string{"x"}, Delete: true}, 1},
			{"a table that may not even be seen", dialect.Access{Table: name("b"), Delete: true}, 1},
			{"a table that isn't there", dialect.Access{Table: name("c")}, 1},
		} {
			problems, err := limited.Check(t.Context(), []dialect.Access{c.access})
			partial := len(problems) > 0 && problems[0].Table == (dialect.Name{})
			if err != nil || !partial || len(problems) != c.want+1 {
				t.Errorf("%s: problems %v, %v, want %d and that some tables may be hidden", c.name, problems, err, c.want)
			}
		}
		run(t, db, "GRANT SELECT ON `"+db.Name+"`.* TO "+user+"@'%'")
		problems, err := mysql.New(testdb.OpenMySQL(t, as(db, user, "secret"))).Check(t.Context(), []dialect.Access{{Table: name("a"), Update: []string{"x"}}})
		if err != nil || len(problems) != 0 {
			t.Errorf("who may read the whole database: problems %v, %v, want none", problems, err)
		}
	})
}

func TestWhoMayOnlyReadSeesWhatForeignKeysDo(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		user := db.Name
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)",
			"CREATE TABLE `b)` (id int PRIMARY KEY, `x), ON DELETE CASCADE` int, y int, z int, CONSTRAINT `,``1` FOREIGN KEY (`x), ON DELETE CASCADE`) REFERENCES a (id),"+
				" CONSTRAINT two FOREIGN KEY (y) REFERENCES a (id) ON DELETE SET NULL ON UPDATE CASCADE, CONSTRAINT three FOREIGN KEY (z) REFERENCES a (id) ON DELETE NO ACTION ON UPDATE SET NULL)",
			"CREATE USER "+user+"@'%' IDENTIFIED BY 'secret'", "GRANT SELECT ON `"+db.Name+"`.* TO "+user+"@'%'")
		t.Cleanup(func() { run(t, db, "DROP USER "+user+"@'%'") })
		var keys [2][]*dialect.ForeignKey
		for i, login := range []*testdb.Database{db, as(db, user, "secret")} {
			s, err := mysql.New(testdb.OpenMySQL(t, login)).Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			keys[i] = s.Table(name("b)")).ForeignKeys
		}
		if d := cmp.Diff(keys[0], keys[1]); d != "" || len(keys[0]) != 3 {
			t.Errorf("%d foreign keys (-administrator +reader):\n%s", len(keys[0]), d)
		}
	})
}

func TestTriggersThatTheUserMayNotSee(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		user := db.Name
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)",
			"CREATE TRIGGER gone BEFORE DELETE ON a FOR EACH ROW INSERT INTO b VALUES (OLD.id)",
			"CREATE USER "+user+"@'%' IDENTIFIED BY 'secret'", "GRANT SELECT, INSERT, UPDATE, DELETE ON `"+db.Name+"`.* TO "+user+"@'%'")
		t.Cleanup(func() { run(t, db, "DROP USER "+user+"@'%'") })
		unseen := func(user string) (out []string) {
			t.Helper()
			login := db
			if user != "" {
				login = as(db, user, "secret")
			}
			s, err := mysql.New(testdb.OpenMySQL(t, login)).Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, table := range s.Tables {
				if table.TriggersUnseen {
					out = append(out, table.Name.Table)
				}
			}
			return out
		}
		without := map[string][]string{"mysql": {"a", "b"}, "mariadb": {"a"}}[db.Server.Engine] // MariaDB shows that b has none
		if d := cmp.Diff(without, unseen(user)); d != "" {
			t.Errorf("without TRIGGER (-want +got):\n%s", d)
		}
		run(t, db, "GRANT TRIGGER ON `"+db.Name+"`.a TO "+user+"@'%'")
		if got := unseen(user); slices.Contains(got, "a") {
			t.Errorf("with TRIGGER on the table: unseen %v", got)
		}
		run(t, db, "GRANT TRIGGER ON `"+db.Name[:len(db.Name)-2]+"%`.* TO "+user+"@'%'")
		if got := unseen(user); got != nil {
			t.Errorf("with TRIGGER on databases of such a name: unseen %v", got)
		}
		if got := unseen(""); got != nil {
			t.Errorf("an administrator: unseen %v", got)
		}
	})
}

func TestForeignKeysThatTheUserMayNotSee(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		user, other := db.Name, db.Name+"-ö"
		run(t, db, "CREATE TABLE `a ö` (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)", "CREATE DATABASE `"+other+"`",
			"CREATE TABLE `"+other+"`.`t €` (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES `"+db.Name+"`.`a ö` (id) ON DELETE CASCADE)",
			"CREATE USER "+user+"@'%' IDENTIFIED BY 'secret'", "GRANT ALL ON `"+db.Name+"`.* TO "+user+"@'%'")
		t.Cleanup(func() { run(t, db, "DROP USER "+user+"@'%'", "DROP DATABASE `"+other+"`") })
		unseen := func(login *testdb.Database) (out []string) {
			t.Helper()
			s, err := mysql.New(testdb.OpenMySQL(t, login)).Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, table := range s.Tables {
				if table.ReferencesUnseen {
					out = append(out, table.Name.Table)
				}
			}
			return out
		}
		reader := map[string][]string{"mariadb": {"a ö", "b"}}[db.Server.Engine] // shows no foreign keys to a user with SELECT alone
		for _, c := range []struct {
			grant string
			want  []string
		}{
			{"", []string{"a ö", "b"}},
			{"PROCESS ON *.*", []string{"a ö"}},
			{"SELECT ON *.*", reader},
			{"REFERENCES ON *.*", nil},
			{"ALL ON `" + other + "`.*", []string{"a ö", "b", "t €"}}, // there may be others
			{"PROCESS ON *.*; ALL ON `" + other + "`.*", nil},
		} {
			for g := range strings.SplitSeq(c.grant, "; ") {
				if g != "" {
					run(t, db, "GRANT "+g+" TO "+user+"@'%'")
				}
			}
			if d := cmp.Diff(c.want, unseen(as(db, user, "secret"))); d != "" {
				t.Errorf("with %q (-want +got):\n%s", c.grant, d)
			}
			for g := range strings.SplitSeq(c.grant, "; ") {
				if g != "" {
					run(t, db, "REVOKE "+g+" FROM "+user+"@'%'")
				}
			}
		}
		if got := unseen(db); got != nil {
			t.Errorf("an administrator: unseen %v", got)
		}
	})
}

func TestAColumnWhoseDefaultIsAnExpressionMayBeUpdated(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, code char(36) DEFAULT (UUID()), at timestamp DEFAULT CURRENT_TIMESTAMP, n int DEFAULT 1)")
		problems, err := mysql.New(testdb.OpenMySQL(t, db)).Check(t.Context(), []dialect.Access{{Table: name("a"), Update: []string{"code", "at", "n"}}})
		if err != nil || len(problems) != 0 {
			t.Errorf("problems %v, %v, want none", problems, err)
		}
	})
}

func TestAReadOnlyServerIsAProblem(t *testing.T) {
	for _, s := range []*testdb.Server{testdb.NewMySQL(t), testdb.NewMariaDB(t)} {
		t.Run(s.String(), func(t *testing.T) {
			db := s.Database(t)
			run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE USER plain@'%' IDENTIFIED BY 'secret'", "GRANT ALL ON `"+db.Name+"`.* TO plain@'%'", "SET GLOBAL read_only = ON")
			t.Cleanup(func() { run(t, db, "SET GLOBAL read_only = OFF") })
			access := []dialect.Access{{Table: name("a"), Delete: true}}
			problems, err := mysql.New(testdb.OpenMySQL(t, as(db, "plain", "secret"))).Check(t.Context(), access)
			if err != nil || len(problems) != 1 {
				t.Errorf("a plain user: problems %v, %v, want one", problems, err)
			}
			problems, err = mysql.New(testdb.OpenMySQL(t, db)).Check(t.Context(), access)
			if err != nil || len(problems) != 0 {
				t.Errorf("an administrator, exempt from read_only: problems %v, %v, want none", problems, err)
			}
		})
	}
}

// GTID consistency forbids a transaction that changes such a table and another one, as every batch
// does.
func TestTablesThatGTIDsForbidToChangeAreUnerasable(t *testing.T) {
	db := testdb.NewMySQL(t, "gtid_mode=ON", "enforce_gtid_consistency=ON").Database(t)
	run(t, db, "CREATE TABLE a (id int PRIMARY KEY) ENGINE = MyISAM", "CREATE TABLE b (id int PRIMARY KEY)")
	d := mysql.New(testdb.OpenMySQL(t, db))
	if got := table(t, d, "a").Unerasable; !strings.Contains(got, "InnoDB") {
		t.Errorf("MyISAM: %q, want what to do", got)
	}
	if got := table(t, d, "b").Unerasable; got != "" {
		t.Errorf("InnoDB: %q", got)
	}
}
