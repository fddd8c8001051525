package discover

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// accept accepts every proposal of a draft and makes every undecided column
// none.
func accept(y []byte) []byte {
	y = regexp.MustCompile(`(?m)^    # (erase|via|unlinked): `).ReplaceAll(y, []byte("    $1: "))
	y = bytes.Replace(y, []byte("database: undecided"), []byte("database: test"), 1)
	return bytes.ReplaceAll(y, []byte("{pii: undecided}"), []byte("{pii: none}"))
}

func TestADraftIsRefusedUntilAPersonHasDecided(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, zzz TEXT);
		CREATE TABLE duel (id INTEGER PRIMARY KEY, red_user_id INTEGER NOT NULL REFERENCES users, blue_user_id INTEGER NOT NULL REFERENCES users)`); err != nil {
		t.Fatal(err)
	}
	d := draftOf(t, db, Options{Database: "club"})
	y, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(bytes.NewReader(y)); err == nil || !strings.Contains(err.Error(), "users: decide: what is in column zzz?") {
		t.Errorf("the draft was not refused for its undecided column: %v", err)
	}
	y = bytes.ReplaceAll(y, []byte("{pii: undecided}"), []byte("{pii: none}"))
	p, err := policy.Parse(bytes.NewReader(y))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.New(db).Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Check(p, s, sqlite.New(db)); err == nil || !strings.Contains(err.Error(), "table duel: no decision") {
		t.Errorf("the draft was not refused for its undecided tables: %v", err)
	}
}

func TestADraftIsTheSameTwice(t *testing.T) {
	db := shop(t, sample.Shop{Customers: 20})
	var drafts []string
	for range 2 {
		y, err := draftOf(t, db, Options{}).YAML()
		if err != nil {
			t.Fatal(err)
		}
		drafts = append(drafts, string(y))
	}
	if diff := cmp.Diff(drafts[0], drafts[1]); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestProposalsWithHostileNamesCanBeAccepted(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE "customer: {} # 1" (id INTEGER PRIMARY KEY, email TEXT, name TEXT, phone TEXT, "sent, by ""me""" INTEGER REFERENCES "customer: {} # 1", "null" INTEGER REFERENCES "customer: {} # 1");
		CREATE TABLE note (id INTEGER PRIMARY KEY, "no" INTEGER REFERENCES "customer: {} # 1", "a b" INTEGER REFERENCES "customer: {} # 1");
		CREATE TABLE "address" (id INTEGER, "the id" INTEGER, street TEXT, email TEXT, PRIMARY KEY (id, "the id"));
		CREATE TABLE visit (id INTEGER PRIMARY KEY, "a, b" INTEGER, "c" INTEGER, "d d" INTEGER, "true" INTEGER,
			FOREIGN KEY ("a, b", "c") REFERENCES address (id, "the id"), FOREIGN KEY ("d d", "true") REFERENCES address (id, "the id"))`); err != nil {
		t.Fatal(err)
	}
	y, err := draftOf(t, db, Options{}).YAML()
	if err != nil {
		t.Fatal(err)
	}
	accepted := accept(y)
	if !bytes.Contains(accepted, []byte("    via: {")) {
		t.Errorf("no via was proposed\n%s", y)
	}
	p, err := policy.Parse(bytes.NewReader(accepted))
	if err != nil {
		t.Fatalf("%v\n%s", err, y)
	}
	s, err := sqlite.New(db).Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Check(p, s, sqlite.New(db)); err != nil {
		t.Errorf("%v\n%s", err, accepted)
	}
}

func TestADraftWhoseProposalsAreAcceptedIsAPolicy(t *testing.T) {
	for name, db := range map[string]*sqliteDB{
		"shop":     {shop(t, sample.Shop{Customers: 100})},
		"hospital": {script(t, "testdata/hospital.sql")},
		"payroll":  {script(t, "testdata/payroll.sql")},
		"forum":    {script(t, "testdata/forum.sql")},
	} {
		for mode, o := range map[string]Options{"sampled": {}, "names only": {NamesOnly: true}} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				y, err := draftOf(t, db.DB, o).YAML()
				if err != nil {
					t.Fatal(err)
				}
				p, err := policy.Parse(bytes.NewReader(accept(y)))
				if err != nil {
					t.Fatalf("%v\n%s", err, y)
				}
				s, err := sqlite.New(db.DB).Inspect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := plan.Check(p, s, sqlite.New(db.DB)); err != nil {
					t.Errorf("%v", err)
				}
			})
		}
	}
}
