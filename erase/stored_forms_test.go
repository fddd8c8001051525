package erase_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// TestASubjectIsFoundByAnIdentifierInABlobColumn: SQLite stores text in a BLOB column as text and bytes
// in a TEXT column as bytes, and many applications do so.
func TestASubjectIsFoundByAnIdentifierInABlobColumn(t *testing.T) {
	for _, test := range []struct{ name, column, text, bytes string }{
		{"blob", "blob", "'Ada Example'", "x'426F62'"},
		{"text", "text", "'Ada Example'", "x'426F62'"},
		{"no type", "", "'Ada Example'", "x'426F62'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
			db.exec(t, "CREATE TABLE person (id integer PRIMARY KEY, name "+test.column+" NOT NULL UNIQUE, mail blob)",
				"INSERT INTO person VALUES (1, "+test.text+", 'ada@mail.example'), (2, "+test.bytes+", 'bob@mail.example'), (3, 'Cem', x'00'), (4, x'43656D', x'00')")
			p := db.plan(t, "version: 1\ndatabase: b\nsubject: {table: person, identifiers: [name, mail]}\ntables: {person: {erase: delete, columns: {id: none, name: {pii: name, overwrite: random}, mail: {pii: contact, overwrite: random}}}}", plan.ScopeSubjects)
			db.run(t, p, options(p, "ada", "name=Ada Example"))
			db.run(t, p, options(p, "bob", "name=Bob"))
			if n := db.count(t, "SELECT count(*) FROM person WHERE id < 3"); n != 0 {
				t.Errorf("%d of 2 people left", n)
			}
			// One name stored in both ways belongs to two people.
			if _, err := erase.Run(t.Context(), db.DB, p, options(p, "cem", "name=Cem")); !errors.Is(err, erase.ErrNoSuchSubject) {
				t.Errorf("an identifier of two people: %v", err)
			}
		})
	}
}

// TestASubjectIsFoundByAKeyOfAnyStorageClass: a client may write text into a column of bytes, as text,
// number or bytes. The written form of the key finds them all.
func TestASubjectIsFoundByAKeyOfAnyStorageClass(t *testing.T) {
	for _, test := range []struct{ name, column, key, value string }{
		{"text in a blob column", "blob", "ada", "'ada'"},
		{"a number in a blob column", "blob", "42", "42"},
		{"a fraction in a blob column", "blob", "1.5", "1.5"},
		{"bytes in a text column", "text", "ada", "x'616461'"},
		{"bytes in a text column without case", "text COLLATE NOCASE", "ada", "x'616461'"},
		{"bytes in a number column", "int", "42", "x'3432'"},
		{"bytes in a decimal column", "decimal(10)", "42", "x'3432'"},
		{"a number in a column without a type", "", "42", "42"},
		{"bytes in a column without a type", "", "ada", "x'616461'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
			db.exec(t, "PRAGMA foreign_keys = ON", "CREATE TABLE person (id "+test.column+" NOT NULL PRIMARY KEY, name text)",
				"CREATE TABLE note (id integer PRIMARY KEY, person_id "+test.column+" REFERENCES person, body text)", "CREATE INDEX note_person ON note (person_id)",
				"CREATE TABLE mark (id integer PRIMARY KEY, about "+test.column+", body text)", "CREATE INDEX mark_about ON mark (about)",
				"INSERT INTO person VALUES ("+test.value+", 'Ada'), (77, 'Bob')",
				"INSERT INTO note VALUES (1, "+test.value+", 'hers'), (2, 77, 'his')", "INSERT INTO mark VALUES (1, "+test.value+", 'hers'), (2, 77, 'his')")
			p := db.plan(t, keyedPeople, plan.ScopeSubjects)
			found, err := erase.Preview(t.Context(), db.DB, p, options(p, "", test.key))
			if err != nil {
				t.Fatal(err)
			}
			if found.Absent != 0 || found.Counts[0].Rows != 1 || found.Counts[1].Rows != 1 || found.Counts[2].Rows != 1 {
				t.Errorf("the preview counts %+v", found)
			}
			st := db.run(t, p, options(p, "r", test.key, "99"))
			if s := st.Predicate.Subjects; s.Given != 2 || s.Absent != 1 {
				t.Errorf("the receipt counts %+v", s)
			}
			for _, table := range []string{"person", "note", "mark"} {
				if n := db.count(t, "SELECT count(*) FROM "+table); n != 1 {
					t.Errorf("%d rows of %s left, want 1", n, table)
				}
			}
			// A repeated run returns its receipt, and a link to a deleted subject is followed by the
			// key.
			db.run(t, p, options(p, "r", test.key, "99"))
			db.exec(t, "INSERT INTO mark VALUES (3, "+test.value+", 'late')")
			res, err := erase.Remains(t.Context(), db.DB, p, erase.SubjectKeys(test.key))
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome == erase.OutcomeHolds {
				t.Errorf("a row that refers to one who is gone isn't found: %+v", res.Findings)
			}
			o := options(p, "late", test.key)
			o.AbsentOK = true
			db.run(t, p, o)
			if n := db.count(t, "SELECT count(*) FROM mark"); n != 1 {
				t.Errorf("%d marks left, want 1", n)
			}
		})
	}
}

