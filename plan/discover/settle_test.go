package discover

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/plan"
)

// categories returns the categories of a draft's columns, by table.column.
func categories(d *Draft) map[string]string {
	out := map[string]string{}
	for _, f := range d.Findings {
		out[f.Table+"."+f.Column] = f.Category
	}
	return out
}

func TestTheFirstRowsOfATableDecideNothing(t *testing.T) {
	for name, values := range map[string]string{
		"what was imported first": "CASE WHEN i <= 300 THEN 'imported' ELSE 'Ms Example has asthma, call +49 30 55' || (1000 + i) END",
		"what was written last":   "CASE WHEN i > 4700 THEN 'closed' ELSE 'met Ms Example ' || i END",
		"equal values everywhere": "'imported'",
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, comments TEXT, notes TEXT);
				WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 5000) INSERT INTO users SELECT i, 'u' || i || '@mail.example', ` + values + ", " + values + " FROM s"); err != nil {
				t.Fatal(err)
			}
			got := categories(draftOf(t, db, Options{}))
			for _, column := range []string{"users.comments", "users.notes"} {
				if got[column] != "free-text" {
					t.Errorf("%s is %s, expected free-text", column, got[column])
				}
			}
		})
	}
}

func TestHeightBesideWidthAndDisabledAreNoHealthData(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, disabled SMALLINT NOT NULL DEFAULT 0);
		CREATE TABLE dashboard (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
		CREATE TABLE widget (id INTEGER PRIMARY KEY, dashboard_id INTEGER REFERENCES dashboard, x INTEGER, y INTEGER, width INTEGER NOT NULL, height INTEGER NOT NULL, graph_height INTEGER);
		CREATE TABLE checkup (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, height INTEGER, weight INTEGER, diagnosis TEXT);
		INSERT INTO users VALUES (1, 'ada@mail.example', 0), (2, 'bob@mail.example', 1);
		INSERT INTO dashboard VALUES (1, 1), (2, 2);
		INSERT INTO widget VALUES (1, 1, 0, 0, 8, 4, 4), (2, 2, 8, 0, 8, 4, 4);
		INSERT INTO checkup VALUES (1, 1, 170, 70, 'asthma'), (2, 2, 180, 80, 'none')`); err != nil {
		t.Fatal(err)
	}
	got := categories(draftOf(t, db, Options{}))
	for column, want := range map[string]string{
		"users.disabled": "none", "widget.height": "none", "widget.graph_height": "none", "widget.width": "none",
		"checkup.height": "health", "checkup.weight": "health", "checkup.diagnosis": "health",
	} {
		if got[column] != want {
			t.Errorf("%s is %s, expected %s", column, got[column], want)
		}
	}
}

func TestNamesThatOnlyContainACredential(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT, password_change CHAR(2), must_change_password CHAR(2), mail_host TEXT, timezone TEXT, pwd_hash TEXT, token_id INTEGER);
		CREATE TABLE graph (id INTEGER PRIMARY KEY, hash CHAR(32), name_cache TEXT);
		WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 40)
		INSERT INTO users SELECT i, 'u' || i || '@mail.example', 'x' || i, 'on', '', 'imap' || (i % 3) || '.example', 'Europe/Paris', lower(hex(randomblob(16))), i FROM s;
		WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 40) INSERT INTO graph SELECT i, lower(hex(randomblob(16))), 'Traffic ' || i FROM s`); err != nil {
		t.Fatal(err)
	}
	got := categories(draftOf(t, db, Options{}))
	for column, want := range map[string]string{
		"users.password": "credential", "users.pwd_hash": "credential", "users.password_change": "none", "users.must_change_password": "none",
		"users.mail_host": "none", "users.timezone": "none", "graph.hash": "none", "graph.name_cache": "none",
	} {
		if got[column] != want {
			t.Errorf("%s is %s, expected %s", column, got[column], want)
		}
	}
	if c := got["users.token_id"]; c != "none" {
		t.Errorf("users.token_id is %s, expected none", c)
	}
}

// TestStrategiesGiveWhatTheColumnHolds checks that strategies make values of the column's kind.
func TestStrategiesGiveWhatTheColumnHolds(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, ip TEXT, email TEXT, birth_date DATE);
		WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000)
		INSERT INTO users SELECT i, 'u' || i, '10.' || (i % 200) || '.' || (i % 250) || '.' || (i % 255), 'u' || i || '@mail.example', '19' || (40 + i % 60) || '-01-0' || (1 + i % 9) FROM s`); err != nil {
		t.Fatal(err)
	}
	schema, err := sqlite.New(db).Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table := schema.Tables[0]
	source := anonymise.NewSource(anonymise.Secret{}, rand.NewPCG(1, 2))
	for _, f := range draftOf(t, db, Options{}).Findings {
		check := map[string]*regexp.Regexp{"ip": regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`), "login": regexp.MustCompile(`^\S+$`), "email": regexp.MustCompile(`^\S+@\S+$`)}[f.Column]
		if f.Column == "birth_date" {
			if text := fmt.Sprint(f.Strategy); f.Strategy == nil || f.Strategy.Name != "shift" || !regexp.MustCompile("within").MatchString(text) {
				t.Errorf("birth_date gets %v; a constant shift can be undone", f.Strategy)
			}
		}
		if check == nil {
			continue
		}
		_, replacer, err := plan.Bind(table, *f.Strategy, table.Column(f.Column))
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			v, err := replacer.Replace(source, "198.51.100.7")
			if err != nil {
				t.Fatal(err)
			}
			if text, ok := v.(string); !ok || !check.MatchString(text) {
				t.Errorf("%s: %v makes a value of another kind", f.Column, f.Strategy)
				break
			}
		}
	}
}

// TestATableWithoutAKeyGetsWhatEveryEngineComputes has a table without a key and a row address. One
// statement overwrites all its rows.
func TestATableWithoutAKeyGetsWhatEveryEngineComputes(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE visitor (email TEXT, first_name TEXT NOT NULL, phone TEXT)"); err != nil {
		t.Fatal(err)
	}
	schema, err := sqlite.New(db).Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	visitor := schema.Tables[1]
	visitor.Address = ""
	d := draftOf(t, db, Options{Schema: schema})
	for _, f := range d.Findings {
		if f.Table != "visitor" {
			continue
		}
		want := map[string]string{"email": "null", "phone": "null", "first_name": "fixed"}[f.Column]
		if f.Strategy == nil || f.Strategy.Name != want {
			t.Errorf("%s gets %v, expected %s", f.Column, f.Strategy, want)
		}
	}
}
