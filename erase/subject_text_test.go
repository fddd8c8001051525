package erase_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// alike are names easily confused with each other, or with other texts.
var alike = []string{
	"Example", "Example, Ada", "Ada", " Example", "Example ", "example", "7", "007", "+7", "7.0", "7,0", "#7", "# 7", "7e0",
	"Zo\u00eb", "Zoe\u0308", "Zoe", "\ufeff7", "M\ufffdller", "email=ada@mail.example", "name=Ada", "name=name=Ada", "NAME", "a=b", "a==",
	`DOMAIN\ada`, `a\`, `a\,b`, `a,b`, `"Ada"`, `'Ada'`, "null", "true", `["Ada"]`, `{"a":1}`, "[1,5)", "a\tb", "%", "_", "Ada;--", "<Ada>", "&lt;Ada>",
}

// exactText is a text type that compares by characters alone.
func exactText(engine string) string {
	switch engine {
	case sample.MySQL:
		return "VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
	case sample.MariaDB:
		return "VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
	case sample.SQLServer:
		return "NVARCHAR(60) COLLATE Latin1_General_100_BIN2"
	}
	return "VARCHAR(60)"
}

const namedPeople = `
version: 1
database: people
subject: {table: person, identifiers: [email]}
tables:
  person: {erase: delete, columns: {org: none, name: none, email: none}}
`

// people makes a table of the names, each a person's key.
func (d *target) people(t *testing.T, key string) {
	t.Helper()
	text := exactText(d.Engine)
	d.exec(t, "CREATE TABLE person (org "+text+" NOT NULL, name "+text+" NOT NULL, email VARCHAR(60), PRIMARY KEY ("+key+"))")
	for i, name := range alike {
		d.exec(t, "INSERT INTO person VALUES ('club', '"+strings.ReplaceAll(d.literal(name), "'", "''")+"', 'e"+strconv.Itoa(i)+"')")
	}
}

// literal escapes backslashes for the engine's literals.
func (d *target) literal(s string) string {
	if d.Engine == sample.MySQL || d.Engine == sample.MariaDB {
		return strings.ReplaceAll(s, `\`, `\\`)
	}
	return s
}

func (d *target) names(t *testing.T) (out []string) {
	t.Helper()
	for _, row := range scan[string](t, d, "SELECT name FROM person") {
		out = append(out, row[0])
	}
	return out
}

func TestASubjectIsTheOneThatItsTextNames(t *testing.T) {
	for key, columns := range map[string][]string{"name": {"name"}, "org, name": {"org", "name"}} {
		t.Run(key, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				db.people(t, key)
				p := db.plan(t, namedPeople, plan.ScopeSubjects)
				left := slices.Clone(alike)
				for round := range 4 { // confusable names are in different rounds
					list := "# some\n\n"
					for i, name := range alike {
						if i%4 != round {
							continue
						}
						list += erase.FormatSubject(dialect.Key{"club", name}[2-len(columns):], columns) + "\r\n"
						left = slices.DeleteFunc(left, func(s string) bool { return s == name })
					}
					path := filepath.Join(t.TempDir(), "list")
					if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
						t.Fatal(err)
					}
					o := options(p, "r"+strconv.Itoa(round))
					o.Subjects = erase.SubjectsFile(path)
					db.run(t, p, o)
					if d := cmp.Diff(left, db.names(t), cmp.Transformer("sorted", sorted)); d != "" {
						t.Fatalf("round %d: people that are left (-want +got):\n%s", round, d)
					}
				}
			})
		})
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestATextThatIsNotCertainlyASubjectIsRefused(t *testing.T) {
	for _, c := range []struct {
		key, says string
		given     []string
	}{
		{"name", "not one of the policy's identifiers", []string{"name =Ada", "ORG=club", "Email=ada@mail.example"}},
		{"name", "UTF-8", []string{"M\xfcller"}},
		{"org, name", `write \, for a comma`, []string{"club,Example, Ada", "club", ""}},
		{"org, name", `write \\ for a backslash`, []string{`club,DOMAIN\ada`, `club,Ada\`}},
		{"name", "", []string{"Example, Ada"}},
		{"org, name", "", []string{`club,Example\, Ada`, `club,DOMAIN\\ada`, `club,\#7`}},
	} {
		db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
		db.people(t, c.key)
		p := db.plan(t, namedPeople, plan.ScopeSubjects)
		for _, s := range c.given {
			_, err := erase.Preview(t.Context(), db.DB, p, erase.Options{Subjects: erase.SubjectKeys(s)})
			if bad := errors.Is(err, erase.ErrBadSubject); bad != (c.says != "") || bad && !strings.Contains(err.Error(), c.says) || !bad && err != nil {
				t.Errorf("key (%s), %q: %v, want %q", c.key, s, err, c.says)
			}
		}
	}
}