// TestAKeyOfTwoStorageClassesIsRefused: rows with keys differing in storage class alone are two
// subjects.
func TestAKeyOfTwoStorageClassesIsRefused(t *testing.T) {
	for _, column := range []string{"blob", "text", "text COLLATE NOCASE", ""} {
		t.Run(column, func(t *testing.T) {
			db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
			db.exec(t, "CREATE TABLE person (id "+column+" NOT NULL PRIMARY KEY, name text UNIQUE)", "CREATE TABLE note (id integer PRIMARY KEY, person_id "+column+" REFERENCES person, body text)",
				"CREATE TABLE mark (id integer PRIMARY KEY, about "+column+", body text)", "CREATE INDEX mark_about ON mark (about)",
				"INSERT INTO person VALUES ('42', 'Ada'), (x'3432', 'Bob'), ('cem', 'Cem')", "INSERT INTO mark VALUES (1, '42', 'hers'), (2, x'3432', 'his')")
			p := db.plan(t, keyedPeople, plan.ScopeSubjects)
			for _, keys := range [][]string{{"42"}, {"cem", "42"}} {
				_, err := erase.Run(t.Context(), db.DB, p, options(p, "two", keys...))
				if !errors.Is(err, erase.ErrNoSuchSubject) || !strings.Contains(err.Error(), "several rows have that key") {
					t.Errorf("error %v", err)
				}
				if _, err := erase.Preview(t.Context(), db.DB, p, options(p, "", keys...)); !errors.Is(err, erase.ErrNoSuchSubject) {
					t.Errorf("preview: error %v", err)
				}
			}
			if n := db.count(t, "SELECT count(*) FROM person"); n != 3 {
				t.Errorf("%d people left, want all 3", n)
			}
			db.run(t, p, options(p, "one", "name=Bob"))
			if n := db.count(t, "SELECT count(*) FROM person WHERE id = '42'") + db.count(t, "SELECT count(*) FROM mark WHERE about = '42'"); n != 2 {
				t.Error("rows of one subject went with another whose key looks alike")
			}
			if n := db.count(t, "SELECT count(*) FROM person") + db.count(t, "SELECT count(*) FROM mark"); n != 3 {
				t.Errorf("%d rows left, want 3", n)
			}
		})
	}
}

const keyedPeople = `
version: 1
database: keyed
subject: {table: person, identifiers: [name]}
tables:
  person: {erase: delete, columns: {id: none, name: {pii: name}}}
  note: {erase: delete, columns: {id: none, person_id: none, body: {pii: free-text}}}
  mark: {erase: delete, columns: {id: none, about: none, body: {pii: free-text}}}
links:
  - mark(about) -> person(id)
`

// A large whole number has no equal among the reals: the nearest one is another subject's key.
func TestAKeyBeyondTheExactRealsIsNobodyElses(t *testing.T) {
	const given, other = "9007199254740993", "9007199254740992"
	for _, column := range []string{"blob", ""} {
		t.Run(column, func(t *testing.T) {
			db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
			db.exec(t, "CREATE TABLE person (id "+column+" NOT NULL PRIMARY KEY, name text UNIQUE)", "CREATE TABLE note (id integer PRIMARY KEY, person_id "+column+" REFERENCES person, body text)",
				"CREATE TABLE mark (id integer PRIMARY KEY, about "+column+", body text)", "CREATE INDEX mark_about ON mark (about)",
				"INSERT INTO person VALUES ("+other+", 'Ada')", "INSERT INTO mark VALUES (1, "+other+", 'hers'), (2, "+given+", 'of one who is gone')")
			p := db.plan(t, keyedPeople, plan.ScopeSubjects)
			o := options(p, "late", given)
			o.AbsentOK = true
			db.run(t, p, o)
			if n := db.count(t, "SELECT count(*) FROM person") + db.count(t, "SELECT count(*) FROM mark WHERE id = 1"); n != 2 {
				t.Errorf("%d rows of the other subject left, want 2", n)
			}
			if n := db.count(t, "SELECT count(*) FROM mark WHERE id = 2"); n != 0 {
				t.Errorf("%d rows left that refer to the given subject, want 0", n)
			}
		})
	}
}