func TestANumberIsWrittenAsANumber(t *testing.T) {
	bad := []string{" 7", "7 ", "+7", "7.0x", "7e0", "0x7", "7,000", "\uff17", "", "'7'", "--7"}
	onOneOfEach(t, func(t *testing.T, db *target) {
		for typ, good := range map[string][]string{"BIGINT": {"7", "007"}, "DECIMAL(10)": {"7", "007", "7.0"}} {
			table := "t_" + strings.ToLower(typ[:3])
			db.exec(t, "CREATE TABLE "+table+" (k "+typ+" NOT NULL, PRIMARY KEY (k))", "INSERT INTO "+table+" VALUES (7), (70), (700)")
			if db.Engine == sample.SQLite && typ != "BIGINT" {
				continue // its decimals have no type of their own
			}
			schema, err := db.DB.Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p, err := plan.FromSchema(only(schema, table), db.DB, mustParse([]byte("version: 1\ndatabase: d\nsubject: {table: "+table+"}\ntables: {"+table+": {erase: delete, columns: {k: none}}}\n")), plan.ScopeSubjects)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range bad {
				if _, err := erase.Preview(t.Context(), db.DB, p, erase.Options{Subjects: erase.SubjectKeys(s)}); !errors.Is(err, erase.ErrBadSubject) {
					t.Errorf("%s: %q: %v, want ErrBadSubject", typ, s, err)
				}
			}
			for _, s := range good {
				r, err := erase.Preview(t.Context(), db.DB, p, erase.Options{Subjects: erase.SubjectKeys(s)})
				if err != nil || r.Absent != 0 || r.Counts[0].Rows != 1 {
					t.Errorf("%s: %q isn't the one row that it names: %v", typ, s, err)
				}
			}
		}
	})
}

// only is a schema of one table.
func only(s *dialect.Schema, table string) *dialect.Schema {
	one := *s
	one.Tables = slices.DeleteFunc(slices.Clone(s.Tables), func(t *dialect.Table) bool { return t.Name.Table != table })
	return &one
}

// A period of validity in the key, as in temporal tables, contains a comma.
func TestAKeyWithARangeInIt(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE stay (room int NOT NULL, valid int4range NOT NULL, PRIMARY KEY (room, valid))",
			"INSERT INTO stay VALUES (7, '[1,5)'), (7, '[5,9)'), (8, '[1,5)')")
		p := db.plan(t, "version: 1\ndatabase: d\nsubject: {table: stay}\ntables: {stay: {erase: delete, columns: {room: none, valid: none}}}\n", plan.ScopeSubjects)
		db.run(t, p, options(p, "r", erase.JoinKey("7", "[1,5)")))
		if n := db.count(t, "SELECT count(*) FROM stay WHERE room = 7 AND valid = '[1,5)'"); n != 0 || db.count(t, "SELECT count(*) FROM stay") != 2 {
			t.Error("another row was deleted than the key names")
		}
	})
}

func FuzzASubjectIsReadAsItWasWritten(f *testing.F) {
	for _, s := range alike {
		f.Add(s, "Ada")
		f.Add("club", s)
	}
	column := func(name string) *dialect.Column { return &dialect.Column{Name: name, Kind: dialect.Text} }
	table := &dialect.Table{Columns: []*dialect.Column{column("a=b"), column("name"), column("email")}}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, columns := range [][]string{{"name"}, {"a=b"}, {"name", "email"}} {
			s := &plan.Subject{Key: columns, Identifiers: []string{"email", "a"}}
			key := dialect.Key{a, b}[:len(columns)]
			got, err := erase.ParseSubject(erase.FormatSubject(key, columns), s, table)
			if strings.ToValidUTF8(a+b, "?") != a+b {
				continue
			}
			if err != nil || !slices.Equal(got, key) {
				t.Errorf("key (%s): %q was written %q and read as %q: %v", columns, key, erase.FormatSubject(key, columns), got, err)
			}
		}
	})
}
